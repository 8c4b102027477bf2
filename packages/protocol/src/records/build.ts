/** Builds record batches: records are written as they come, the header behind the last one. */
import { putInt53 } from '../wire/int53.ts'
import {
  BATCH_HEADER_BYTES,
  BATCH_LENGTH_END,
  type BatchHeader,
  CONTROL,
  type Compression,
  compressionBits,
  DELETE_HORIZON,
  TIMESTAMP_TYPE,
  TRANSACTIONAL,
} from './batch.ts'
import { compress } from './compression.ts'
import { crc32c } from './crc32c.ts'
import { putVarint, putVarlong, varintSize, varlongSize } from './varint.ts'

export interface Header {
  readonly key: string
  readonly value: Uint8Array | null
}

export interface RecordToWrite {
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly headers?: readonly Header[]
  /** Milliseconds since 1970. */
  readonly timestampMs: number
}

export interface BatchOptions {
  readonly compression?: Compression
  readonly baseOffset?: number
  readonly leaderEpoch?: number
  readonly producerId?: bigint
  readonly producerEpoch?: number
  readonly baseSequence?: number
  readonly transactional?: boolean
  /** The broker's clock set the time of all records. */
  readonly logAppendTime?: boolean
  /** Where records in between were removed. Default: that of the last record. */
  readonly lastOffsetDelta?: number
}

export interface BatchBase {
  /**
   * When the tombstones of the batch may go (KIP-534), in milliseconds since 1970: it stands where other batches have
   * the time of their first record.
   */
  readonly deleteHorizonMs?: number
}

/**
 * The most that a record adds beside its key, value and headers: length, attributes, two deltas, two lengths, a
 * count.
 */
const RECORD_OVERHEAD_BYTES_MAX = 5 + 1 + 10 + 5 + 5 + 5 + 5
const NO_HEADERS: readonly Header[] = []
/** Of a batch without records. */
const NO_TIMESTAMP = -1

/** An upper bound of what the record takes in a batch, before compression. */
export function recordBytesMax(record: RecordToWrite): number {
  let bytes = RECORD_OVERHEAD_BYTES_MAX + (record.key?.length ?? 0) + (record.value?.length ?? 0)
  for (const h of record.headers ?? NO_HEADERS) bytes += 10 + h.key.length * 3 + (h.value?.length ?? 0)
  return bytes
}

export class BatchBuilder {
  #buf: Buffer
  #end = BATCH_HEADER_BYTES
  #count = 0
  #baseTimestamp = 0
  #maxTimestamp = 0
  #lastOffsetDelta = -1
  readonly #deleteHorizonMs: number | undefined

  constructor(bytes = 4096, { deleteHorizonMs }: BatchBase = {}) {
    this.#deleteHorizonMs = deleteHorizonMs
    this.#buf = Buffer.allocUnsafe(Math.max(bytes, BATCH_HEADER_BYTES))
  }

  get count(): number {
    return this.#count
  }

  /** The batch as it would be now, uncompressed, in bytes. */
  get size(): number {
    return this.#end
  }

