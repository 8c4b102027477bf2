/**
 * Record batches, format v2 (KIP-98), looked at without copying.
 *
 * ```
 *  0 baseOffset int64          21 attributes int16          43 producerId int64
 *  8 length int32 (from 12 on) 23 lastOffsetDelta int32     51 producerEpoch int16
 * 12 partitionLeaderEpoch int32 27 baseTimestamp int64      53 baseSequence int32
 * 16 magic int8                35 maxTimestamp int64        57 recordCount int32
 * 17 crc uint32, over 21…                                   61 records
 * ```
 * The CRC does not cover base offset and leader epoch: a broker writes both without opening the batch.
 */

import { WireError } from '../wire/error.ts'
import { int53, putInt53 } from '../wire/int53.ts'
import { crc32c } from './crc32c.ts'

export const BATCH_HEADER_BYTES = 61
/** Base offset and length: what stands before the bytes that `length` counts. */
export const BATCH_LENGTH_END = 12

export type Compression = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd'
export const COMPRESSIONS: readonly Compression[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd']

/** The bits of `attributes` above those of the codec. */
export const TIMESTAMP_TYPE = 0x08
export const TRANSACTIONAL = 0x10
export const CONTROL = 0x20
export const DELETE_HORIZON = 0x40

export interface BatchHeader {
  readonly baseOffset: number
  /** The whole batch, header included, in bytes. */
  readonly size: number
  readonly leaderEpoch: number
  readonly attributes: number
  readonly lastOffsetDelta: number
  readonly baseTimestamp: number
  readonly maxTimestamp: number
  readonly producerId: bigint
  readonly producerEpoch: number
  readonly baseSequence: number
  readonly recordCount: number
}

export const lastOffsetOf = (h: BatchHeader): number => h.baseOffset + h.lastOffsetDelta

/** Throws `WireError` for a codec number that Kafka does not have. */
export function compressionOf(attributes: number): Compression {
  const compression = COMPRESSIONS[attributes & 0x07]
  if (compression === undefined) throw new WireError(`compression codec ${attributes & 0x07} does not exist`)
  return compression
}

export const compressionBits = (compression: Compression): number => COMPRESSIONS.indexOf(compression)
export const isControl = (attributes: number): boolean => (attributes & CONTROL) !== 0
export const isTransactional = (attributes: number): boolean => (attributes & TRANSACTIONAL) !== 0
/** Whether the broker's clock set the time (`message.timestamp.type` LogAppendTime). */
export const isLogAppendTime = (attributes: number): boolean => (attributes & TIMESTAMP_TYPE) !== 0

/** When the tombstones of the batch may go (KIP-534), set when the batch is compacted for the first time. */
export const deleteHorizonOf = ({ attributes, baseTimestamp }: BatchHeader): number | undefined =>
  (attributes & DELETE_HORIZON) === 0 ? undefined : baseTimestamp

/** The size of the batch that begins at `at`, or undefined when not even its length has arrived. */
export function batchSizeAt(bytes: Buffer, at: number): number | undefined {
  return at + BATCH_LENGTH_END > bytes.length ? undefined : BATCH_LENGTH_END + bytes.readInt32BE(at + 8)
}

/**
 * Reads the header of the batch that begins at `at`. Throws `WireError` for one that is cut off, too short or not of
 * format v2.
 */
export function readBatchHeader(bytes: Buffer, at = 0): BatchHeader {
  if (at + BATCH_HEADER_BYTES > bytes.length) {
    throw new WireError(`a record batch of ${bytes.length - at} bytes is cut off inside its header`)
  }
  const magic = bytes.readInt8(at + 16)
  if (magic !== 2) throw new WireError(`record format v${magic}; only v2 is spoken here (Kafka 0.11 and later)`)
  const size = BATCH_LENGTH_END + bytes.readInt32BE(at + 8)
  if (size < BATCH_HEADER_BYTES) throw new WireError(`a record batch says it has ${size} bytes, fewer than its header`)
  return {
    baseOffset: int53(bytes, at),
    size,
    leaderEpoch: bytes.readInt32BE(at + 12),
    attributes: bytes.readInt16BE(at + 21),
    lastOffsetDelta: bytes.readInt32BE(at + 23),
    baseTimestamp: int53(bytes, at + 27),
    maxTimestamp: int53(bytes, at + 35),
    producerId: bytes.readBigInt64BE(at + 43),
    producerEpoch: bytes.readInt16BE(at + 51),
    baseSequence: bytes.readInt32BE(at + 53),
    recordCount: bytes.readInt32BE(at + 57),
  }
}

/** Whether the batch of `size` bytes at `at` is as its producer wrote it. */
export function hasRightCrc(bytes: Buffer, at: number, size: number): boolean {
  return crc32c(bytes.subarray(at + 21, at + size)) === bytes.readUInt32BE(at + 17)
}

/** Writes what a broker decides about a batch: neither is under the CRC. */
export function stampBatch(bytes: Buffer, at: number, baseOffset: number, leaderEpoch: number): void {
  putInt53(bytes, at, baseOffset)
  bytes.writeInt32BE(leaderEpoch, at + 12)
}

export interface BatchAt {
  readonly at: number
  readonly header: BatchHeader
}

/**
 * The whole batches in `bytes`, one after the other; a batch that is cut off at the end (as Fetch may do) is left
 * out.
 */
export function* batchesIn(bytes: Buffer): Generator<BatchAt> {
  let at = 0
  while (at + BATCH_HEADER_BYTES <= bytes.length) {
    const size = batchSizeAt(bytes, at)!
    if (size >= BATCH_HEADER_BYTES && at + size > bytes.length) return
    const header = readBatchHeader(bytes, at)
    yield { at, header }
    at += header.size
  }
}
