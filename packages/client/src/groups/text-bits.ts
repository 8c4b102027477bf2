/**
 * Bits as text, 15 to a character. A broker counts the metadata of a commit in UTF-16 units, and each of the 32,768
 * characters used here is one unit (U+3400 to U+9FFF, then Hangul from U+AC00). Numbers are written plainly, or in
 * Rice code: the multiple of 2^k in ones and a zero, the rest in k bits. A reader returns undefined where the text
 * ends or holds another character.
 */
const BITS_A_UNIT = 15
const FIRST = 0x3400
const FIRST_COUNT = 0xa000 - FIRST
const SECOND = 0xac00

const unitOf = (value: number): number => (value < FIRST_COUNT ? FIRST + value : SECOND + value - FIRST_COUNT)

function bitsOf(unit: number): number | undefined {
  const value = unit < SECOND ? unit - FIRST : unit - SECOND + FIRST_COUNT
  return value >= 0 && value < 2 ** BITS_A_UNIT && unitOf(value) === unit ? value : undefined
}

export class TextBitsWriter {
  readonly #units: number[] = []
  #bitsLeft: number
  #pending = 0
  #filled = 0

  constructor(unitsMax: number) {
    this.#bitsLeft = unitsMax * BITS_A_UNIT
  }

  /** Returns false, and writes nothing, where there is no space left. */
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
    const units = this.#filled === 0 ? this.#units : [...this.#units, unitOf(this.#pending << (BITS_A_UNIT - this.#filled))]
    return String.fromCharCode(...units)
  }

  #bit(bit: number): void {
    this.#bitsLeft--
    this.#pending = (this.#pending << 1) | bit
    if (++this.#filled < BITS_A_UNIT) return
    this.#units.push(unitOf(this.#pending))
    this.#pending = 0
    this.#filled = 0
  }
}

export class TextBitsReader {
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
    const value = bitsOf(this.#text.charCodeAt(Math.floor(this.#at / BITS_A_UNIT)))
    if (value === undefined) return undefined
    return (value >> (BITS_A_UNIT - 1 - (this.#at++ % BITS_A_UNIT))) & 1
  }
}
