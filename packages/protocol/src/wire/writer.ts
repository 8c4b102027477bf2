/**
 * A growable buffer that writes Kafka's primitives, every integer checked for its range.
 *
 * Large record batches are not copied: `records()` notes where they belong, and `chunks()` hands out the written
 * bytes with those buffers in between. A caller that passes such a buffer does not change it until the frame is sent.
 */
import { notAn, WireError } from './error.ts'

/** Above this many bytes a native UTF-8 call is cheaper than a byte loop. */
const SHORT_STRING_BYTES_MAX = 32
/** Records up to this size are copied: a chunk of their own would cost more than the copy. */
const COPIED_RECORDS_BYTES_MAX = 2048

/** The records of one partition as they go on the wire: one buffer, or several that follow each other. */
export type RecordsInput = Uint8Array | readonly Uint8Array[] | null

interface Inserted {
  readonly at: number
  readonly bytes: Uint8Array
}

export class Writer {
  buf: Buffer
  view: DataView
  pos = 0
  #inserted: Inserted[] = []
  #insertedBytes = 0

  constructor(bytes = 1024) {
    this.buf = Buffer.allocUnsafeSlow(bytes)
    this.view = new DataView(this.buf.buffer)
  }

  /** All bytes written so far, inserted records included. */
  get size(): number {
    return this.pos + this.#insertedBytes
  }

  /** Returns the position of `size` writable bytes and moves past them. */
  reserve(size: number): number {
    const start = this.pos
    const end = start + size
    if (end > this.buf.length) this.#grow(end)
    this.pos = end
    return start
  }

