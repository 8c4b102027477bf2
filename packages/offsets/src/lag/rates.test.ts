import { expect, it } from 'vitest'
import { RateMeter } from './rates.ts'

/** Takes samples of one partition whose end goes on by 10 a second, and tells what the group handles a second. */
function metered() {
  const meter = new RateMeter(60_000)
  let seconds = 0
  return (afterSeconds: number, committed: number, ...members: string[]): number | undefined => {
    seconds += afterSeconds
    const sample = { atMs: seconds * 1_000, committed, end: 100_000 + seconds * 10 }
    return meter.take('g', new Map([['t-0', sample]]), new Set(members)).get('t-0')?.handledPerSecond
  }
}

it('counts what members handle', () => {
  const take = metered()
  expect([take(0, 0, 'a'), take(10, 100, 'a'), take(10, 200, 'a', 'b'), take(10, 200, 'b')]).toEqual([undefined, 10, 10, 200 / 30])
})

it('after a move back the window begins anew', () => {
  const take = metered()
  expect([take(0, 5_000, 'a'), take(10, 5_100, 'a'), take(10, 1_000), take(10, 1_000, 'b'), take(10, 1_100, 'b')]).toEqual([
    undefined,
    10,
    undefined,
    0,
    5,
  ])
  const within = metered()
  // Back to where the window began, and not further.
  expect([within(0, 0, 'a'), within(10, 900, 'a'), within(10, 0, 'a'), within(10, 0, 'a')]).toEqual([undefined, 90, undefined, 0])
})

it('a move forward of a group without members is not handled, and what a member does after it is', () => {
  const take = metered()
  expect([take(0, 0), take(10, 50_000), take(10, 50_000), take(10, 50_100, 'a'), take(10, 50_200, 'a')]).toEqual([
    undefined,
    undefined,
    0,
    5,
    (100 * 2) / 30,
  ])
})

it('a move forward whose members were ejected, and have joined again, is not handled', () => {
  const take = metered()
  expect([take(0, 0, 'a-1'), take(60, 0, 'a-1'), take(10, 50_000, 'a-2'), take(10, 50_100, 'a-2')]).toEqual([undefined, 0, undefined, 10])
})

it('a consumer that is not a member has its rate from its second step on, however slowly it commits', () => {
  const take = metered()
  expect([take(0, 0), take(10, 100), take(10, 200), take(10, 200), take(10, 400)]).toEqual([undefined, undefined, 10, 5, 10])
})
