/** At most so many turns a second. */
import { type Clock, sleep } from '@tidemark/platform'

export class Pace {
  readonly #clock: Clock
  readonly #everyMs: number
  #nextMs = 0

  /** `rate`: turns a second; may be Infinity. */
  constructor(clock: Clock, rate: number) {
    this.#clock = clock
    this.#everyMs = 1_000 / rate
  }

  /** Resolves when it is the caller's turn, in the order of the calls; rejects with the reason of `signal`. */
  async turn(signal: AbortSignal): Promise<void> {
    if (this.#everyMs === 0) return
    const nowMs = this.#clock.monotonic()
    const atMs = Math.max(nowMs, this.#nextMs)
    this.#nextMs = atMs + this.#everyMs
    if (atMs > nowMs) await sleep(this.#clock, atMs - nowMs, signal)
  }
}