  /** `offsetDelta` grows from record to record. */
  add(record: RecordToWrite, offsetDelta = this.#count): void {
    const { key, value, timestampMs } = record
    const headers = record.headers ?? NO_HEADERS
    if (this.#count === 0) {
      this.#baseTimestamp = this.#deleteHorizonMs ?? timestampMs
      this.#maxTimestamp = timestampMs
    } else if (timestampMs > this.#maxTimestamp) this.#maxTimestamp = timestampMs
    this.#makeRoom(recordBytesMax(record))
    const timeDelta = timestampMs - this.#baseTimestamp
    const keySize = key === null ? -1 : key.length
    const valueSize = value === null ? -1 : value.length
    let size = 1 + varlongSize(timeDelta) + varintSize(offsetDelta) + varintSize(keySize) + varintSize(valueSize)
    size += Math.max(0, keySize) + Math.max(0, valueSize) + varintSize(headers.length)
    for (const h of headers) size += headerSize(h)

    const buf = this.#buf
    let p = putVarint(buf, this.#end, size)
    buf[p++] = 0
    p = putVarlong(buf, p, timeDelta)
    p = putVarint(buf, p, offsetDelta)
    p = putBytes(buf, p, key)
    p = putBytes(buf, p, value)
    p = putVarint(buf, p, headers.length)
    for (const h of headers) {
      p = putVarint(buf, p, Buffer.byteLength(h.key))
      p += buf.utf8Write(h.key, p)
      p = putBytes(buf, p, h.value)
    }
    this.#end = p
    this.#count++
    this.#lastOffsetDelta = offsetDelta
  }

  #makeRoom(bytes: number): void {
    const needed = this.#end + bytes
    if (needed <= this.#buf.length) return
    const next = Buffer.allocUnsafeSlow(Math.max(needed, this.#buf.length * 2))
    this.#buf.copy(next, 0, 0, this.#end)
    this.#buf = next
  }

  /** The finished batch. The builder is used up: the batch is a view on its memory unless it was compressed. */
  build(options: BatchOptions = {}): Buffer {
    const compression = options.compression ?? 'none'
    let batch = this.#buf.subarray(0, this.#end)
    if (compression !== 'none') {
      const body = compress(compression, batch.subarray(BATCH_HEADER_BYTES))
      batch = Buffer.concat([batch.subarray(0, BATCH_HEADER_BYTES), body])
    }
    writeHeader(batch, {
      ...options,
      attributes:
        compressionBits(compression) |
        (options.transactional ? TRANSACTIONAL : 0) |
        (options.logAppendTime ? TIMESTAMP_TYPE : 0) |
        (this.#deleteHorizonMs === undefined ? 0 : DELETE_HORIZON),
      count: this.#count,
      lastOffsetDelta: options.lastOffsetDelta ?? this.#lastOffsetDelta,
      baseTimestamp: this.#baseTimestamp,
      maxTimestamp: this.#maxTimestamp,
    })
    return batch
  }
}

function headerSize(h: Header): number {
  const keySize = Buffer.byteLength(h.key)
  const valueSize = h.value === null ? -1 : h.value.length
  return varintSize(keySize) + keySize + varintSize(valueSize) + Math.max(0, valueSize)
}

function putBytes(buf: Buffer, at: number, bytes: Uint8Array | null): number {
  if (bytes === null) return putVarint(buf, at, -1)
  const p = putVarint(buf, at, bytes.length)
  buf.set(bytes, p)
  return p + bytes.length
}

interface HeaderToWrite extends BatchOptions {
  readonly attributes: number
  readonly count: number
  readonly lastOffsetDelta: number
  readonly baseTimestamp: number
  readonly maxTimestamp: number
}

function writeHeader(batch: Buffer, h: HeaderToWrite): void {
  putInt53(batch, 0, h.baseOffset ?? 0)
  batch.writeInt32BE(batch.length - BATCH_LENGTH_END, 8)
  batch.writeInt32BE(h.leaderEpoch ?? -1, 12)
  batch[16] = 2
  batch.writeInt16BE(h.attributes, 21)
  batch.writeInt32BE(h.lastOffsetDelta, 23)
  putInt53(batch, 27, h.baseTimestamp)
  putInt53(batch, 35, h.maxTimestamp)
  batch.writeBigInt64BE(h.producerId ?? -1n, 43)
  batch.writeInt16BE(h.producerEpoch ?? -1, 51)
  batch.writeInt32BE(h.baseSequence ?? -1, 53)
  batch.writeInt32BE(h.count, 57)
  batch.writeUInt32BE(crc32c(batch.subarray(21)), 17)
}

/**
 * A batch without records in the place of one whose records are all removed: its offsets and its producer's sequence
 * stay (Kafka's `DefaultRecordBatch.writeEmptyHeader`).
 */
export function emptyBatch(header: BatchHeader): Buffer {
  const batch = Buffer.alloc(BATCH_HEADER_BYTES)
  const { attributes } = header
  writeHeader(batch, {
    ...header,
    attributes: attributes & (TRANSACTIONAL | TIMESTAMP_TYPE | CONTROL),
    count: 0,
    baseTimestamp: NO_TIMESTAMP,
  })
  return batch
}

/** A whole batch in one call. */
export function buildBatch(records: readonly RecordToWrite[], options: BatchOptions = {}): Buffer {
  const builder = new BatchBuilder(BATCH_HEADER_BYTES + records.reduce((sum, r) => sum + recordBytesMax(r), 0))
  for (const record of records) builder.add(record)
  return builder.build(options)
}
