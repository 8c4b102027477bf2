/**
 * Applies the limits of topics now and then: old segments go. A partition that was not used since the start is
 * checked once it is used again.
 */
import type { Clock, Timer } from '@tidemark/platform'
import type { Failure } from '../../failure.ts'
import type { Topics } from '../../metadata/topics.ts'
import { keptFrom } from '../../state/log/retention.ts'
import type { Partitions } from '../partitions.ts'

export class Retention {
  readonly #topics: Topics
  readonly #partitions: Partitions
  readonly #clock: Clock
  readonly #failure: Failure
  readonly #intervalMs: number
  #timer: Timer | undefined
  #checking: Promise<void> | undefined

  constructor(parts: { topics: Topics; partitions: Partitions; clock: Clock; failure: Failure; intervalMs: number }) {
    this.#topics = parts.topics
    this.#partitions = parts.partitions
    this.#clock = parts.clock
    this.#failure = parts.failure
    this.#intervalMs = parts.intervalMs
  }

  start(): void {
    this.#timer = this.#clock.schedule(this.#intervalMs, () => {
      this.#checking = this.#check()
        .catch((cause) => void this.#failure.report(cause))
        .finally(() => this.#timer && this.start())
    })
  }

  /** Begins no further check. */
  stop(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  /** Resolves once no check is under way. */
  async idle(): Promise<void> {
    await this.#checking
  }

  async #check(): Promise<void> {
    for (const { topic, partition } of [...this.#partitions.opened()]) {
      const settings = this.#topics.settings(topic)
      if (this.#timer === undefined) return
      if (!settings.deletes || partition.deleted) continue
      const segments = await partition.log.segments()
      if (!partition.deleted) partition.trim(keptFrom(segments, settings, this.#clock.now()))
    }
  }
}
