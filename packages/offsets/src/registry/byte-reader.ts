/**
 * The bytes of one key or value, read once from the front, for Avro and Protobuf alike. It never reads past the end, and
 * what may come out of it is bounded: a few bytes can claim to be billions of empty values, or nest without end.
 */
import { Undecodable } from './problem.ts'

const DEPTH_MAX = 100
/** Characters of JSON that any record may become, and how many more for each of its bytes: names of fields are repeated. */
const OUTPUT_MIN = 256 * 1024
const OUTPUT_PER_BYTE = 64

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })

/** Shared by the nested readers of one record. */
interface Budget {
  left: number
}

export class ByteReader {
  readonly #bytes: Buffer
  readonly #budget: Budget
  #at: number
  readonly #end: number

  constructor(bytes: Buffer, at = 0, end = bytes.length, budget: Budget = { left: OUTPUT_MIN + OUTPUT_PER_BYTE * bytes.length }) {
    this.#bytes = bytes
    this.#at = at
    this.#end = end
    this.#budget = budget
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#end
  }

  get left(): number {
    return this.#end - this.#at
  }

  /** Called for every value that is made, whether it has bytes or not. */
  spend(characters: number): void {
    this.#budget.left -= characters + 1
    if (this.#budget.left < 0) throw new Undecodable(`its ${this.#bytes.length} bytes become more values than any true record has`)
  }

  /** The depth within. */
  deeper(depth: number): number {
    if (depth >= DEPTH_MAX) throw new Undecodable(`its values nest more than ${DEPTH_MAX} deep`)
    return depth + 1
  }

  take(length: number): Buffer {
    if (length > this.left) throw new Undecodable(`it is cut short: ${length - this.left} bytes are missing at its end`)
    const taken = this.#bytes.subarray(this.#at, this.#at + length)
    this.#at += length
    return taken
  }

  byte(): number {
    return this.take(1)[0]!
  }

  text(length: number): string {
    return utf8.decode(this.take(length))
  }

  /** The next `length` bytes, to be read by themselves. */
  within(length: number): ByteReader {
    const from = this.#at
    this.take(length)
    return new ByteReader(this.#bytes, from, from + length, this.#budget)
  }

  /** The same from here on, at the cost of the same budget. */
  fork(): ByteReader {
    return new ByteReader(this.#bytes, this.#at, this.#end, this.#budget)
  }

  /** Bytes that were found within these, read at the cost of the same budget. */
  over(bytes: Buffer): ByteReader {
    return new ByteReader(bytes, 0, bytes.length, this.#budget)
  }

  /** Base 128, of at most 64 bits, unsigned. */
  varint(): bigint {
    let low = 0
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.byte()
      low |= (byte & 0x7f) << shift
      if (byte < 0x80) return BigInt(low)
    }
    let value = BigInt(low)
    for (let shift = 28n; shift < 70n; shift += 7n) {
      const byte = this.byte()
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return BigInt.asUintN(64, value)
    }
    throw new Undecodable('it has a number of more than 64 bits')
  }

  zigzag(): bigint {
    const value = this.varint()
    return (value >> 1n) ^ -(value & 1n)
  }

  /** A length or a count that is not negative; what is too large is found by `take`. */
  length(value: bigint): number {
    if (value < 0n) throw new Undecodable(`it has a length of ${value}`)
    return Number(value)
  }
}
