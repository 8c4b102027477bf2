/**
 * Zigzag varints, the integers inside a record (KIP-98): 32-bit ones in `number` arithmetic, 64-bit ones exact up to
 * 2^53.
 */
import { WireError } from '../wire/error.ts'

export const varintSize = (v: number): number => {
  let z = ((v << 1) ^ (v >> 31)) >>> 0
  let size = 1
  while (z > 0x7f) {
    z >>>= 7
    size++
  }
  return size
}

/** Writes `v` (int32) at `at` and returns the position behind it. */
export function putVarint(buf: Uint8Array, at: number, v: number): number {
  let z = ((v << 1) ^ (v >> 31)) >>> 0
  while (z > 0x7f) {
    buf[at++] = (z & 0x7f) | 0x80
    z >>>= 7
  }
  buf[at++] = z
  return at
}

export const varlongSize = (v: number): number => {
  let z = v < 0 ? -2 * v - 1 : 2 * v
  let size = 1
  while (z > 0x7f) {
    z = Math.floor(z / 128)
    size++
  }
  return size
}

/** Writes a 64-bit zigzag varint; `v` must lie within ±2^52. */
export function putVarlong(buf: Uint8Array, at: number, v: number): number {
  let z = v < 0 ? -2 * v - 1 : 2 * v
  while (z > 0x7f) {
    buf[at++] = (z % 128) | 0x80
    z = Math.floor(z / 128)
  }
  buf[at++] = z
  return at
}

/** Reads varints one after the other from a buffer that it does not own. */
export class VarintReader {
  readonly buf: Uint8Array
  readonly end: number
  pos: number

  constructor(buf: Uint8Array, pos: number, end: number) {
    this.buf = buf
    this.pos = pos
    this.end = end
  }

  varint(): number {
    const { buf, end } = this
    let p = this.pos
    let z = 0
    for (let shift = 0; shift < 35; shift += 7) {
      if (p >= end) throw new WireError('a varint ends beyond its record')
      const b = buf[p++]!
      z |= (b & 0x7f) << shift
      if (b < 0x80) {
        this.pos = p
        return (z >>> 1) ^ -(z & 1)
      }
    }
    throw new WireError('a varint is longer than 5 bytes')
  }

  /** A value beyond 2^53 loses its last digits: these are time deltas, and nothing is decided by such a one. */
  varlong(): number {
    const { buf, end } = this
    let p = this.pos
    let z = 0
    let unit = 1
    for (let i = 0; i < 10; i++) {
      if (p >= end) throw new WireError('a varint ends beyond its record')
      const b = buf[p++]!
      z += (b & 0x7f) * unit
      unit *= 128
      if (b < 0x80) {
        this.pos = p
        return z % 2 === 0 ? z / 2 : -(z + 1) / 2
      }
    }
    throw new WireError('a varint is longer than 10 bytes')
  }
}
