/**
 * Looks topics up, one Metadata request at a time: whatever is asked for while one is under way goes together into the next.
 *
 * Look-ups keep a distance, the first of `retry`'s delays at most, which grows while no broker can be asked; one for topics never
 * asked for goes out at once. Whoever asks again because an answer left something open waits by a delay of its own.
 */
import type { Clock, Random } from '@tidemark/platform'
import type { apis, MetadataResponse } from '@tidemark/protocol'
import { pause } from '../connect/abortable.ts'
import { backoffMs, type RetryDelays } from '../connect/backoff.ts'
import type { Answer } from './types.ts'

export type AskMetadata = (names: readonly string[], autoCreate: boolean) => Promise<Answer<(typeof apis)['Metadata']>>

export class Refresher {
  readonly #clock: Clock
  readonly #random: Random
  readonly #delays: RetryDelays
  readonly #ask: AskMetadata
  readonly #take: (names: readonly string[], answer: MetadataResponse) => void
  #wanted = new Map<string, boolean>()
  #urgent = false
  #next: Promise<void> | undefined
  #current: Promise<unknown> = Promise.resolve()
  #failures = 0
  #lastMs = Number.NEGATIVE_INFINITY

  /** `take` applies an answer. */
  constructor(
    clock: Clock,
    random: Random,
    delays: RetryDelays,
    ask: AskMetadata,
    take: (names: readonly string[], answer: MetadataResponse) => void,
  ) {
    this.#clock = clock
    this.#random = random
    this.#delays = delays
    this.#ask = ask
    this.#take = take
  }

  /** Resolves once an answer that was asked for after this call has been applied. `urgent`: not to be held back. */
  refresh(names: Iterable<string>, autoCreate: boolean, urgent: boolean): Promise<void> {
    for (const name of names) this.#wanted.set(name, autoCreate || (this.#wanted.get(name) ?? false))
    this.#urgent ||= urgent
    if (this.#next === undefined) {
      this.#next = this.#current.then(() => this.#fly())
      this.#current = this.#next.catch(() => {})
    }
    return this.#next
  }

  async #fly(): Promise<void> {
    const waitMs = this.#lastMs + backoffMs(this.#random, this.#delays, Math.max(1, this.#failures)) - this.#clock.monotonic()
    if (!this.#urgent && waitMs > 0) await pause(this.#clock, waitMs, 'Metadata', undefined)
    const wanted = [...this.#wanted]
    this.#wanted = new Map()
    this.#next = undefined
    this.#urgent = false
    const creating = wanted.filter(([, autoCreate]) => autoCreate).map(([name]) => name)
    const looking = wanted.filter(([, autoCreate]) => !autoCreate).map(([name]) => name)
    try {
      // Creation is a flag of the whole request, and a look-up must not create.
      if (looking.length > 0 || creating.length === 0) await this.#one(looking, false)
      if (creating.length > 0) await this.#one(creating, true)
      this.#failures = 0
    } catch (error) {
      this.#failures++
      throw error
    } finally {
      this.#lastMs = this.#clock.monotonic()
    }
  }

  async #one(names: readonly string[], autoCreate: boolean): Promise<void> {
    const { body } = await this.#ask(names, autoCreate)
    this.#take(names, body)
  }
}