  #grow(atLeast: number): void {
    const next = Buffer.allocUnsafeSlow(Math.max(atLeast, this.buf.length * 2))
    this.buf.copy(next, 0, 0, this.pos)
    this.buf = next
    this.view = new DataView(next.buffer)
  }

  reset(): this {
    this.pos = 0
    if (this.#inserted.length > 0) this.#inserted = []
    this.#insertedBytes = 0
    return this
  }

  /** A view on what was written; valid until the next write. Throws if records were inserted. */
  written(): Buffer {
    if (this.#inserted.length > 0) throw new WireError('written() cannot show inserted records; take chunks()')
    return this.buf.subarray(0, this.pos)
  }

  /** The frame as buffers of its own (inserted records as they are); the writer can be used again at once. */
  chunks(): Uint8Array[] {
    const own = Buffer.allocUnsafe(this.pos)
    this.buf.copy(own, 0, 0, this.pos)
    if (this.#inserted.length === 0) return [own]
    const out: Uint8Array[] = []
    let from = 0
    for (const { at, bytes } of this.#inserted) {
      if (at > from) out.push(own.subarray(from, at))
      out.push(bytes)
      from = at
    }
    if (from < own.length) out.push(own.subarray(from))
    return out
  }

  bool(v: boolean): void {
    const p = this.reserve(1)
    this.buf[p] = v ? 1 : 0
  }

  int8(v: number): void {
    if ((v << 24) >> 24 !== v) notAn('int8', v)
    const p = this.reserve(1)
    this.view.setInt8(p, v)
  }

  int16(v: number): void {
    if ((v << 16) >> 16 !== v) notAn('int16', v)
    const p = this.reserve(2)
    this.view.setInt16(p, v)
  }

  uint16(v: number): void {
    if ((v & 0xffff) !== v) notAn('uint16', v)
    const p = this.reserve(2)
    this.view.setUint16(p, v)
  }

  int32(v: number): void {
    if ((v | 0) !== v) notAn('int32', v)
    const p = this.reserve(4)
    this.view.setInt32(p, v)
  }

  int64(v: bigint): void {
    if (typeof v !== 'bigint' || BigInt.asIntN(64, v) !== v) notAn('int64', v)
    const p = this.reserve(8)
    this.view.setBigInt64(p, v)
  }

  /** A 64-bit integer carried as a JavaScript number; only safe integers are accepted. */
  offset(v: number): void {
    if (!Number.isSafeInteger(v)) notAn('offset', v)
    const p = this.reserve(8)
    this.view.setInt32(p, Math.floor(v / 4294967296))
    this.view.setUint32(p + 4, v >>> 0)
  }

  float64(v: number): void {
    if (typeof v !== 'number') notAn('float64', v)
    const p = this.reserve(8)
    this.view.setFloat64(p, v)
  }

  uvarint(v: number): void {
    let p = this.reserve(5)
    const buf = this.buf
    while (v > 0x7f) {
      buf[p++] = (v & 0x7f) | 0x80
      v >>>= 7
    }
    buf[p++] = v
    this.pos = p
  }

  /** A UUID as 32 hexadecimal digits. */
  uuid(v: string): void {
    const p = this.reserve(16)
    if (v.length !== 32 || this.buf.write(v, p, 16, 'hex') !== 16) notAn('uuid', v)
  }

  string(v: string | null): void {
    if (v === null) return this.int16(-1)
    if (typeof v !== 'string') notAn('string', v)
    const p = this.reserve(2)
    const size = this.#utf8(v)
    if (size > 0x7fff) throw new WireError(`a string of ${size} bytes is longer than 32767`)
    this.view.setInt16(p, size)
  }

  compactString(v: string | null): void {
    if (v === null) return this.uvarint(0)
    if (typeof v !== 'string') notAn('string', v)
    // The length prefix of a string of up to 126 bytes is one byte, so it can be filled in afterwards.
    if (v.length < 42) {
      const p = this.reserve(1)
      const size = this.#utf8(v) // may move `this.buf`, so it has to come before the store
      this.buf[p] = size + 1
      return
    }
    this.uvarint(Buffer.byteLength(v) + 1)
    this.#utf8(v)
  }

  #utf8(v: string): number {
    const length = v.length
    const p = this.reserve(length * 3)
    if (length <= SHORT_STRING_BYTES_MAX) {
      const buf = this.buf
      let i = 0
      for (; i < length; i++) {
        const c = v.charCodeAt(i)
        if (c > 0x7f) break
        buf[p + i] = c
      }
      if (i === length) {
        this.pos = p + length
        return length
      }
    }
    const size = this.buf.utf8Write(v, p)
    this.pos = p + size
    return size
  }

  bytes(v: Uint8Array | null): void {
    if (v === null) return this.int32(-1)
    this.int32(v.length)
    this.raw(v)
  }

  compactBytes(v: Uint8Array | null): void {
    if (v === null) return this.uvarint(0)
    this.uvarint(v.length + 1)
    this.raw(v)
  }

  records(v: RecordsInput): void {
    if (v === null) return this.int32(-1)
    this.int32(sizeOf(v))
    this.#insert(v)
  }

  compactRecords(v: RecordsInput): void {
    if (v === null) return this.uvarint(0)
    this.uvarint(sizeOf(v) + 1)
    this.#insert(v)
  }

  #insert(v: Uint8Array | readonly Uint8Array[]): void {
    if (v instanceof Uint8Array) {
      if (v.length <= COPIED_RECORDS_BYTES_MAX) return this.raw(v)
      this.#inserted.push({ at: this.pos, bytes: v })
      this.#insertedBytes += v.length
      return
    }
    for (const part of v) this.#insert(part)
  }

  raw(v: Uint8Array): void {
    const p = this.reserve(v.length)
    this.buf.set(v, p)
  }

  arrayLength(length: number): void {
    this.int32(length)
  }

  compactArrayLength(length: number): void {
    this.uvarint(length + 1)
  }

  /** Keeps a place for the size of what is written next, which `endSized` fills in. */
  beginSized(): number {
    return this.reserve(1)
  }

  endSized(place: number): void {
    const size = this.pos - place - 1
    if (size <= 0x7f) {
      this.buf[place] = size
      return
    }
    // The size takes more than the byte that was kept for it.
    const value = Buffer.from(this.buf.subarray(place + 1, this.pos))
    this.pos = place
    this.uvarint(size)
    this.raw(value)
  }
}

function sizeOf(v: Uint8Array | readonly Uint8Array[]): number {
  if (v instanceof Uint8Array) return v.length
  let size = 0
  for (const part of v) size += part.length
  return size
}

declare global {
  // Present in every Node.js release, but missing from @types/node.
  interface Buffer {
    utf8Slice(start: number, end: number): string
    utf8Write(string: string, offset: number): number
    hexSlice(start: number, end: number): string
  }
}
