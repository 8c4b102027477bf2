/**
 * Reads the records of one batch, one after the other, without an object per record: the cursor's own fields change.
 * Keys, values and header values are views on the batch (or on its decompressed body).
 */
import { WireError } from '../wire/error.ts'
import { BATCH_HEADER_BYTES, type BatchHeader, compressionOf, isLogAppendTime } from './batch.ts'
import type { Header } from './build.ts'
import { decompress } from './compression.ts'
import { VarintReader } from './varint.ts'

/** What one batch may grow to when it is opened. */
export const DECOMPRESSED_BYTES_MAX = 128 * 1024 * 1024

export class RecordCursor {
  readonly #batch: BatchHeader
  readonly #body: Buffer
  readonly #r: VarintReader
  readonly #logAppendTime: boolean
  #left: number
  #headersAt = 0
  #recordEnd = 0
  offset = 0
  timestampMs = 0
  key: Buffer | null = null
  value: Buffer | null = null
  headerCount = 0

  /** `batch` holds the whole batch, header first. Throws `WireError` if it cannot be opened. */
  constructor(batch: Buffer, header: BatchHeader, bytesMax = DECOMPRESSED_BYTES_MAX) {
    const compression = compressionOf(header.attributes)
    const body = batch.subarray(BATCH_HEADER_BYTES, header.size)
    this.#batch = header
    this.#body = compression === 'none' ? body : decompress(compression, body, bytesMax)
    this.#r = new VarintReader(this.#body, 0, this.#body.length)
    this.#logAppendTime = isLogAppendTime(header.attributes)
    this.#left = header.recordCount
  }

  /** Moves to the next record; false after the last. Throws `WireError` where the batch is not what its header says. */
  next(): boolean {
    if (this.#left <= 0) return false
    this.#left--
    const r = this.#r
    const size = r.varint()
    const end = r.pos + size
    if (size < 0 || end > this.#body.length) throw new WireError(`a record of ${size} bytes ends beyond its batch`)
    r.pos++ // attributes: unused in format v2
    const timeDelta = r.varlong()
    const offsetDelta = r.varint()
    this.offset = this.#batch.baseOffset + offsetDelta
    this.timestampMs = this.#logAppendTime ? this.#batch.maxTimestamp : this.#batch.baseTimestamp + timeDelta
    this.key = this.#bytes(end)
    this.value = this.#bytes(end)
    this.headerCount = r.varint()
    if (this.headerCount < 0 || this.headerCount > end - r.pos) throw new WireError('a record has more headers than bytes')
    this.#headersAt = r.pos
    this.#recordEnd = end
    r.pos = end
    return true
  }

  #bytes(end: number): Buffer | null {
    const r = this.#r
    const size = r.varint()
    if (size < 0) return null
    const p = r.pos
    if (p + size > end) throw new WireError(`${size} bytes of a record end beyond it`)
    r.pos = p + size
    return this.#body.subarray(p, p + size)
  }

  /** The headers of the record under the cursor, in their order; a key may come twice. */
  headers(): Header[] {
    const r = new VarintReader(this.#body, this.#headersAt, this.#recordEnd)
    const out: Header[] = []
    for (let i = 0; i < this.headerCount; i++) {
      const keySize = r.varint()
      if (keySize < 0 || r.pos + keySize > this.#recordEnd) throw new WireError('a header key ends beyond its record')
      const key = this.#body.utf8Slice(r.pos, r.pos + keySize)
      r.pos += keySize
      const valueSize = r.varint()
      if (r.pos + valueSize > this.#recordEnd) throw new WireError('a header value ends beyond its record')
      out.push({ key, value: valueSize < 0 ? null : this.#body.subarray(r.pos, r.pos + valueSize) })
      if (valueSize > 0) r.pos += valueSize
    }
    return out
  }
}

/**
 * Walks the records of an uncompressed batch and throws `WireError` unless lengths, deltas and count agree with the header:
 * one broken record would stop every consumer (Kafka's LogValidator, INVALID_RECORD).
 */
export function checkRecords(batch: Buffer, header: BatchHeader): void {
  const r = new VarintReader(batch, BATCH_HEADER_BYTES, header.size)
  for (let i = 0; i < header.recordCount; i++) {
    const size = r.varint()
    const end = r.pos + size
    if (size < 0 || end > header.size) throw new WireError(`record ${i} ends beyond its batch`)
    r.pos++
    r.varlong()
    const delta = r.varint()
    if (delta !== i) throw new WireError(`record ${i} has offset delta ${delta}`)
    skipBytes(r, end)
    skipBytes(r, end)
    const headers = r.varint()
    if (headers < 0) throw new WireError(`record ${i} has ${headers} headers`)
    for (let h = 0; h < headers; h++) {
      const before = r.pos
      skipBytes(r, end)
      if (r.pos === before) throw new WireError(`record ${i} has a header without a key`)
      skipBytes(r, end)
    }
    if (r.pos !== end) throw new WireError(`record ${i} does not fill its ${size} bytes`)
  }
  if (r.pos !== header.size) throw new WireError(`${header.size - r.pos} bytes are left behind the last record`)
}

function skipBytes(r: VarintReader, end: number): void {
  const size = r.varint()
  if (size <= 0) return
  if (r.pos + size > end) throw new WireError('a key, value or header ends beyond its record')
  r.pos += size
}
