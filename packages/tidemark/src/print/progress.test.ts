import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { progressBar, progressText } from './progress.ts'
import { widthOf } from './width.ts'

const half = { done: 5_000, total: 10_000, elapsedMs: 2_000, label: 'orders copied' }

test('records done of all, the rate, and the time that is left', () => {
  expect(progressText(half, 100)).toBe(`orders copied  ${'█'.repeat(15)}${'░'.repeat(15)}   50 %  5,000 of 10,000  2,500/s  2 s left`)
  expect(progressText({ ...half, done: 0, elapsedMs: 0 }, 100)).toMatch(/ {4}0 % {2}0 of 10,000 {2}0\/s$/)
  expect(progressText({ ...half, done: 10_000 }, 100)).toMatch(/ 100 % {2}10,000 of 10,000 {2}5,000\/s$/)
  expect(progressText({ ...half, total: 0, done: 0 }, 100)).toContain('100 %')
})

test.each([20, 40, 60, 80])('fits a terminal of %i columns', (columns) => {
  expect(widthOf(progressText({ ...half, label: 'a topic with a rather long name copied' }, columns))).toBeLessThan(columns)
})

test('is drawn in its place on a terminal, and taken away', () => {
  const stream = Object.assign(new PassThrough(), { isTTY: true, columns: 40 }) as unknown as NodeJS.WriteStream & PassThrough
  {
    using bar = progressBar(10, stream)!
    bar.update(1, 'copied')
    bar.update(2, 'copied')
    bar.update(10, 'copied')
  }
  const text = String(stream.read())
  // The second one came too soon after the first.
  expect(text.match(/\d+ of 10/g)).toEqual(['1 of 10', '10 of 10'])
  expect(text.endsWith('\r\u001b[K')).toBe(true)
  expect(text).not.toContain('\n')
})

test('elsewhere there is none', () => {
  expect(progressBar(10, new PassThrough() as unknown as NodeJS.WriteStream)).toBeUndefined()
})
