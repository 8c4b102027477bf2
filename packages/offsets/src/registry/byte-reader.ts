/**
 * The bytes of one key or value, read once from the front, for Avro and Protobuf alike. It never reads past the end,
 * and what may come out of it is bounded: a few bytes can claim to be billions of empty values, or nest without end.
 */
import { Undecodable } from './problem.ts'

const DEPTH_MAX = 100
/**
 * What any record may become, in characters of JSON, and how many more for each of its bytes: names of fields are
 * repeated. None may become more than the last, which is a few hundred megabytes of values.
 */
const OUTPUT_MIN = 256 * 1024
const OUTPUT_PER_BYTE = 128
export const OUTPUT_MAX = 32 * 1024 * 1024
/** A value takes more memory than its digits, an object or a list than its brackets, a field than its name. */
const VALUE_COST = 4
export const CONTAINER_COST = 32
const FIELD_COST = 8
/** Of bytes that are read a second time, within others: a part of what characters cost. */
const BYTES_FOR_ONE = 4

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })

/** Shared by the nested readers of one record. */
interface Budget {
  readonly bytes: number
  left: number
}

const budgetFor = (bytes: number): Budget => ({ bytes, left: Math.min(OUTPUT_MIN + OUTPUT_PER_BYTE * bytes, OUTPUT_MAX) })

export class ByteReader {
  readonly #bytes: Buffer
  readonly #budget: Budget
  #at: number
  readonly #end: number

  constructor(bytes: Buffer, at = 0, end = bytes.length, budget: Budget = budgetFor(bytes.length)) {
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
    this.#budget.left -= characters + VALUE_COST
    if (this.#budget.left < 0) throw new Undecodable(`its ${this.#budget.bytes} bytes become more values than any true record has`)
  }

  /** Called for every field of an object. */
  spendName(name: string): void {
    this.spend(FIELD_COST + name.length)
  }

  /** Called for every object and list: the depth within. */
  deeper(depth: number): number {
    if (depth >= DEPTH_MAX) throw new Undecodable(`its values nest more than ${DEPTH_MAX} deep`)
    this.spend(CONTAINER_COST)
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
    this.spend(Math.floor(bytes.length / BYTES_FOR_ONE))
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
