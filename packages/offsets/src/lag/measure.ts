/** Times of a lag, from what was found of it. Pure. */
import type { PositionError } from '../read/limits.ts'
import type { GroupPosition } from '../read/position.ts'
import type { Scan } from './next-records.ts'
import type { Rates } from './rates.ts'
import type { Retention } from './retention.ts'

/**
 * `exact`: as the log has it. `bounded`: at most (an age, a number of records) or at least (a runway) this.
 * `estimated`: from rates, or from a part.
 */
export type Certainty = 'exact' | 'bounded' | 'estimated'

/** Durations are in milliseconds. */
export interface Measured {
  readonly value: number
  readonly certainty: Certainty
  /** Why it is not exact, or what to know of it; null: nothing. */
  readonly reason: string | null
}

export interface PartitionLag extends GroupPosition {
  /** When the next unread record was written, in milliseconds since 1970; null: there is none, or it was not found. */
  readonly committedAtMs: number | null
  /**
   * Records that are really there to be read: markers of transactions and what compaction took out are offsets, not
   * records.
   */
  readonly records: Measured | null
  /** Since the next unread record was written; null: nothing is committed, or it cannot be read. */
  readonly ageMs: Measured | null
  /** From the next unread record to the last one. */
  readonly spanMs: Measured | null
  /** Until the group has caught up, at the measured rates; null: not measured yet, or it does not catch up. */
  readonly etaMs: Measured | null
  /** Until retention deletes the next unread record; null: never, or not known. */
  readonly runwayMs: Measured | null
  readonly handledPerSecond: number | null
  readonly arrivingPerSecond: number | null
  /** Why the next unread record could not be looked at: no right to read the topic, a batch that is corrupt, … */
  readonly recordError: PositionError | null
}

export interface Found {
  readonly nowMs: number
  /** From the committed offset on; undefined: it was not looked up. */
  readonly next: Scan | undefined
  /** From the last offset of the log on. */
  readonly last: Scan | undefined
  /** When a record before the next unread one was written, where that was not looked up. */
  readonly earlierMs: number | undefined
  readonly retention: Retention | undefined
  /** Of the partition on disk. */
  readonly sizeBytes: number | undefined
  readonly rates: Rates | undefined
  readonly recordError: PositionError | undefined
}

const exact = (value: number, reason: string | null = null): Measured => ({ value, certainty: 'exact', reason })
const bounded = (value: number, reason: string): Measured => ({ value, certainty: 'bounded', reason })

const NOT_LOOKED_UP = 'the record was not looked up yet: one before it was'
const NO_RECORDS = 'what is left holds no records: only markers of transactions, or offsets that compaction emptied'

export function measured(position: GroupPosition, found: Found): PartitionLag {
  const { rates } = found
  const records = recordsOf(position, found)
  return {
    ...position,
    committedAtMs: position.lag === 0 ? null : (found.next?.record?.timestampMs ?? null),
    records,
    ageMs: ageOf(position, found, records),
    spanMs: spanOf(position, found, records),
    etaMs: etaOf(position, rates),
    runwayMs: runwayOf(position, found),
    handledPerSecond: rates?.handledPerSecond ?? null,
    arrivingPerSecond: rates?.arrivingPerSecond ?? null,
    recordError: found.recordError ?? null,
  }
}

function recordsOf({ lag, end }: GroupPosition, { next }: Found): Measured | null {
  if (lag === null) return null
  if (lag === 0) return exact(0)
  if (next !== undefined && next.scannedTo >= end!) return next.records === 0 ? exact(0, NO_RECORDS) : exact(next.records)
  return bounded(lag, 'offsets: some may hold no record')
}

function ageOf({ lag }: GroupPosition, { nowMs, next, earlierMs }: Found, records: Measured | null): Measured | null {
  if (lag === null) return null
  if (records?.value === 0) return lag === 0 ? exact(0) : bounded(0, NO_RECORDS)
  const record = next?.record
  if (!record) return earlierMs === undefined ? null : bounded(Math.max(0, nowMs - earlierMs), NOT_LOOKED_UP)
  if (record.timestampMs < 0) return null
  const aheadMs = record.timestampMs - nowMs
  return aheadMs > 0 ? bounded(0, `the record's time is ${aheadMs} ms in the future`) : exact(-aheadMs)
}

function spanOf({ lag }: GroupPosition, { next, last }: Found, records: Measured | null): Measured | null {
  if (lag === null) return null
  if (records?.value === 0) return exact(0)
  const from = next?.record?.timestampMs ?? -1
  const to = last?.record?.timestampMs ?? last?.lastTimestampMs ?? -1
  if (from < 0 || to < 0) return null
  if (last!.record === null) return bounded(Math.max(0, to - from), 'the log ends with the marker of a transaction')
  return to < from ? exact(0, 'the last record has an earlier time than the next unread one') : exact(to - from)
}

function etaOf({ lag, open }: GroupPosition, rates: Rates | undefined): Measured | null {
  if (lag === 0) return exact(0)
  if (open === null || rates === undefined) return null
  const gain = rates.handledPerSecond - rates.arrivingPerSecond
  if (gain <= 0) return null
  const reason = `${rates.handledPerSecond.toFixed(1)} handled and ${rates.arrivingPerSecond.toFixed(1)} arriving a second`
  return { value: Math.round((open / gain) * 1_000), certainty: 'estimated', reason }
}

/**
 * Retention deletes whole segments, once the newest record of one is too old: the record may live longer, not shorter.
 */
function runwayOf(position: GroupPosition, { nowMs, next, retention, sizeBytes, rates }: Found): Measured | null {
  const { lag } = position
  if (!lag || retention === undefined) return null
  const byTime =
    next?.record && next.record.timestampMs >= 0 && retention.retentionMs !== Number.POSITIVE_INFINITY
      ? bounded(Math.max(0, next.record.timestampMs + retention.retentionMs - nowMs), 'by retention.ms; its segment may be kept longer')
      : null
  const bySize = runwayBySize(position, retention.retentionBytes, sizeBytes, rates)
  if (byTime === null || bySize === null) return byTime ?? bySize
  return bySize.value < byTime.value ? bySize : byTime
}

function runwayBySize(
  { committed, start, end }: GroupPosition,
  retentionBytes: number,
  sizeBytes: number | undefined,
  rates: Rates | undefined,
): Measured | null {
  if (retentionBytes === Number.POSITIVE_INFINITY || sizeBytes === undefined || rates === undefined || rates.arrivingPerSecond <= 0)
    return null
  const bytesPerOffset = sizeBytes / Math.max(1, end! - start!)
  const bytesBehind = (end! - Math.max(committed!, start!)) * bytesPerOffset
  const value = Math.max(0, Math.round(((retentionBytes - bytesBehind) / (rates.arrivingPerSecond * bytesPerOffset)) * 1_000))
  return { value, certainty: 'estimated', reason: 'by retention.bytes, at the rate and mean size of what arrives' }
}
