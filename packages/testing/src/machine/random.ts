import type { Random } from '@tidemark/platform'

/** All chance of a run, from its seed (mulberry32). */
export class SeededRandom implements Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed | 0
  }

  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }

  uuid(): string {
    let hex = ''
    while (hex.length < 32) {
      hex += Math.floor(this.next() * 2 ** 32)
        .toString(16)
        .padStart(8, '0')
    }
    return hex
  }

  chance(probability: number): boolean {
    return this.next() < probability
  }

  /** An integer in [0, n). */
  below(n: number): number {
    return Math.floor(this.next() * n)
  }

  between(from: number, to: number): number {
    return from + this.next() * (to - from)
  }

  /** A generator of its own, so that one part of the world does not disturb the chance of another. */
  fork(): SeededRandom {
    return new SeededRandom(Math.floor(this.next() * 2 ** 32))
  }
}
