/**
 * The topics that a member asks the group for: those that were named, and those that patterns match in the cluster as
 * it was last seen. Kafka's own client looks again with every refresh of its metadata
 * (`ConsumerCoordinator.updatePatternSubscription`); so does this one, by its own interval.
 *
 * Invariant: while it watches, a topic that comes or goes changes `topics` within two intervals, and `changed` is
 * called in that turn. A look that fails leaves the topics as they are, and so does a topic that is refused in it; both
 * are told of.
 */
import { type Cluster, refusedTopic, type TopicView } from '@tidemark/client/internal'
import type { Clock, TidemarkError, Timer } from '@tidemark/platform'
import { mayPass } from '../failures.ts'
import type { Selection } from '../selection.ts'

/** After a look that failed, if the interval is longer. */
const RETRY_MS = 2_000

export interface SubscriptionListener {
  /** The topics are others now. */
  changed(): void
  /** No topic matches this pattern now; told once, and again after one did. */
  unmatched(pattern: RegExp): void
  /** A look failed, and is repeated; `attempts` failed one after the other. */
  failing(error: TidemarkError, attempts: number): void
  /** No retry can fix this. */
  failed(error: unknown): void
}

export class Subscription {
  readonly named: readonly string[]
  readonly #patterns: readonly RegExp[]
  readonly #cluster: Pick<Cluster, 'allTopics'>
  readonly #clock: Clock
  readonly #intervalMs: number
  readonly #listener: SubscriptionListener
  readonly #closed = new AbortController()
  #topics: readonly string[]
  #timer: Timer | undefined
  #failures = 0
  readonly #unmatched = new Set<RegExp>()

  constructor(
    works: readonly { readonly topics: Selection }[],
    cluster: Pick<Cluster, 'allTopics'>,
    clock: Clock,
    intervalMs: number,
    listener: SubscriptionListener,
  ) {
    this.named = works.flatMap(({ topics }) => topics.names)
    this.#patterns = works.flatMap(({ topics }) => topics.patterns)
    this.#cluster = cluster
    this.#clock = clock
    this.#intervalMs = intervalMs
    this.#listener = listener
    this.#topics = this.named
  }

  get topics(): readonly string[] {
    return this.#topics
  }

  /**
   * Goes on looking from now on. Resolves after the first look, whatever came of it, so that a member need not join
   * twice; undefined: there is no pattern, and nothing to look for.
   */
  start(): Promise<void> | undefined {
    return this.#patterns.length === 0 ? undefined : this.#look().then(() => this.#lookLater())
  }

  stop(): void {
    this.#closed.abort()
    this.#timer?.cancel()
  }

  #lookLater(): void {
    if (this.#closed.signal.aborted) return
    const delayMs = this.#failures === 0 ? this.#intervalMs : Math.min(RETRY_MS, this.#intervalMs)
    this.#timer = this.#clock.schedule(delayMs, () => void this.#look().then(() => this.#lookLater()))
  }

  async #look(): Promise<void> {
    try {
      const views = await this.#cluster.allTopics(this.#closed.signal)
      if (this.#closed.signal.aborted) return
      this.#take(views)
      for (const pattern of this.#patterns) this.#tellUnmatched(pattern, views)
      const refused = views.find((view) => view.errorCode !== 0 && this.#matches(view))
      if (refused === undefined) this.#failures = 0
      else this.#listener.failing(refusedTopic(refused.name, refused.errorCode), ++this.#failures)
    } catch (error) {
      if (this.#closed.signal.aborted) return
      if (!mayPass(error)) return this.#listener.failed(error)
      this.#listener.failing(error, ++this.#failures)
    }
  }

  #take(views: readonly TopicView[]): void {
    const found = views.filter((view) => this.#isWanted(view)).map(({ name }) => name)
    const topics = [...this.named, ...found.sort()]
    if (topics.join('\n') === this.#topics.join('\n')) return
    this.#topics = topics
    this.#listener.changed()
  }

  #tellUnmatched(pattern: RegExp, views: readonly TopicView[]): void {
    if (views.some(({ name, internal }) => !internal && pattern.test(name))) this.#unmatched.delete(pattern)
    else if (!this.#unmatched.has(pattern)) {
      this.#unmatched.add(pattern)
      this.#listener.unmatched(pattern)
    }
  }

  /** An error, as of a topic that is being created or has no leaders now, is no news of it: all stays as it was. */
  #isWanted(view: TopicView): boolean {
    if (view.internal || this.named.includes(view.name)) return false
    if (view.errorCode !== 0 || view.partitions.length === 0) return this.#topics.includes(view.name)
    return this.#matches(view)
  }

  #matches({ name, internal }: TopicView): boolean {
    return !internal && this.#patterns.some((pattern) => pattern.test(name))
  }
}
