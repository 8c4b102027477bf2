/** Looks topics up again and again until their owner is content with what was found. */
import { TidemarkError } from '@tidemark/platform'
import { type Cluster, isLost } from '../cluster/cluster.ts'
import { refusedTopic } from '../cluster/topic-errors.ts'
import type { TopicView } from '../cluster/types.ts'

export interface LookUpOwner {
  /** Returns false to have the topic looked up again. */
  onFound(view: TopicView, missingForMs: number): boolean
  /** An error that another attempt does not fix. */
  onFailed(error: unknown): void
  onRound(): void
}

export class LookUp {
  readonly #cluster: Cluster
  readonly #owner: LookUpOwner
  /** And since when each is looked up, on the monotonic clock. */
  readonly #topics = new Map<string, number>()
  readonly #closing = new AbortController()
  #running = false

  constructor(cluster: Cluster, owner: LookUpOwner) {
    this.#cluster = cluster
    this.#owner = owner
  }

  add(topic: string): void {
    if (!this.#topics.has(topic)) this.#topics.set(topic, this.#cluster.options.platform.clock.monotonic())
    if (!this.#running) void this.#run()
  }

  /** Whether the topic is being looked up. */
  has(topic: string): boolean {
    return this.#topics.has(topic)
  }

  close(): void {
    this.#closing.abort()
  }

  async #run(): Promise<void> {
    this.#running = true
    try {
      for (let failures = 1; this.#topics.size > 0; failures++) {
        const error = await this.#round()
        this.#owner.onRound()
        if (this.#topics.size === 0) break
        const what = `looking up ${[...this.#topics.keys()].map((name) => `'${name}'`).join(', ')}`
        await this.#cluster.backOff({ what, failures, error, signal: this.#closing.signal })
      }
    } catch (error) {
      if (!hasEnded(error)) throw error
      if (!this.#closing.signal.aborted) this.#owner.onFailed(error)
    } finally {
      this.#running = false
    }
  }

  /** Returns why another round is needed. Rejects ABORTED or CLOSED. */
  async #round(): Promise<unknown> {
    const { clock } = this.#cluster.options.platform
    let failure: unknown
    try {
      const views = await this.#cluster.topics([...this.#topics.keys()], { signal: this.#closing.signal })
      for (const view of views.values()) {
        const sinceMs = this.#topics.get(view.name)!
        if (this.#owner.onFound(view, clock.monotonic() - sinceMs)) this.#topics.delete(view.name)
        else failure ??= refusedTopic(view.name, view.errorCode)
      }
    } catch (error) {
      if (hasEnded(error)) throw error
      if (!isLost(error)) this.#owner.onFailed(error)
      failure = error
    }
    return failure
  }
}

/** The owner, or the cluster under it, was closed. */
const hasEnded = (error: unknown): boolean => error instanceof TidemarkError && (error.code === 'ABORTED' || error.code === 'CLOSED')
