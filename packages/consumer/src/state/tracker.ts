/**
 * What of one claim is done, and so what may be committed. Pure.
 *
 * Records are entered in the order of the log and finish in any order. The committable offset is the first record that is not
 * done, or, when all are, the position the reading has reached: markers and compacted records leave gaps, so nothing is ever
 * computed as "last + 1". It never passes a record that was entered and is not done, and it never goes back.
 *
 * A ring in the order of entry: entering and finishing are O(1), whatever the gaps between offsets are.
 */
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
}

/** Names one entry of one tracker. */
export type Ticket = number

const CAPACITY_MIN = 256

export const tracker = (position: number): Tracker => ({
  offsets: new Float64Array(CAPACITY_MIN),
  done: new Uint8Array(CAPACITY_MIN),
  first: 0,
  next: 0,
  position,
  aheadCount: 0,
})

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
  t.aheadCount++
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

/** Entries that are not done, or wait behind one that is not: what would be done again after a crash without a commit. */
export const heldCount = (t: Tracker): number => t.next - t.first
