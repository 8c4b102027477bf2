import { expect, it } from 'vitest'
import { FetchSlots } from './slots.ts'

it('the first slot is parked for as long as asked, the second for a short time, then longer, and never beyond the first', () => {
  const slots = new FetchSlots(500)
  const first = slots.choose(1, 0)!
  expect(first).toMatchObject({ slot: slots.first, waitMs: 500 })
  first.slot.untilMs.set(1, 500)
  const waits: number[] = []
  for (let nowMs = 0; nowMs < 500; ) {
    const { slot, waitMs } = slots.choose(1, nowMs)!
    waits.push(waitMs)
    slot.untilMs.set(1, nowMs + waitMs)
    expect(slots.choose(1, nowMs)).toBeUndefined()
    slot.untilMs.delete(1)
    slots.answered(slot, 1, waitMs, true)
    nowMs += waitMs
  }
  expect(waits).toEqual([20, 40, 80, 160, 200])
})

it('what ends at about the same time joins; what does not, does not wait', () => {
  const slots = new FetchSlots(500)
  slots.first.untilMs.set(1, 500)
  const { slot } = slots.choose(1, 100)!
  slot.untilMs.set(1, 505)
  slots.first.untilMs.delete(1)
  expect(slots.choose(1, 500)).toBeUndefined()
  slot.untilMs.set(1, 900)
  expect(slots.choose(1, 500)?.slot).toBe(slots.first)
  expect(slots.choose(2, 0)?.slot).toBe(slots.first)
})

it('the second slot is short again when records came, or partitions did', () => {
  const slots = new FetchSlots(500)
  slots.first.untilMs.set(1, 500)
  const { slot } = slots.choose(1, 0)!
  slots.answered(slot, 1, 80, true)
  expect(slots.choose(1, 0)?.waitMs).toBe(160)
  slots.answered(slot, 1, 160, false)
  expect(slots.choose(1, 0)?.waitMs).toBe(20)
  slots.answered(slot, 1, 80, true)
  slots.hurry()
  expect(slots.choose(1, 0)?.waitMs).toBe(20)
})
