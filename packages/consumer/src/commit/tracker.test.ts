import { type CompletionMap, readCompletionMap, writeCompletionMap } from '@tidemark/client/internal'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  committable,
  completedAbove,
  enter,
  finish,
  heldCount,
  isAhead,
  keepNotes,
  note,
  reach,
  type Ticket,
  tracker,
  wasCompleted,
} from './tracker.ts'

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

describe('what is done above the committable offset', () => {
  const finishedFrom = (base: number, top: number, open: number[], leaderEpoch = 5): CompletionMap => ({
    topicId: 'a',
    base,
    top,
    open,
    leaderEpoch,
    notes: [],
    holder: undefined,
  })

  test('is everything below the highest that is done, but what is open', () => {
    const t = tracker(10)
    const tickets = [10, 11, 12, 15, 16].map((offset) => enter(t, offset))
    expect(isAhead(t)).toBe(false)
    finish(t, tickets[1]!)
    finish(t, tickets[3]!)
    expect(isAhead(t)).toBe(true)
    expect(completedAbove(t, 5)).toEqual({ base: 10, top: 16, open: [10, 12], leaderEpoch: 5, notes: [] })
  })

  test('is taken over from the claim before: done records are not entered, open ones are', () => {
    const t = tracker(10, finishedFrom(10, 16, [10, 12]))
    expect([10, 11, 12, 13, 16].map((offset) => wasCompleted(t, offset, 5))).toEqual([false, true, false, true, false])
  })

  test('is told again as long as it was not read, so that a second crash loses nothing of it', () => {
    const t = tracker(10, finishedFrom(10, 20, [10, 12, 18]))
    for (const offset of [10, 12]) if (!wasCompleted(t, offset, 5)) enter(t, offset)
    reach(t, 14)
    expect(completedAbove(t, 5)).toEqual({ base: 10, top: 20, open: [10, 12, 18], leaderEpoch: 5, notes: [] })
    finish(t, 0)
    expect(completedAbove(t, 5)).toEqual({ base: 12, top: 20, open: [12, 18], leaderEpoch: 5, notes: [] })
  })

  test('does not hold for a record that was appended under a later leader: it is another record', () => {
    const t = tracker(10, finishedFrom(10, 16, [10]))
    expect(wasCompleted(t, 11, 5)).toBe(true)
    expect(wasCompleted(t, 12, 6)).toBe(false)
    expect(wasCompleted(t, 13, 6)).toBe(false)
  })

  test('does not hold behind a place that was read under a later leader, be it a marker', () => {
    const t = tracker(10, finishedFrom(10, 16, [10]))
    enter(t, 10)
    reach(t, 12)
    expect(completedAbove(t, 6)).toMatchObject({ base: 10, top: 10 })
  })
})

describe('what is noted of a record', () => {
  const taken = (notes: CompletionMap['notes']): CompletionMap => ({
    topicId: 'a',
    base: 10,
    top: 10,
    open: [],
    leaderEpoch: 5,
    notes,
    holder: undefined,
  })
  const noteOf = (offset: number, attempts = 1) => ({ offset, attempts, deaths: 0, start: undefined })

  test('is told until it is done, and each change can be seen', () => {
    const t = tracker(10)
    const tickets = [10, 11, 12].map((offset) => enter(t, offset))
    note(t, 12, { attempts: 1 })
    note(t, 11, { attempts: 1 })
    note(t, 11, { attempts: 2, deaths: 1 })
    expect(t.notesVersion).toBe(3)
    expect(completedAbove(t, 5).notes).toEqual([{ ...noteOf(11, 2), deaths: 1 }, noteOf(12)])
    finish(t, tickets[1]!)
    finish(t, tickets[0]!)
    expect(t.notesVersion).toBe(4)
    expect(completedAbove(t, 5)).toMatchObject({ base: 12, notes: [noteOf(12)] })
  })

  test('is taken over, unless the log has other records there now', () => {
    const t = tracker(10, taken([noteOf(11), noteOf(13), noteOf(15)]))
    for (const [offset, epoch] of [
      [11, 5],
      [12, 5],
      [13, 6],
    ] as const) {
      keepNotes(t, offset, epoch)
      enter(t, offset)
    }
    expect([...t.notes.keys()]).toEqual([11])
    note(t, 13, { attempts: 1 })
    keepNotes(t, 14, 6)
    expect([...t.notes.keys()]).toEqual([11, 13])
  })
})

test('from crash to crash, with maps cut as it comes: nothing that is not done is left out, and what is on record as done is not done again', () => {
  const step = fc.record({
    read: fc.nat(30),
    finish: fc.array(fc.nat(1_000), { maxLength: 20 }),
    unitsMax: fc.integer({ min: 40, max: 90 }),
  })
  const life = fc.array(step, { minLength: 1, maxLength: 6 })
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 50, maxLength: 200 }),
      fc.array(life, { maxLength: 6 }),
      (gaps, lives) => {
        let offset = 0
        const log = gaps.map((gap) => (offset += gap))
        const done = new Set<number>()
        let committed = 0
        let metadata = ''
        for (const steps of lives) {
          const t = tracker(committed, readCompletionMap(metadata))
          const onRecord = readCompletionMap(metadata)
          const open: { offset: number; ticket: Ticket }[] = []
          for (const { read, finish: chosen, unitsMax } of steps) {
            for (const o of log.filter((o) => o >= t.position).slice(0, read)) {
              const told = onRecord !== undefined && o < onRecord.top && !onRecord.open.includes(o)
              expect(wasCompleted(t, o, 5)).toBe(told)
              if (told) expect(done.has(o)).toBe(true)
              else open.push({ offset: o, ticket: enter(t, o) })
              reach(t, o + 1)
            }
            for (const n of chosen) {
              const [it] = open.splice(n % (open.length || 1), 1)
              if (it === undefined) continue
              finish(t, it.ticket)
              done.add(it.offset)
            }
            committed = committable(t)
            const above = completedAbove(t, 5)
            metadata =
              above.top > above.base ? writeCompletionMap({ topicId: 'AAAAAAAAQACAAAAAAAAAAQ', ...above, holder: undefined }, unitsMax) : ''
            const map = readCompletionMap(metadata)
            for (const o of log) {
              if (o < committed || (map !== undefined && o < map.top && !map.open.includes(o))) expect(done.has(o)).toBe(true)
            }
          }
        }
      },
    ),
    { numRuns: 200 },
  )
})
