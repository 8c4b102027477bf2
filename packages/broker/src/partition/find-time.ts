/**
 * Finds records by time. The index leads to a batch; the batch is opened, since its header knows only its latest
 * time.
 */
import type { Now } from '@tidemark/platform'
import { type BatchHeader, batchesIn, lastOffsetOf, RecordCursor, WireError } from '@tidemark/protocol'
import { after, isLater } from '../now.ts'
import type { Partition } from './partition.ts'

export interface FoundRecord {
  readonly offset: number
  readonly timestampMs: number
  readonly leaderEpoch: number
}

const READ_BYTES_MAX = 256 * 1024

/** The first record, by offset, whose time is `timestampMs` or later; times need not be in order. */
export function firstAtOrAfter(partition: Partition, timestampMs: number): Now<FoundRecord | undefined> {
  return after(partition.log.seekTime(timestampMs), (from) => scan(partition, Math.max(from, partition.start), timestampMs))
}

/** The first record of those with the latest time. */
export function latestByTime(partition: Partition): Now<FoundRecord | undefined> {
  return after(partition.log.latest(), (latest) => {
    if (latest === undefined || latest.baseOffset >= partition.highWatermark) return undefined
    return scan(partition, latest.baseOffset, latest.timestampMs)
  })
}

function scan(partition: Partition, from: number, timestampMs: number): Now<FoundRecord | undefined> {
  for (;;) {
    const read = partition.read(from, READ_BYTES_MAX)
    if (isLater(read)) return read.then((buffers) => within(buffers))
    const found = lookIn(read, from, timestampMs)
    if (typeof found !== 'number') return found
    from = found
  }

  function within(buffers: readonly Buffer[]): Now<FoundRecord | undefined> {
    const found = lookIn(buffers, from, timestampMs)
    return typeof found === 'number' ? scan(partition, found, timestampMs) : found
  }
}

/** The record; or the offset to go on at; or undefined where there is nothing more. */
function lookIn(buffers: readonly Buffer[], from: number, timestampMs: number): FoundRecord | number | undefined {
  let next: number | undefined
  for (const bytes of buffers) {
    for (const { at, header } of batchesIn(bytes)) {
      next = lastOffsetOf(header) + 1
      if (header.maxTimestamp < timestampMs) continue
      const found = openAndLook(bytes.subarray(at, at + header.size), header, from, timestampMs)
      if (found !== undefined) return found
    }
  }
  return next
}

function openAndLook(batch: Buffer, header: BatchHeader, from: number, timestampMs: number): FoundRecord | undefined {
  try {
    const cursor = new RecordCursor(batch, header)
    while (cursor.next()) {
      const isFound = cursor.offset >= from && cursor.timestampMs >= timestampMs && Number.isSafeInteger(cursor.timestampMs)
      if (isFound) return { offset: cursor.offset, timestampMs: cursor.timestampMs, leaderEpoch: header.leaderEpoch }
    }
  } catch (error) {
    // A compressed batch is stored unopened: what its producer put into it may be anything.
    if (!(error instanceof WireError)) throw error
  }
  return undefined
}
