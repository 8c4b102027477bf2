import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { RetryLog } from './log.ts'

let printed: string[]

beforeEach(() => {
  printed = []
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    printed.push(String(text))
    return true
  })
})

afterEach(() => {
  vi.restoreAllMocks()
})

const failed = (times: number): string =>
  `tidemark: listing topics failed ${times} times and is tried again: refused; check the addresses, and that a broker listens there`

test('one short line for each cause, whatever its numbers are', () => {
  const log = new RetryLog()
  log.start()
  for (const times of [2, 3, 10]) log.warn(failed(times))
  log.error('tidemark: another\ncause')
  log.info()
  expect(printed).toEqual(['tidemark: listing topics failed 2 times and is tried again: refused\n', 'tidemark: another cause\n'])
})

test('nothing before the first success: the command prints its error itself', () => {
  new RetryLog().warn(failed(2))
  expect(printed).toEqual([])
})
