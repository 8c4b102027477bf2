/** Looks topics up again and again until their owner is content with what was found. */
import { sleep } from '@tidemark/platform'
import { type Cluster, isLost } from '../cluster/cluster.ts'
import type { TopicView } from '../cluster/types.ts'
import { backoffMs } from '../connect/backoff.ts'

export class LookUp {
  readonly #cluster: Cluster
  readonly #onFound: (view: TopicView, missingForMs: number) => boolean
  readonly #onFailed: (error: unknown) => void
  readonly #onRound: () => void
  /** And since when each is looked up, on the monotonic clock. */
  readonly #topics = new Map<string, number>()
  #running = false
  #closed = false

  /** `onFound` returns false to have the topic looked up again; `onFailed` hears of errors that trying again does not heal. */
  constructor(
    cluster: Cluster,
    onFound: (view: TopicView, missingForMs: number) => boolean,
    onFailed: (error: unknown) => void,
    onRound: () => void,
  ) {
    this.#cluster = cluster
    this.#onFound = onFound
    this.#onFailed = onFailed
    this.#onRound = onRound
  }

  add(topic: string): void {
    if (!this.#topics.has(topic)) this.#topics.set(topic, this.#cluster.options.platform.clock.monotonic())
    if (!this.#running) void this.#run()
  }

  close(): void {
    this.#closed = true
  }

  async #run(): Promise<void> {
    const { clock, random } = this.#cluster.options.platform
    this.#running = true
    for (let failures = 1; this.#topics.size > 0 && !this.#closed; failures++) {
      try {
        const views = await this.#cluster.topics([...this.#topics.keys()])
        if (this.#closed) return
        for (const view of views.values()) {
          const sinceMs = this.#topics.get(view.name)!
          if (this.#onFound(view, clock.monotonic() - sinceMs)) this.#topics.delete(view.name)
        }
      } catch (error) {
        if (this.#closed) return
        if (!isLost(error)) this.#onFailed(error)
      }
      this.#onRound()
      if (this.#topics.size > 0) await sleep(clock, backoffMs(random, this.#cluster.options.retry, failures))
    }
    this.#running = false
  }
}
