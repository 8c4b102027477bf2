/** One answer for all requests within a time: a look at all groups reads much of the cluster. */
import type { Clock } from '@tidemark/platform'

export class Shared<T> {
  readonly #clock: Clock
  readonly #holdsForMs: number
  readonly #make: () => Promise<T>
  #held: { readonly answer: Promise<T>; readonly untilMs: number } | undefined

  constructor(clock: Clock, holdsForMs: number, make: () => Promise<T>) {
    this.#clock = clock
    this.#holdsForMs = holdsForMs
    this.#make = make
  }

  /** A failure is not kept: the next one asks again. */
  get(): Promise<T> {
    const nowMs = this.#clock.monotonic()
    if (this.#held !== undefined && nowMs < this.#held.untilMs) return this.#held.answer
    const answer = this.#make()
    const held = { answer, untilMs: nowMs + this.#holdsForMs }
    this.#held = held
    answer.catch(() => {
      // The callers have the error; here it only has to be forgotten.
      if (this.#held === held) this.#held = undefined
    })
    return answer
  }
}
