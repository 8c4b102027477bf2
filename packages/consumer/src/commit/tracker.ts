/**
 * Which records of one claim are done, and so what may be committed. Pure.
 *
 * Records are entered in log order and finish in any order. The committable offset is the first record that is not
 * done or, when all are done, the position that reading has reached: markers and compacted records leave gaps, so
 * nothing is ever computed as "last + 1". The committable offset never passes a record that was entered and is not
 * done, and it never goes back.
 *
 * Records that were done before the claim began (the completion map of the commit at which it begins) are not entered
 * again; they still count in the maps that this tracker writes.
 *
 * The entries are a ring in the order of entry: entering and finishing are O(1), whatever the gaps between offsets.
 */
import type { CompletionMap } from './completion-map.ts'

export interface Tracker {
  /** Offsets in the order of entry; a slot is free when its ticket lies outside [first, next). */
  offsets: Float64Array
  done: Uint8Array
  /** The ticket of the oldest entry that is not done. Tickets only grow; the slot is the ticket modulo the capacity. */
  first: number
  /** The ticket of the next entry. */
  next: number
  /** Every record below was entered, or does not exist. */
  position: number
  /** Entries that are done and wait for an older one. */
  aheadCount: number
  /** How many entries were ever done. */
  finishedCount: number
  /** One above the highest offset that was done ahead of an older one. */
  top: number
  /** Entries whose handler has settled and that only a commit of the user counts as done (manual commits). */
  settled: Ticket[]
  /** What was done above the position before this claim began. */
  restored: CompletionMap | undefined
  /** How many open offsets of `restored` reading has passed. */
  restoredRead: number
}

/** Names one entry of one tracker. */
export type Ticket = number

const CAPACITY_MIN = 256

export const tracker = (position: number, restored?: CompletionMap): Tracker => ({
  offsets: new Float64Array(CAPACITY_MIN),
  done: new Uint8Array(CAPACITY_MIN),
  first: 0,
  next: 0,
  position,
  aheadCount: 0,
  finishedCount: 0,
  top: position,
  settled: [],
  restored,
  restoredRead: 0,
})

/**
 * Whether a record was done before the claim began, and must not be entered. Asked once for each record, in log
 * order.
 */
export function wasCompleted(t: Tracker, offset: number, leaderEpoch: number): boolean {
  const { restored } = t
  if (restored === undefined) return false
  if (leaderEpoch > restored.leaderEpoch || offset >= restored.top) {
    t.restored = undefined
    return false
  }
  while (restored.open[t.restoredRead]! < offset) t.restoredRead++
  if (restored.open[t.restoredRead] === offset) return false
  t.top = Math.max(t.top, offset + 1)
  return true
}

/** A record was handed over for work. Offsets ascend, and none is below the position. */
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

/** The record is done; saying so twice changes nothing. */
export function finish(t: Tracker, ticket: Ticket): void {
  if (ticket < t.first) return
  if (ticket >= t.next) throw new RangeError(`ticket ${ticket} was never issued`)
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

/** The record's handler has settled; a commit of the user at this record or a later one counts it as done. */
export function settle(t: Tracker, ticket: Ticket): void {
  t.settled.push(ticket)
}

/** A user commits up to this record: it is done, and so is every earlier one whose handler has settled. */
export function finishUpTo(t: Tracker, ticket: Ticket): void {
  const later: Ticket[] = []
  for (const n of t.settled) {
    if (n <= ticket) finish(t, n)
    else later.push(n)
  }
  t.settled = later
}

/**
 * Reading has come to `position` without a further record: markers lie below it, or records that compaction removed.
 */
export function reach(t: Tracker, position: number): void {
  if (position > t.position) t.position = position
}

/** The offset that a commit may carry now. */
export function committable(t: Tracker): number {
  return t.first === t.next ? t.position : t.offsets[t.first & (t.offsets.length - 1)]!
}

/** Whether anything is done above the committable offset. */
export const isAhead = (t: Tracker): boolean => topOf(t) > committable(t)

const topOf = (t: Tracker): number => Math.max(t.top, t.restored?.top ?? 0)

/** What is done above the committable offset, among records up to this leader epoch. */
export function completedAbove(t: Tracker, upToEpoch: number): Omit<CompletionMap, 'topicId'> {
  if (t.restored !== undefined && upToEpoch > t.restored.leaderEpoch) t.restored = undefined
  const open: number[] = []
  const top = topOf(t)
  const mask = t.offsets.length - 1
  for (let n = t.first; n < t.next && t.offsets[n & mask]! < top; n++) if (t.done[n & mask] === 0) open.push(t.offsets[n & mask]!)
  for (const offset of t.restored?.open ?? []) if (offset >= t.position) open.push(offset)
  return { base: committable(t), top, open, leaderEpoch: Math.max(upToEpoch, t.restored?.leaderEpoch ?? -1) }
}

/** Entries that are not done, or wait behind one that is not: what a crash without a commit would repeat. */
export const heldCount = (t: Tracker): number => t.next - t.first
