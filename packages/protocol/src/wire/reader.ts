/**
 * Reads Kafka's primitives from one buffer, every access checked against its end.
 *
 * A length on the wire is believed only after the bytes it speaks of were seen to be there: nothing is allocated
 * for a hostile one. Bytes, records and keys are views on the buffer, never copies.
 */
import { unexpectedNull, WireError } from './error.ts'

/** A field that Kafka carries as int64 and we as a number holds NaN when the value is not a safe integer. */
export const UNSAFE_INTEGER = Number.NaN

/** What the int16 before a plain string can say; a compact one, whose length may say more, is held to the same. */
const STRING_BYTES_MAX = 32_767

export class Reader {
  readonly buf: Buffer
  readonly view: DataView
  readonly end: number
  pos = 0

  constructor(bytes: Uint8Array) {
    this.buf = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    this.end = bytes.length
  }

  get left(): number {
    return this.end - this.pos
  }

  /** Returns the position of `size` readable bytes and moves past them. */
  take(size: number): number {
    const start = this.pos
    const end = start + size
    if (end > this.end || size < 0) underflow(size, this.end - start)
    this.pos = end
    return start
  }

  bool(): boolean {
    return this.buf[this.take(1)] !== 0
  }

  int8(): number {
    return this.view.getInt8(this.take(1))
  }

  int16(): number {
    return this.view.getInt16(this.take(2))
  }

  uint16(): number {
    return this.view.getUint16(this.take(2))
  }

  int32(): number {
    return this.view.getInt32(this.take(4))
  }

  int64(): bigint {
    return this.view.getBigInt64(this.take(8))
  }

  offset(): number {
    const p = this.take(8)
    const v = this.view.getInt32(p) * 4294967296 + this.view.getUint32(p + 4)
    return Number.isSafeInteger(v) ? v : UNSAFE_INTEGER
  }

  float64(): number {
    return this.view.getFloat64(this.take(8))
  }

  uvarint(): number {
    let v = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const b = this.buf[this.take(1)]!
      v |= (b & 0x7f) << shift
      if (b < 0x80) return v >>> 0
    }
    throw new WireError('an unsigned varint is longer than 5 bytes')
  }

  /** A UUID as 32 hexadecimal digits. */
  uuid(): string {
    const p = this.take(16)
    return this.buf.hexSlice(p, p + 16)
  }

  string(): string {
    return this.nullableString() ?? unexpectedNull()
  }

  nullableString(): string | null {
    const size = this.int16()
    return size === -1 ? null : this.#utf8(size)
  }

  compactString(): string {
    return this.compactNullableString() ?? unexpectedNull()
  }

  compactNullableString(): string | null {
    const size = this.uvarint() - 1
    if (size > STRING_BYTES_MAX) throw new WireError(`a string of ${size} bytes is longer than ${STRING_BYTES_MAX}`)
    return size === -1 ? null : this.#utf8(size)
  }

  #utf8(size: number): string {
    if (size === 0) return ''
    const p = this.take(size)
    return this.buf.utf8Slice(p, p + size)
  }

  bytes(): Buffer {
    return this.nullableBytes() ?? unexpectedNull()
  }

  nullableBytes(): Buffer | null {
    const size = this.int32()
    return size === -1 ? null : this.slice(size)
  }

  compactBytes(): Buffer {
    return this.compactNullableBytes() ?? unexpectedNull()
  }

  compactNullableBytes(): Buffer | null {
    const size = this.uvarint() - 1
    return size === -1 ? null : this.slice(size)
  }

  /** A view on the next `size` bytes. */
  slice(size: number): Buffer {
    const p = this.take(size)
    return this.buf.subarray(p, p + size)
  }

  /**
   * The number of elements that follow, or -1 for null; refused if so many of at least `elementBytesMin` cannot be
   * there.
   */
  arrayLength(elementBytesMin: number): number {
    return this.#believable(this.int32(), elementBytesMin)
  }

  compactArrayLength(elementBytesMin: number): number {
    return this.#believable(this.uvarint() - 1, elementBytesMin)
  }

  #believable(length: number, elementBytesMin: number): number {
    if (length * elementBytesMin > this.end - this.pos || length < -1) {
      throw new WireError(`an array of ${length} elements cannot fit in ${this.end - this.pos} bytes`)
    }
    return length
  }
}

function underflow(wanted: number, left: number): never {
  throw new WireError(`${wanted} bytes wanted, ${left} left`)
}
