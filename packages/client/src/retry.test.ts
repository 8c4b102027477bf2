import { expect, it } from 'vitest'
import { backoffMs } from './retry.ts'

const delays = { delayMs: 100, delayMaxMs: 5_000 }
const always = (next: number) => ({ next: () => next, uuid: () => '' })

it('grows from the first delay to the longest, and no further', () => {
  const ceilings = [1, 2, 3, 6, 7, 1000].map((failures) => backoffMs(always(1), delays, failures))
  expect(ceilings).toEqual([100, 200, 400, 3_200, 5_000, 5_000])
})

it('may be anything between nothing and its ceiling: full jitter', () => {
  expect(backoffMs(always(0), delays, 4)).toBe(0)
  expect(backoffMs(always(0.5), delays, 4)).toBe(400)
})
