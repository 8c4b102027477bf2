/**
 * What of one claim is done, and so what may be committed. Pure.
 *
 * Records are entered in the order of the log and finish in any order. The committable offset is the first record that is not
 * done, or, when all are, the position the reading has reached: markers and compacted records leave gaps, so nothing is ever
 * computed as "last + 1". It never passes a record that was entered and is not done, and it never goes back.
 *
 * What was done above the committed offset before the claim began is not entered again; in what is told of it later it still counts.
 *
 * A ring in the order of entry: entering and finishing are O(1), whatever the gaps between offsets are.
 */
import type { Finished } from './finished.ts'

export interface Tracker {
  /** Offsets in the order of entry; a slot is free when its number lies outside [first, next). */
  offsets: Float64Array
  done: Uint8Array
  /** The number of the oldest entry that is not done. Numbers only grow; a number's slot is number modulo capacity. */
  first: number
  /** The number that the next entry gets. */
  next: number
  /** How far the reading has come: everything below was entered, or is no record. */
  position: number
  /** Entries that are done and wait for an older one. */
  aheadCount: number
  /** How many entries were ever done. */
  finishedCount: number
  /** Behind the highest offset that was done ahead of an older one. */
  top: number
  /** What was done above the position before this claim began, and how many of its open offsets were read. */
  before: Finished | undefined
  beforeRead: number
}

/** Names one entry of one tracker. */
export type Ticket = number

const CAPACITY_MIN = 256

export const tracker = (position: number, before?: Finished): Tracker => ({
  offsets: new Float64Array(CAPACITY_MIN),
  done: new Uint8Array(CAPACITY_MIN),
  first: 0,
  next: 0,
  position,
  aheadCount: 0,
  finishedCount: 0,
  top: position,
  before,
  beforeRead: 0,
})

/** Whether a record was done before the claim began, and is not to be entered. Asked of each that comes, in the order of the log. */
export function wasFinished(t: Tracker, offset: number, leaderEpoch: number): boolean {
  const { before } = t
  if (before === undefined) return false
  if (leaderEpoch > before.leaderEpoch || offset >= before.top) {
    t.before = undefined
    return false
  }
  while (before.open[t.beforeRead]! < offset) t.beforeRead++
  if (before.open[t.beforeRead] === offset) return false
  t.top = Math.max(t.top, offset + 1)
  return true
}

/** A record was handed over for work. Offsets come in ascending order, none below the position. */
export function enter(t: Tracker, offset: number): Ticket {
  if (!(offset >= t.position)) throw new RangeError(`offset ${offset} was entered at position ${t.position}`)
  if (t.next - t.first === t.offsets.length) grow(t)
  const slot = t.next & (t.offsets.length - 1)
  t.offsets[slot] = offset
  t.done[slot] = 0
  t.position = offset + 1
  return t.next++
}

function grow(t: Tracker): void {
  const capacity = t.offsets.length * 2
  const offsets = new Float64Array(capacity)
  const done = new Uint8Array(capacity)
  for (let n = t.first; n < t.next; n++) {
    offsets[n & (capacity - 1)] = t.offsets[n & (t.offsets.length - 1)]!
    done[n & (capacity - 1)] = t.done[n & (t.done.length - 1)]!
  }
  t.offsets = offsets
  t.done = done
}

/** The record is done; saying it twice changes nothing. */
export function finish(t: Tracker, ticket: Ticket): void {
  if (ticket < t.first) return
  if (ticket >= t.next) throw new RangeError(`ticket ${ticket} was never given out`)
  const mask = t.offsets.length - 1
  if (t.done[ticket & mask] === 1) return
  t.done[ticket & mask] = 1
  t.finishedCount++
  if (ticket > t.first) {
    t.aheadCount++
    t.top = Math.max(t.top, t.offsets[ticket & mask]! + 1)
    return
  }
  t.first++
  while (t.first < t.next && t.done[t.first & mask] === 1) {
    t.first++
    t.aheadCount--
  }
}

/** The reading has come to `position` without a further record: behind it lie markers, or records that were compacted away. */
export function reach(t: Tracker, position: number): void {
  if (position > t.position) t.position = position
}

/** The offset that a commit may carry now. */
export function committable(t: Tracker): number {
  return t.first === t.next ? t.position : t.offsets[t.first & (t.offsets.length - 1)]!
}

/** Whether anything is done above the committable offset. */
export const isAhead = (t: Tracker): boolean => topOf(t) > committable(t)

const topOf = (t: Tracker): number => Math.max(t.top, t.before?.top ?? 0)

/** What is done above the committable offset, as it may be told of records up to this leader epoch. */
export function finishedAbove(t: Tracker, upToEpoch: number): Omit<Finished, 'topicId'> {
  if (t.before !== undefined && upToEpoch > t.before.leaderEpoch) t.before = undefined
  const open: number[] = []
  const top = topOf(t)
  const mask = t.offsets.length - 1
  for (let n = t.first; n < t.next && t.offsets[n & mask]! < top; n++) if (t.done[n & mask] === 0) open.push(t.offsets[n & mask]!)
  for (const offset of t.before?.open ?? []) if (offset >= t.position) open.push(offset)
  return { base: committable(t), top, open, leaderEpoch: Math.max(upToEpoch, t.before?.leaderEpoch ?? -1) }
}

/** Entries that are not done, or wait behind one that is not: what would be done again after a crash without a commit. */
export const heldCount = (t: Tracker): number => t.next - t.first
