/**
 * What compaction keeps: the last record of each key, as Kafka's `Cleaner` decides it.
 *
 * Offsets, epochs, and the producer's id and sequences of a batch stay; a batch of which nothing is left goes, unless
 * it ends its segment or is the last one of a producer that is still known: then an empty batch stays in its place. A
 * tombstone (a record without a value) stays until `delete.retention.ms` after the first time it was compacted, so that
 * a reader that is no further behind than that sees the deletion (KIP-534).
 */
import {
  BATCH_HEADER_BYTES,
  BatchBuilder,
  type BatchHeader,
  compressionOf,
  deleteHorizonOf,
  emptyBatch,
  isControl,
  isLogAppendTime,
  isTransactional,
  RecordCursor,
} from '@tidemark/protocol'
import type { OffsetMap } from './offset-map.ts'

export interface Compaction {
  /** The last offset of each key in the part of the log that is compacted. */
  readonly offsets: Pick<OffsetMap, 'get' | 'latest'>
  readonly nowMs: number
  readonly deleteRetentionMs: number
  /** Whether a producer that is still known sent this batch last. */
  readonly endsProducer: (header: BatchHeader) => boolean
}

/**
 * The batch itself if all of it stays; a smaller one; undefined if nothing does. `staysInPlace`: at least its header is
 * kept. Throws `WireError` if the batch cannot be opened.
 */
export function compactBatch(batch: Buffer, header: BatchHeader, staysInPlace: boolean, compaction: Compaction): Buffer | undefined {
  if (isControl(header.attributes)) return batch
  const kept = keptRecords(batch, header, compaction)
  const horizon = deleteHorizonOf(header)
  if (kept.count === header.recordCount && (!kept.tombstones || horizon !== undefined)) {
    if (header.recordCount > 0) return batch
  } else if (kept.count > 0) return rebuild(batch, header, kept, horizon ?? horizonFrom(kept, compaction))
  return staysInPlace || compaction.endsProducer(header) ? (header.recordCount === 0 ? batch : emptyBatch(header)) : undefined
}

interface Kept {
  readonly count: number
  readonly tombstones: boolean
  /** A bit for each record of the batch. */
  readonly bits: Uint8Array
}

function keptRecords(batch: Buffer, header: BatchHeader, { offsets, nowMs }: Compaction): Kept {
  const bits = new Uint8Array(Math.max(0, header.recordCount))
  const horizon = deleteHorizonOf(header)
  const tombstonesStay = horizon === undefined || nowMs < horizon
  let count = 0
  let tombstones = false
  if (header.recordCount > 0) {
    const cursor = new RecordCursor(batch, header)
    for (let i = 0; cursor.next(); i++) {
      const { key, offset } = cursor
      const isTombstone = cursor.valueSize < 0
      const isLast = offset > offsets.latest || (key !== null && offset >= offsets.get(key))
      if (!isLast || (isTombstone && !tombstonesStay)) continue
      bits[i] = 1
      count++
      tombstones ||= isTombstone
    }
  }
  return { count, tombstones, bits }
}

const horizonFrom = ({ tombstones }: Kept, { nowMs, deleteRetentionMs }: Compaction): number | undefined =>
  tombstones ? Math.min(nowMs + deleteRetentionMs, Number.MAX_SAFE_INTEGER) : undefined

function rebuild(batch: Buffer, header: BatchHeader, { bits }: Kept, deleteHorizonMs: number | undefined): Buffer {
  const builder = new BatchBuilder(BATCH_HEADER_BYTES + header.size, deleteHorizonMs === undefined ? {} : { deleteHorizonMs })
  const cursor = new RecordCursor(batch, header)
  for (let i = 0; cursor.next(); i++) {
    if (bits[i] === 0) continue
    const { key, value, timestampMs } = cursor
    builder.add({ key, value, headers: cursor.headers(), timestampMs }, cursor.offset - header.baseOffset)
  }
  const { baseOffset, leaderEpoch, producerId, producerEpoch, baseSequence, lastOffsetDelta, attributes } = header
  return builder.build({
    compression: compressionOf(attributes),
    transactional: isTransactional(attributes),
    logAppendTime: isLogAppendTime(attributes),
    baseOffset,
    leaderEpoch,
    producerId,
    producerEpoch,
    baseSequence,
    lastOffsetDelta,
  })
}

export interface CompactionRules {
  readonly minCompactionLagMs: number
  readonly maxCompactionLagMs: number
  readonly minCleanableDirtyRatio: number
}

export interface SegmentToCompact {
  readonly baseOffset: number
  readonly bytes: number
  /** -1 if no record of it has a time. */
  readonly maxTimestampMs: number
}

export interface Dirty {
  /** What lies between was not compacted yet. */
  readonly from: number
  readonly upTo: number
  /** Of what lies below `upTo`, the part that was not compacted yet. */
  readonly ratio: number
}

/**
 * What of the log is to be compacted now; undefined: nothing. `segments` in order; the last one, which is written to,
 * is not touched, and neither is one with a record younger than `min.compaction.lag.ms`, nor any after it (Kafka's
 * `LogCleanerManager`).
 */
export function dirtyPart(
  segments: readonly SegmentToCompact[],
  cleanedTo: number,
  rules: CompactionRules,
  nowMs: number,
): Dirty | undefined {
  const start = segments[0]?.baseOffset ?? 0
  const from = cleanedTo >= start && cleanedTo <= segments.at(-1)!.baseOffset ? cleanedTo : start
  let cleanBytes = 0
  let dirtyBytes = 0
  let upTo = from
  let isOverdue = false
  for (let i = 0; i < segments.length - 1; i++) {
    const { bytes, maxTimestampMs } = segments[i]!
    const end = segments[i + 1]!.baseOffset
    if (end <= from) {
      cleanBytes += bytes
      continue
    }
    if (rules.minCompactionLagMs > 0 && maxTimestampMs > nowMs - rules.minCompactionLagMs) break
    dirtyBytes += bytes
    upTo = end
    isOverdue ||= maxTimestampMs >= 0 && nowMs - maxTimestampMs > rules.maxCompactionLagMs
  }
  if (dirtyBytes === 0) return undefined
  const ratio = dirtyBytes / (cleanBytes + dirtyBytes)
  return isOverdue || ratio > rules.minCleanableDirtyRatio ? { from, upTo, ratio } : undefined
}
