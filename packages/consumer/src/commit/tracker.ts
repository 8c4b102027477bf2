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
import type { CompletionMap, RecordNote } from '@tidemark/client/internal'

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
  /** What is known of entries that are not done, or that reading will come to: few, if any. */
  readonly notes: Map<number, RecordNote>
  /** The newest leader epoch that those taken over hold for. */
  readonly notesEpoch: number
  /** Grows with every change of the notes. */
  notesVersion: number
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
  notes: new Map(restored?.notes.map((note) => [note.offset, note])),
  notesEpoch: restored?.leaderEpoch ?? -1,
  notesVersion: 0,
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
  if (t.notes.size > 0) forget(t, t.offsets[ticket & mask]!)
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

/** Notes what is known of a record that is not done. */
export function note(t: Tracker, offset: number, news: Partial<Omit<RecordNote, 'offset'>>): void {
  const known = t.notes.get(offset) ?? { offset, attempts: 0, deaths: 0, start: undefined }
  t.notes.set(offset, { ...known, ...news })
  t.notesVersion++
}

/** Nothing is noted of the record any more. */
export function forget(t: Tracker, offset: number): void {
  if (t.notes.delete(offset)) t.notesVersion++
}

/**
 * The next record of the log has this offset: notes that were taken over hold for it and those behind it only if it
 * was not appended under a later leader. Else other records have their offsets.
 */
export function keepNotes(t: Tracker, offset: number, leaderEpoch: number): void {
  if (leaderEpoch <= t.notesEpoch) return
  for (const noted of [...t.notes.keys()]) if (noted >= offset) forget(t, noted)
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
export function completedAbove(t: Tracker, upToEpoch: number): Omit<CompletionMap, 'topicId' | 'holder'> {
  if (t.restored !== undefined && upToEpoch > t.restored.leaderEpoch) t.restored = undefined
  const open: number[] = []
  const top = topOf(t)
  const mask = t.offsets.length - 1
  for (let n = t.first; n < t.next && t.offsets[n & mask]! < top; n++) if (t.done[n & mask] === 0) open.push(t.offsets[n & mask]!)
  for (const offset of t.restored?.open ?? []) if (offset >= t.position) open.push(offset)
  const base = committable(t)
  const notes = [...t.notes.values()].filter(({ offset }) => offset >= base).sort((a, b) => a.offset - b.offset)
  return { base, top: Math.max(top, base), open, leaderEpoch: Math.max(upToEpoch, t.restored?.leaderEpoch ?? -1), notes }
}

/** Entries that are not done, or wait behind one that is not: what a crash without a commit would repeat. */
export const heldCount = (t: Tracker): number => t.next - t.first
