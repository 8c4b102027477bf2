import { expect, it } from 'vitest'
import { Ways } from './ways.ts'

it('the first way is parked for as long as asked, the second for a short time, then longer, and never beyond the first', () => {
  const ways = new Ways(500)
  const first = ways.choose(1, 0)!
  expect(first).toMatchObject({ way: ways.first, waitMs: 500 })
  first.way.untilMs.set(1, 500)
  const waits: number[] = []
  for (let nowMs = 0; nowMs < 500; ) {
    const { way, waitMs } = ways.choose(1, nowMs)!
    waits.push(waitMs)
    way.untilMs.set(1, nowMs + waitMs)
    expect(ways.choose(1, nowMs)).toBeUndefined()
    way.untilMs.delete(1)
    ways.answered(way, 1, waitMs, true)
    nowMs += waitMs
  }
  expect(waits).toEqual([20, 40, 80, 160, 200])
})

it('what ends at about the same time joins; what does not, does not wait', () => {
  const ways = new Ways(500)
  ways.first.untilMs.set(1, 500)
  const { way } = ways.choose(1, 100)!
  way.untilMs.set(1, 505)
  ways.first.untilMs.delete(1)
  expect(ways.choose(1, 500)).toBeUndefined()
  way.untilMs.set(1, 900)
  expect(ways.choose(1, 500)?.way).toBe(ways.first)
  expect(ways.choose(2, 0)?.way).toBe(ways.first)
})

it('the second way is short again when records came, or partitions did', () => {
  const ways = new Ways(500)
  ways.first.untilMs.set(1, 500)
  const { way } = ways.choose(1, 0)!
  ways.answered(way, 1, 80, true)
  expect(ways.choose(1, 0)?.waitMs).toBe(160)
  ways.answered(way, 1, 160, false)
  expect(ways.choose(1, 0)?.waitMs).toBe(20)
  ways.answered(way, 1, 80, true)
  ways.hurry()
  expect(ways.choose(1, 0)?.waitMs).toBe(20)
})
