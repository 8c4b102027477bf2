/**
 * Looks for topics that are wanted and not there. Kafka's own clients see a new topic with the next refresh of their metadata, five
 * minutes later; whoever starts a consumer before its producer should not have to wait for that.
 */
import type { Cluster } from '@tidemark/client/internal'
import type { Clock, Timer } from '@tidemark/platform'

/** Every two seconds while something is missing: one small request. */
const INTERVAL_MS = 2_000

export class MissingTopics {
  readonly #cluster: Cluster
  readonly #clock: Clock
  readonly #topics: readonly string[]
  #timer: Timer | undefined
  #stopped = false

  constructor(cluster: Cluster, clock: Clock, topics: readonly string[]) {
    this.#cluster = cluster
    this.#clock = clock
    this.#topics = topics
  }

  /** What is found changes the cluster's view, which tells those who listen to it. */
  start(): void {
    this.#timer = this.#clock.schedule(INTERVAL_MS, () => void this.#look())
  }

  stop(): void {
    this.#stopped = true
    this.#timer?.cancel()
  }

  async #look(): Promise<void> {
    const missing = this.#topics.filter((topic) => (this.#cluster.topic(topic)?.partitions.length ?? 0) === 0)
    if (missing.length > 0) await this.#cluster.refresh(missing).catch(() => {}) // the broker is away: the next look may find it
    if (!this.#stopped) this.start()
  }
}
