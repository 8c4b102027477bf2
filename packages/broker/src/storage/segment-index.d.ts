/**
 * The sparse index of a segment: where batches lie, and what times come before them. One entry for every `indexIntervalBytes`.
 *
 * In memory it always covers the whole segment. On disk it is two files, `.index` and `.timeindex`, which say how many bytes of
 * the log they cover; they are written only after these bytes were synced, so a crash needs to read nothing below that again.
 * Both are disposable: a segment without them is read once.
 *
 * ```
 * .index      0 covered bytes int64   8 next offset int64   16 latest time int64   24 its batch's offset int64   32 entries int32
 *            36 per entry: offset − base offset uint32, position uint32
 * .timeindex  0 covered bytes int64   8 entries int32
 *            12 per entry: the latest time before it int64, offset − base offset uint32
 * ```
 * Both stand in an envelope with a CRC (sealed.ts).
 */
import { type BatchHeader } from '@tidemark/protocol'
export interface EncodedIndex {
  readonly bytes: number
  readonly index: Buffer
  readonly timeIndex: Buffer
}
export declare class SegmentIndex {
  #private
  readonly baseOffset: number
  /** Bytes of the log that it covers: all of them. */
  bytes: number
  nextOffset: number
  maxTimestampMs: number
  maxTimestampOffset: number
  constructor(baseOffset: number, intervalBytes: number)
  get entries(): number
  /** Takes in the batch that lies at `bytes`. */
  add(header: BatchHeader): void
  /** A position at or before the batch that holds `offset`. */
  positionOf(offset: number): number
  /** An offset before which no record has this time or a later one. */
  offsetByTime(timestampMs: number): number
  encode(): EncodedIndex
  /** Undefined: the two do not belong together. */
  static decode(baseOffset: number, intervalBytes: number, index: Buffer, timeIndex: Buffer): SegmentIndex | undefined
}
