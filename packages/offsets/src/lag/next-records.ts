/**
 * When the record at an offset was written, or the first one after it: one look into the log for a place, kept for
 * as long as it is used. An offset of a topic (by its id) is always the same record.
 *
 * Invariant: what is remembered of a place is true of [offset, scannedTo): either `record` is the first one in it, or
 * there is none.
 */
import { isLogAppendTime } from '@tidemark/protocol'
import { endOf, type LogBatch, recordsOf } from '../log/fetch-log.ts'

export interface FoundRecord {
  readonly offset: number
  readonly timestampMs: number
  readonly isLogAppendTime: boolean
}

export interface RecordPlace {
  readonly topic: string
  readonly topicId: string | null
  readonly partition: number
  readonly offset: number
}

export interface Scan {
  /** Null: there is none below `scannedTo`. */
  readonly record: FoundRecord | null
  readonly scannedTo: number
  /** Records in [offset, scannedTo). */
  readonly records: number
  /** The time of the last batch that was looked into, also of a marker; -1: none was. */
  readonly lastTimestampMs: number
}

export const NOTHING: Omit<Scan, 'scannedTo'> = { record: null, records: 0, lastTimestampMs: -1 }

/** `scan` went up to where `batches` begin. Throws `WireError` for a batch that cannot be read. */
export function scanOn(scan: Scan, batches: readonly LogBatch[]): Scan {
  let { record, records, scannedTo, lastTimestampMs } = scan
  for (const batch of batches) {
    if (endOf(batch) <= scannedTo) continue
    for (const { offset, timestampMs } of recordsOf(batch)) {
      if (offset < scannedTo) continue
      record ??= { offset, timestampMs, isLogAppendTime: isLogAppendTime(batch.header.attributes) }
      records++
    }
    scannedTo = endOf(batch)
    lastTimestampMs = batch.header.maxTimestamp
  }
  return { record, records, scannedTo, lastTimestampMs }
}

/** Scans by place, the latest used of them. */
export class ScanCache {
  readonly #entriesMax: number
  readonly #scans = new Map<string, Scan>()

  constructor(entriesMax: number) {
    this.#entriesMax = entriesMax
  }

  get(place: RecordPlace): Scan | undefined {
    const key = keyOfPlace(place)
    const scan = this.#scans.get(key)
    if (scan === undefined) return undefined
    this.#scans.delete(key)
    this.#scans.set(key, scan)
    return scan
  }

  set(place: RecordPlace, scan: Scan): void {
    const key = keyOfPlace(place)
    this.#scans.delete(key)
    this.#scans.set(key, scan)
    if (this.#scans.size > this.#entriesMax) this.#scans.delete(this.#scans.keys().next().value!)
  }

  clear(): void {
    this.#scans.clear()
  }
}

/** Without an id a topic that was created again is taken for the one before: brokers before Kafka 2.8 have none. */
const keyOfPlace = ({ topic, topicId, partition, offset }: RecordPlace): string => `${offset}/${partition}/${topicId ?? topic}`
