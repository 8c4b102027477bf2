import { expect, test } from 'vitest'
import { retryDelayMs } from './retry.ts'

test('a pause doubles from failure to failure up to the longest one, and its upper half is random', () => {
  const delays = { delayMs: 100, delayMaxMs: 1_000 }
  expect([1, 2, 3, 4, 5].map((failures) => retryDelayMs(delays, failures, 0))).toEqual([50, 100, 200, 400, 500])
  expect(retryDelayMs(delays, 1, 0.5)).toBe(75)
  expect(retryDelayMs(delays, 100_000, 0.5)).toBe(750)
})

test('without a pause there is none, however often it failed', () => {
  expect(retryDelayMs({ delayMs: 0, delayMaxMs: 30_000 }, 5_000, 0.5)).toBe(0)
})
