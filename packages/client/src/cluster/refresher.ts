/**
 * Looks topics up, one Metadata request at a time: whatever is asked for while one is under way goes together into the next.
 *
 * A look-up that repeats another is held back by `retry`'s delays, growing as long as answers leave something open; one for
 * topics never asked for goes out at once.
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
  readonly #take: (names: readonly string[], answer: MetadataResponse) => boolean
  #wanted = new Map<string, boolean>()
  #urgent = false
  #next: Promise<void> | undefined
  #current: Promise<unknown> = Promise.resolve()
  #open = 0
  #lastMs = Number.NEGATIVE_INFINITY

  /** `take` applies an answer and says whether it left nothing open. */
  constructor(
    clock: Clock,
    random: Random,
    delays: RetryDelays,
    ask: AskMetadata,
    take: (names: readonly string[], answer: MetadataResponse) => boolean,
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
    const waitMs = this.#lastMs + backoffMs(this.#random, this.#delays, Math.max(1, this.#open)) - this.#clock.monotonic()
    if (!this.#urgent && waitMs > 0) await pause(this.#clock, waitMs, 'Metadata', undefined)
    const wanted = [...this.#wanted]
    this.#wanted = new Map()
    this.#next = undefined
    this.#urgent = false
    const creating = wanted.filter(([, autoCreate]) => autoCreate).map(([name]) => name)
    const looking = wanted.filter(([, autoCreate]) => !autoCreate).map(([name]) => name)
    let settled = false
    try {
      // Creation is a flag of the whole request, and a look-up must not create.
      settled = looking.length === 0 && creating.length > 0 ? true : await this.#one(looking, false)
      if (creating.length > 0) settled = (await this.#one(creating, true)) && settled
    } finally {
      this.#lastMs = this.#clock.monotonic()
      this.#open = settled ? 0 : this.#open + 1
    }
  }

  async #one(names: readonly string[], autoCreate: boolean): Promise<boolean> {
    const { body } = await this.#ask(names, autoCreate)
    return this.#take(names, body)
  }
}
