/**
 * Reads the records of one batch, one after the other, without an object per record: the cursor's own fields change.
 * It notes where things lie; keys, values and header values are views on the batch (or on its decompressed body),
 * made when they are asked for.
 */
import { WireError } from '../wire/error.ts'
import { BATCH_HEADER_BYTES, type BatchHeader, compressionOf, isLogAppendTime } from './batch.ts'
import type { Header } from './build.ts'
import { decompress } from './compression.ts'
import { VarintReader } from './varint.ts'

/** What one batch may grow to when it is opened. */
export const DECOMPRESSED_BYTES_MAX = 128 * 1024 * 1024

/** A reader of varints that goes from record to record: one object, since every record is read through it. */
export class RecordCursor extends VarintReader {
  /** The records of the batch, decompressed. */
  readonly body: Buffer
  readonly #baseOffset: number
  readonly #baseTimestamp: number
  readonly #maxTimestamp: number
  readonly #logAppendTime: boolean
  #left: number
  #recordEnd = 0
  offset = 0
  timestampMs = 0
  /** Where key and value lie in the body; a size of -1 is null. The headers begin where the value ends. */
  keyAt = 0
  keySize = -1
  valueAt = 0
  valueSize = -1

  /** `batch` holds the whole batch, header first. Throws `WireError` if it cannot be opened. */
  constructor(batch: Buffer, header: BatchHeader, bytesMax = DECOMPRESSED_BYTES_MAX) {
    const compression = compressionOf(header.attributes)
    const body = batch.subarray(BATCH_HEADER_BYTES, header.size)
    const opened = compression === 'none' ? body : decompress(compression, body, bytesMax)
    super(opened, 0, opened.length)
    this.body = opened
    this.#baseOffset = header.baseOffset
    this.#baseTimestamp = header.baseTimestamp
    this.#maxTimestamp = header.maxTimestamp
    this.#logAppendTime = isLogAppendTime(header.attributes)
    this.#left = header.recordCount
  }

  /**
   * Moves to the next record; false after the last. Throws `WireError` where the batch is not what its header says.
   */
  next(): boolean {
    if (this.#left <= 0) return false
    this.#left--
    const size = this.varint()
    const end = this.pos + size
    if (size < 0 || end > this.body.length) throw new WireError(`a record of ${size} bytes ends beyond its batch`)
    this.pos++ // attributes: unused in format v2
    const timeDelta = this.varlong()
    this.timestampMs = this.#logAppendTime ? this.#maxTimestamp : this.#baseTimestamp + timeDelta
    this.offset = this.#baseOffset + this.varint()
    this.keySize = this.varint()
    this.keyAt = this.pos
    if (this.keySize > 0) this.pos += this.keySize
    if (this.pos > end) throw new WireError('a key ends beyond its record')
    this.valueSize = this.varint()
    this.valueAt = this.pos
    // Behind the value stands at least the number of headers.
    if ((this.valueSize > 0 ? this.valueAt + this.valueSize : this.valueAt) >= end) throw new WireError('a value ends beyond its record')
    this.#recordEnd = end
    this.pos = end
    return true
  }

  get key(): Buffer | null {
    return this.keySize < 0 ? null : this.body.subarray(this.keyAt, this.keyAt + this.keySize)
  }

  get value(): Buffer | null {
    return this.valueSize < 0 ? null : this.body.subarray(this.valueAt, this.valueAt + this.valueSize)
  }

  /** The headers of the record under the cursor, in their order; a key may come twice. */
  headers(): readonly Header[] {
    return readHeaders(this.body, this.valueAt + Math.max(0, this.valueSize), this.#recordEnd).headers
  }
}

const NO_HEADERS: readonly Header[] = []

/**
 * The headers whose number stands at `at`, none beyond `bound`, and where they end. Throws `WireError` for broken
 * ones.
 */
export function readHeaders(body: Buffer, at: number, bound = body.length): { readonly headers: readonly Header[]; readonly end: number } {
  const r = new VarintReader(body, at, bound)
  const count = r.varint()
  if (count === 0) return { headers: NO_HEADERS, end: r.pos }
  if (count < 0 || count > bound - r.pos) throw new WireError(`a record has ${count} headers`)
  const headers: Header[] = []
  for (let i = 0; i < count; i++) {
    const keySize = r.varint()
    const keyAt = r.pos
    if (keySize < 0 || keyAt + keySize > bound) throw new WireError('the name of a header ends beyond its record')
    r.pos += keySize
    const valueSize = r.varint()
    const valueAt = r.pos
    r.pos += Math.max(0, valueSize)
    if (r.pos > bound) throw new WireError('a header ends beyond its record')
    headers.push({ key: body.utf8Slice(keyAt, keyAt + keySize), value: valueSize < 0 ? null : body.subarray(valueAt, r.pos) })
  }
  return { headers, end: r.pos }
}

/** The earliest and the latest time of the records of a batch, as deltas to its base timestamp. */
export interface TimeDeltas {
  readonly min: number
  readonly max: number
}

/**
 * Walks the records of an uncompressed batch and throws `WireError` unless lengths, deltas and count agree with the
 * header: one broken record would stop every consumer (Kafka's LogValidator, INVALID_RECORD).
 */
export function checkRecords(batch: Buffer, header: BatchHeader): TimeDeltas {
  const r = new VarintReader(batch, BATCH_HEADER_BYTES, header.size)
  let min = Number.POSITIVE_INFINITY
  let max = Number.NEGATIVE_INFINITY
  for (let i = 0; i < header.recordCount; i++) {
    const size = r.varint()
    const end = r.pos + size
    if (size < 0 || end > header.size) throw new WireError(`record ${i} ends beyond its batch`)
    r.pos++
    const timeDelta = r.varlong()
    if (timeDelta < min) min = timeDelta
    if (timeDelta > max) max = timeDelta
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
  return { min, max }
}

function skipBytes(r: VarintReader, end: number): void {
  const size = r.varint()
  if (size <= 0) return
  if (r.pos + size > end) throw new WireError('a key, value or header ends beyond its record')
  r.pos += size
}
