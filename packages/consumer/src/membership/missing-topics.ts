/**
 * Looks for topics that are read and do not exist, or that the cluster refuses for good: those end the run. Kafka's
 * own clients see a new topic with the next refresh of their metadata, five minutes later; a consumer that is started
 * before its producer should not have to wait for that.
 */
import { type Cluster, refusedTopic } from '@tidemark/client/internal'
import { type Clock, TidemarkError, type Timer } from '@tidemark/platform'
import { errorOf } from '@tidemark/protocol'

/** Every two seconds while something is missing: one small request. */
const INTERVAL_MS = 2_000

export class MissingTopics {
  readonly #cluster: Cluster
  readonly #clock: Clock
  readonly #topics: readonly string[]
  /** Called once for each topic, and again after it has existed. */
  readonly #missing: (topic: string) => void
  readonly #failed: (error: unknown) => void
  readonly #told = new Set<string>()
  #timer: Timer | undefined
  #isStopped = false

  constructor(
    cluster: Cluster,
    clock: Clock,
    topics: readonly string[],
    missing: (topic: string) => void,
    failed: (error: unknown) => void,
  ) {
    this.#cluster = cluster
    this.#clock = clock
    this.#topics = topics
    this.#missing = missing
    this.#failed = failed
  }

  /** What is found changes the cluster's view, which tells those who listen to it. */
  start(): void {
    this.#timer = this.#clock.schedule(INTERVAL_MS, () => {
      this.#look().then(
        () => this.#isStopped || this.start(),
        (error) => this.#failed(error),
      )
    })
  }

  stop(): void {
    this.#isStopped = true
    this.#timer?.cancel()
  }

  async #look(): Promise<void> {
    const missing = this.#topics.filter((topic) => this.#isMissing(topic))
    if (missing.length === 0) return
    try {
      await this.#cluster.refresh(missing)
    } catch (error) {
      if (!(error instanceof TidemarkError)) throw error
      return // no broker answers, which others report: the next look may find one
    }
    for (const topic of this.#topics) this.#tell(topic)
  }

  #isMissing(topic: string): boolean {
    return (this.#cluster.topic(topic)?.partitions.length ?? 0) === 0
  }

  #tell(topic: string): void {
    const errorCode = this.#cluster.topic(topic)?.errorCode ?? 0
    // TOPIC_AUTHORIZATION_FAILED, INVALID_TOPIC_EXCEPTION: nothing that is waited for.
    if (errorCode !== 0 && !errorOf(errorCode).retriable) this.#failed(refusedTopic(topic, errorCode))
    else if (!this.#isMissing(topic)) this.#told.delete(topic)
    else if (!this.#told.has(topic) && !this.#isStopped) {
      this.#told.add(topic)
      this.#missing(topic)
    }
  }
}
