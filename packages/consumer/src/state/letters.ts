/**
 * Bits as text, 15 to a letter: what counts in the metadata of a commit are units of UTF-16, and each of these letters is one of them
 * (U+3400 to U+9FFF, then Hangul from U+AC00 on). Numbers are written plainly, or in Rice code: the multiple of 2^k in ones and a zero,
 * the rest in k bits. A reader returns undefined where the text ends or is none of ours.
 */
const BITS_A_LETTER = 15
const FIRST = 0x3400
const FIRST_COUNT = 0xa000 - FIRST
const SECOND = 0xac00

const unitOf = (value: number): number => (value < FIRST_COUNT ? FIRST + value : SECOND + value - FIRST_COUNT)

function letterOf(unit: number): number | undefined {
  const value = unit < SECOND ? unit - FIRST : unit - SECOND + FIRST_COUNT
  return value >= 0 && value < 2 ** BITS_A_LETTER && unitOf(value) === unit ? value : undefined
}

export class LetterWriter {
  readonly #units: number[] = []
  #bitsLeft: number
  #letter = 0
  #filled = 0

  constructor(unitsMax: number) {
    this.#bitsLeft = unitsMax * BITS_A_LETTER
  }

  /** False: there is no room, and nothing was written. */
  number(value: number, bits: number): boolean {
    if (bits > this.#bitsLeft) return false
    for (let bit = bits - 1; bit >= 0; bit--) this.#bit(Math.floor(value / 2 ** bit) % 2)
    return true
  }

  rice(value: number, k: number): boolean {
    const ones = Math.floor(value / 2 ** k)
    if (ones + 1 + k > this.#bitsLeft) return false
    for (let i = 0; i < ones; i++) this.#bit(1)
    this.#bit(0)
    return this.number(value % 2 ** k, k)
  }

  get text(): string {
    const units = this.#filled === 0 ? this.#units : [...this.#units, unitOf(this.#letter << (BITS_A_LETTER - this.#filled))]
    return String.fromCharCode(...units)
  }

  #bit(bit: number): void {
    this.#bitsLeft--
    this.#letter = (this.#letter << 1) | bit
    if (++this.#filled < BITS_A_LETTER) return
    this.#units.push(unitOf(this.#letter))
    this.#letter = 0
    this.#filled = 0
  }
}

export class LetterReader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  number(bits: number): number | undefined {
    let value = 0
    for (let i = 0; i < bits; i++) {
      const bit = this.#bit()
      if (bit === undefined) return undefined
      value = value * 2 + bit
    }
    return value
  }

  rice(k: number): number | undefined {
    let ones = 0
    for (let bit = this.#bit(); bit !== 0; bit = this.#bit()) {
      if (bit === undefined) return undefined
      ones++
    }
    const rest = this.number(k)
    return rest === undefined ? undefined : ones * 2 ** k + rest
  }

  #bit(): number | undefined {
    const value = letterOf(this.#text.charCodeAt(Math.floor(this.#at / BITS_A_LETTER)))
    if (value === undefined) return undefined
    return (value >> (BITS_A_LETTER - 1 - (this.#at++ % BITS_A_LETTER))) & 1
  }
}
