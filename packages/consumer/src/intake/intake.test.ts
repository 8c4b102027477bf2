import type { Delivery } from '@tidemark/client/internal'
import { describe, expect, test } from 'vitest'
import { type Claim, claim } from '../state/claims.ts'
import { enter, finish, reach } from '../state/tracker.ts'
import { Intake } from './intake.ts'

const limits = { waitingRecordsMax: 1_000_000, uncommittedRecordsMax: 1_000_000 }

function delivery(): Delivery & { released: boolean } {
  const it = { released: false, release: () => (it.released = true) }
  return it as unknown as Delivery & { released: boolean }
}

/** A claim that read so many records, of which one of `every` is done, the last one among them. */
function worked(count: number, every: number): Claim {
  const c = claim(1, 't', 0)
  for (let offset = 0; offset < count; offset++) {
    const ticket = enter(c.tracker, offset)
    if (offset % every === 0 ? offset > 0 : offset === count - 1) finish(c.tracker, ticket)
  }
  return c
}

describe('fetching for a claim', () => {
  test('goes on while what is done above the committable offset can be told by a commit, and pauses before it cannot', () => {
    expect(new Intake(worked(50_000, 2), limits).update(0)).toBe(true)
    expect(new Intake(worked(100_000, 2), limits).update(0)).toBe(false)
  })

  test('goes on far beyond where little is open', () => {
    const c = worked(10, 1)
    for (let offset = 10; offset < 400_000; offset++) finish(c.tracker, enter(c.tracker, offset))
    expect(new Intake(c, limits).update(0)).toBe(true)
  })

  test('does not pause for what waits, as long as nothing above it is done', () => {
    const c = claim(1, 't', 0)
    for (let offset = 0; offset < 200_000; offset++) enter(c.tracker, offset)
    reach(c.tracker, 200_001)
    expect(new Intake(c, limits).update(200_000)).toBe(true)
  })

  test('stops at a limit and goes on at half of it', () => {
    const intake = new Intake(claim(1, 't', 0), { waitingRecordsMax: 10, uncommittedRecordsMax: 100 })
    expect([9, 10].map((waiting) => intake.update(waiting))).toEqual([true, false])
    intake.full = true
    expect([9, 5, 4].map((waiting) => intake.update(waiting))).toEqual([false, false, true])
  })

  test('lets go of the memory of an answer once all that it brought was started, and at once if that is nothing', () => {
    const intake = new Intake(claim(1, 't', 0), limits)
    const [first, second, empty] = [delivery(), delivery(), delivery()]
    intake.took(2, first)
    intake.took(3, second)
    intake.took(0, empty)
    expect(empty.released).toBe(true)
    intake.update(4)
    expect(first.released).toBe(false)
    intake.update(3)
    expect([first.released, second.released]).toEqual([true, false])
  })
})
