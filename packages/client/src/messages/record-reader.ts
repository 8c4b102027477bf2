/**
 * Walks the records of a batch and notes where things are, without making anything: what `Message` needs to be lazy.
 * Offsets, sizes and counts are checked against the batch; a broken one throws `WireError` (the fetcher says where).
 */
import { type Header, WireError } from '@tidemark/protocol'

export class RecordReader {
  readonly body: Buffer
  #pos = 0
  offsetDelta = 0
  timeDelta = 0
  keyAt = 0
  keySize = -1
  valueAt = 0
  valueSize = -1

  constructor(body: Buffer) {
    this.body = body
  }

  /** Moves to the next record. Call it as often as the batch says that it has records. */
  next(): void {
    const size = this.#varint()
    const end = this.#pos + size
    if (size < 0 || end > this.body.length) throw new WireError(`a record of ${size} bytes ends beyond its batch`)
    this.#pos++ // attributes: unused in format v2
    this.timeDelta = this.#varlong()
    this.offsetDelta = this.#varint()
    this.keySize = this.#varint()
    this.keyAt = this.#pos
    if (this.keySize > 0) this.#pos += this.keySize
    if (this.#pos > end) throw new WireError('a key ends beyond its record')
    this.valueSize = this.#varint()
    this.valueAt = this.#pos
    if (this.valueSize > 0 ? this.valueAt + this.valueSize >= end : this.valueAt >= end) {
      throw new WireError('a value ends beyond its record')
    }
    this.#pos = end
  }

  #varint(): number {
    const { body } = this
    let z = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const b = body[this.#pos++]
      if (b === undefined) throw new WireError('a varint ends beyond its batch')
      z |= (b & 0x7f) << shift
      if (b < 0x80) return (z >>> 1) ^ -(z & 1)
    }
    throw new WireError('a varint is longer than 5 bytes')
  }

  #varlong(): number {
    const { body } = this
    let z = 0
    let unit = 1
    for (let i = 0; i < 10; i++) {
      const b = body[this.#pos++]
      if (b === undefined) throw new WireError('a varint ends beyond its batch')
      z += (b & 0x7f) * unit
      unit *= 128
      if (b < 0x80) return z % 2 === 0 ? z / 2 : -(z + 1) / 2
    }
    throw new WireError('a varint is longer than 10 bytes')
  }
}

const NO_HEADERS: readonly Header[] = []

/** The headers whose count stands at `at`. `onEnd` is told where they end. Throws `WireError` for broken ones. */
export function readHeaders(body: Buffer, at: number, onEnd?: (end: number) => void): readonly Header[] {
  const count = varintAt(body, at)
  at = varintEnd(body, at)
  if (count === 0) {
    onEnd?.(at)
    return NO_HEADERS
  }
  if (count < 0 || count > body.length - at) throw new WireError(`a record has ${count} headers`)
  const headers: Header[] = []
  for (let i = 0; i < count; i++) {
    const keySize = varintAt(body, at)
    const keyAt = varintEnd(body, at)
    if (keySize < 0 || keyAt + keySize > body.length) throw new WireError('the name of a header ends beyond its batch')
    const valueSize = varintAt(body, keyAt + keySize)
    const valueAt = varintEnd(body, keyAt + keySize)
    at = valueAt + Math.max(0, valueSize)
    if (at > body.length) throw new WireError('a header ends beyond its batch')
    headers.push({ key: body.utf8Slice(keyAt, keyAt + keySize), value: valueSize < 0 ? null : body.subarray(valueAt, at) })
  }
  onEnd?.(at)
  return headers
}

function varintAt(body: Buffer, at: number): number {
  let z = 0
  for (let shift = 0; shift < 35; shift += 7) {
    const b = body[at++]
    if (b === undefined) break
    z |= (b & 0x7f) << shift
    if (b < 0x80) return (z >>> 1) ^ -(z & 1)
  }
  throw new WireError('a varint is cut off or too long')
}

function varintEnd(body: Buffer, at: number): number {
  while (body[at]! >= 0x80) at++
  return at + 1
}
