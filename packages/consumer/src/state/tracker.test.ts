import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { committable, enter, finish, heldCount, reach, type Ticket, tracker } from './tracker.ts'

describe('the tracker', () => {
  test('commits the first record that is not done, not the highest that is (T1, T15)', () => {
    const t = tracker(10)
    const tickets = [10, 11, 12].map((offset) => enter(t, offset))
    finish(t, tickets[2]!)
    expect(committable(t)).toBe(10)
    finish(t, tickets[0]!)
    expect(committable(t)).toBe(11)
    finish(t, tickets[1]!)
    expect(committable(t)).toBe(13)
  })

  test('restores at the committed offset: the first record is neither skipped nor counted as done (T5)', () => {
    const t = tracker(7)
    expect(committable(t)).toBe(7)
    enter(t, 7)
    expect(committable(t)).toBe(7)
  })

  test('steps over gaps of compaction and markers without counting (T27)', () => {
    const t = tracker(0)
    const a = enter(t, 3)
    const b = enter(t, 90)
    finish(t, a)
    expect(committable(t)).toBe(90)
    finish(t, b)
    expect(committable(t)).toBe(91)
  })

  test('commits the position when a tail of markers follows the last record, so that lag reaches zero (T37)', () => {
    const t = tracker(0)
    finish(t, enter(t, 0))
    reach(t, 5)
    expect(committable(t)).toBe(5)
  })

  test('a marker behind an unfinished record moves nothing', () => {
    const t = tracker(0)
    enter(t, 0)
    reach(t, 5)
    expect(committable(t)).toBe(0)
  })

  test('refuses a record below the position: an offset cannot be entered twice', () => {
    const t = tracker(0)
    enter(t, 4)
    expect(() => enter(t, 4)).toThrow(RangeError)
  })

  test('a record finished twice is done once', () => {
    const t = tracker(0)
    const a = enter(t, 0)
    const b = enter(t, 1)
    finish(t, b)
    finish(t, b)
    expect(committable(t)).toBe(0)
    finish(t, a)
    expect(committable(t)).toBe(2)
    expect(heldCount(t)).toBe(0)
    expect(t.aheadCount).toBe(0)
  })

  test('agrees with a set of open offsets, whatever the order of finishing, across growth of the ring', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 0, max: 400 })), { maxLength: 1500 }), (steps) => {
        const t = tracker(0)
        const open = new Map<number, Ticket>()
        let position = 0
        let before = 0
        for (const [gap, choice] of steps) {
          if (choice % 3 !== 0 || open.size === 0) {
            const offset = position + gap - 1
            open.set(offset, enter(t, offset))
            position = offset + 1
          } else {
            const offset = [...open.keys()][choice % open.size]!
            finish(t, open.get(offset)!)
            open.delete(offset)
          }
          const expected = open.size === 0 ? position : Math.min(...open.keys())
          expect(committable(t)).toBe(expected)
          expect(committable(t)).toBeGreaterThanOrEqual(before)
          before = committable(t)
        }
      }),
      { numRuns: 60 },
    )
  })
})
