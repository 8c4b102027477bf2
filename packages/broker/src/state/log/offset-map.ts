/**
 * The last offset of each key, in memory that does not grow (Kafka's `SkimpyOffsetMap`): an open hash table over 16
 * bytes of a cryptographic hash of the key, so that two keys are never taken for one.
 *
 * ```
 * a slot: hash 16 bytes   offset + 1 float64 (0: the slot is free)
 * ```
 */

/** At least 16 bytes, for any key. */
export type KeyHash = (key: Uint8Array) => Uint8Array

const HASH_BYTES = 16
const SLOT_BYTES = HASH_BYTES + 8
/** Beyond it a look-up would walk over too many slots. */
const FULL_PART = 0.75
const SLOTS_MIN = 64

export class OffsetMap {
  readonly #hash: KeyHash
  readonly #words: Uint32Array
  readonly #offsets: Float64Array
  readonly #mask: number
  readonly #countMax: number
  #count = 0
  /** The last offset that was put in; -1 before the first. */
  latest = -1

  /** Holds `keys` keys, or as many as fit into `bytesMax`. */
  constructor(keys: number, bytesMax: number, hash: KeyHash) {
    this.#hash = hash
    const wanted = powerOfTwo(Math.max(SLOTS_MIN, keys / FULL_PART), Math.ceil)
    const affordable = powerOfTwo(Math.max(SLOTS_MIN, bytesMax / SLOT_BYTES), Math.floor)
    const slots = Math.min(wanted, affordable)
    this.#words = new Uint32Array(slots * (HASH_BYTES / 4))
    this.#offsets = new Float64Array(slots)
    this.#mask = slots - 1
    this.#countMax = Math.floor(slots * FULL_PART)
  }

  get count(): number {
    return this.#count
  }

  /** Offsets come in their order. False: the map is full, and does not have this key. */
  put(key: Uint8Array, offset: number): boolean {
    const hash = this.#wordsOf(key)
    const slot = this.#slotOf(hash)
    if (this.#offsets[slot] === 0) {
      if (this.#count >= this.#countMax) return false
      this.#words.set(hash, slot * 4)
      this.#count++
    }
    this.#offsets[slot] = offset + 1
    this.latest = offset
    return true
  }

  /** -1: the key was not put in. */
  get(key: Uint8Array): number {
    return this.#offsets[this.#slotOf(this.#wordsOf(key))]! - 1
  }

  #wordsOf(key: Uint8Array): Uint32Array {
    const { buffer, byteOffset } = this.#hash(key)
    // Digests lie at any offset of a pool.
    return byteOffset % 4 === 0
      ? new Uint32Array(buffer, byteOffset, HASH_BYTES / 4)
      : new Uint32Array(buffer.slice(byteOffset, byteOffset + HASH_BYTES))
  }

  /** That of the hash, or the free one where it belongs. */
  #slotOf(hash: Uint32Array): number {
    const words = this.#words
    for (let slot = hash[0]! & this.#mask; ; slot = (slot + 1) & this.#mask) {
      if (this.#offsets[slot] === 0) return slot
      const at = slot * 4
      const isSame = words[at] === hash[0] && words[at + 1] === hash[1] && words[at + 2] === hash[2] && words[at + 3] === hash[3]
      if (isSame) return slot
    }
  }
}

const powerOfTwo = (count: number, round: (exponent: number) => number): number => 2 ** round(Math.log2(count))
