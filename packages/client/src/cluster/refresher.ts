/**
 * Looks topics up, one Metadata request at a time: topics that are wanted while one is in flight go together into the
 * next.
 *
 * Two look-ups are at most the first of `retry`'s delays apart, and further while no broker can be reached. One for
 * topics that are not known yet goes out at once. A caller that looks up again because an answer left something open
 * waits by a delay of its own.
 */
import type { Clock, Delays, Random } from '@tidemark/platform'
import type { apis, MetadataResponse } from '@tidemark/protocol'
import { backoffMs } from '../retry.ts'
import type { Answer } from './types.ts'

export type AskMetadata = (names: readonly string[], autoCreate: boolean) => Promise<Answer<(typeof apis)['Metadata']>>

export interface RefresherSettings {
  readonly clock: Clock
  readonly random: Random
  readonly delays: Delays
  ask: AskMetadata
  /** Applies an answer. */
  take(names: readonly string[], answer: MetadataResponse): void
  /** Waits; rejects when the cluster is closed. */
  pause(delayMs: number): Promise<void>
  /** A look-up failed, for the n-th time in a row. */
  failed(failures: number, error: unknown): void
}

export class Refresher {
  readonly #settings: RefresherSettings
  #wanted = new Map<string, boolean>()
  #urgent = false
  #next: Promise<void> | undefined
  #current: Promise<unknown> = Promise.resolve()
  #failures = 0
  #lastMs = Number.NEGATIVE_INFINITY

  constructor(settings: RefresherSettings) {
    this.#settings = settings
  }

  /** Resolves once an answer to a request sent after this call has been applied. `urgent`: send it at once. */
  refresh(names: Iterable<string>, autoCreate: boolean, urgent: boolean): Promise<void> {
    for (const name of names) this.#wanted.set(name, autoCreate || (this.#wanted.get(name) ?? false))
    this.#urgent ||= urgent
    if (this.#next === undefined) {
      this.#next = this.#current.then(() => this.#fly())
      this.#current = this.#next.catch(() => {}) // those who wait for `next` have its failure
    }
    return this.#next
  }

  async #fly(): Promise<void> {
    const { clock, random, delays } = this.#settings
    const waitMs = this.#lastMs + backoffMs(random, delays, Math.max(1, this.#failures)) - clock.monotonic()
    if (!this.#urgent && waitMs > 0) await this.#settings.pause(waitMs)
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
      this.#settings.failed(++this.#failures, error)
      throw error
    } finally {
      this.#lastMs = clock.monotonic()
    }
  }

  async #one(names: readonly string[], autoCreate: boolean): Promise<void> {
    const { body } = await this.#settings.ask(names, autoCreate)
    this.#settings.take(names, body)
  }
}
