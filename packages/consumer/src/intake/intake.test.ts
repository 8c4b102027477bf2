import type { Delivery, FetchedMessage } from '@tidemark/client/internal'
import { describe, expect, test } from 'vitest'
import { Claim } from '../claims/claim.ts'
import { enter, finish, reach } from '../commit/tracker.ts'
import { Intake } from './intake.ts'

const limits = { waitingRecordsMax: 1_000_000, uncommittedRecordsMax: 1_000_000 }

function delivery(bytes = 0) {
  const it = {
    bytes,
    released: false,
    kept: undefined as number | undefined,
    release: () => void (it.released = true),
    keepOnly: (kept: number) => void (it.kept = kept),
  }
  return it as unknown as Delivery & { readonly released: boolean; readonly kept: number | undefined }
}

function messageOf(size: number) {
  const it = {
    size,
    detached: false,
    detach: () => {
      it.detached = true
      return size
    },
  }
  return it as unknown as FetchedMessage & { readonly detached: boolean }
}

/** A claim that read so many records, of which one of `every` is done, the last one among them. */
function worked(count: number, every: number): Claim {
  const c = new Claim(1, 't', 0, undefined)
  for (let offset = 0; offset < count; offset++) {
    const ticket = enter(c.tracker, offset)
    if (offset % every === 0 ? offset > 0 : offset === count - 1) finish(c.tracker, ticket)
  }
  return c
}

describe('fetching for a claim', () => {
  test('goes on while what is done above the committable offset can be told by a commit, and pauses before it cannot', () => {
    expect(new Intake(worked(50_000, 2), limits).mayFetch(0)).toBe(true)
    expect(new Intake(worked(100_000, 2), limits).mayFetch(0)).toBe(false)
  })

  test('goes on far beyond where little is open', () => {
    const c = worked(10, 1)
    for (let offset = 10; offset < 400_000; offset++) finish(c.tracker, enter(c.tracker, offset))
    expect(new Intake(c, limits).mayFetch(0)).toBe(true)
  })

  test('does not pause for what waits, as long as nothing above it is done', () => {
    const c = new Claim(1, 't', 0, undefined)
    for (let offset = 0; offset < 200_000; offset++) enter(c.tracker, offset)
    reach(c.tracker, 200_001)
    expect(new Intake(c, limits).mayFetch(200_000)).toBe(true)
  })

  test('stops at a limit and goes on at half of it', () => {
    const intake = new Intake(new Claim(1, 't', 0, undefined), { waitingRecordsMax: 10, uncommittedRecordsMax: 100 })
    expect([9, 10].map((waiting) => intake.mayFetch(waiting))).toEqual([true, false])
    intake.isFull = true
    expect([9, 5, 4].map((waiting) => intake.mayFetch(waiting))).toEqual([false, false, true])
  })

  test('lets go of a response once all of its records are closed, in whatever order, and at once if it brought none', () => {
    const intake = new Intake(new Claim(1, 't', 0, undefined), limits)
    const [first, second, empty] = [delivery(), delivery(), delivery()]
    intake.took(0, 2, first, 0)
    intake.took(2, 3, second, 0)
    intake.took(5, 0, empty, 0)
    expect(empty.released).toBe(true)
    intake.closed(2, 3)
    intake.closed(1, 1)
    expect([first.released, second.released]).toEqual([false, true])
    intake.closed(0, 1)
    expect(first.released).toBe(true)
  })

  test('a batch that spans two responses lets go of both', () => {
    const intake = new Intake(new Claim(1, 't', 0, undefined), limits)
    const [first, second] = [delivery(), delivery()]
    intake.took(0, 2, first, 0)
    intake.took(2, 2, second, 0)
    intake.closed(0, 4)
    expect([first.released, second.released]).toEqual([true, true])
  })

  test('where memory is short, what is left of an old response is copied out, so that the response goes', () => {
    const intake = new Intake(new Claim(1, 't', 0, undefined), limits)
    const [old, young] = [delivery(), delivery()]
    intake.took(0, 10, old, 100)
    intake.took(10, 10, young, 200)
    intake.closed(1, 9)
    const held = [0, ...Array.from({ length: 10 }, (_, i) => 10 + i)].map((ticket) => ({ ticket, message: messageOf(7) }))
    intake.copyOut(150, () => held)
    expect([old.kept, young.kept]).toEqual([7, undefined])
    expect(held.filter(({ message }) => message.detached).map(({ ticket }) => ticket)).toEqual([0])
    intake.closed(0, 1)
    expect(old.released).toBe(true)
  })

  test('a claim stands still if it has started nothing since it was looked at', () => {
    const claim = new Claim(1, 't', 0, undefined)
    const intake = new Intake(claim, limits)
    expect([intake.standsStill(), intake.standsStill()]).toEqual([false, true])
    claim.calls.started++
    expect([intake.standsStill(), intake.standsStill()]).toEqual([false, true])
  })

  test('a record that pauses for long keeps no response once most others of it are done', () => {
    const intake = new Intake(new Claim(1, 't', 0, undefined), limits)
    const [few, many, young] = [delivery(), delivery(), delivery()]
    intake.took(0, 100, few, 100)
    intake.took(100, 100, many, 100)
    intake.took(200, 100, young, 200)
    const held = Array.from({ length: 300 }, (_, ticket) => ({ ticket, message: messageOf(7) }))
    intake.closed(1, 99)
    intake.closed(120, 10)
    intake.closed(201, 99)
    intake.copyFewOut(150, () => held.filter(({ ticket }) => ticket % 100 === 0))
    expect([few.kept, many.kept, young.kept]).toEqual([7, undefined, undefined])
    expect(held.filter(({ message }) => message.detached).map(({ ticket }) => ticket)).toEqual([0])
  })

  test('a claim that stops holds what its running handlers hold, and lets go of it when they settle', () => {
    const intake = new Intake(new Claim(1, 't', 0, undefined), limits)
    const [running, waiting] = [delivery(), delivery()]
    intake.took(0, 2, running, 0)
    intake.took(2, 2, waiting, 0)
    intake.keepOnly([{ ticket: 1, message: messageOf(7) }])
    expect([running.released, waiting.released, intake.isEmpty]).toEqual([false, true, false])
    intake.copyOut(0, () => [])
    expect(running.kept).toBe(7)
    intake.closed(1, 1)
    expect([running.released, intake.isEmpty]).toEqual([true, true])
  })
})
