/**
 * One fetch session (KIP-227): the partitions that its client reads, and what the client was last told of each, so that
 * a request names only what changed and so does its answer. Kafka: `FetchSession`, `CachedPartition`.
 *
 * Its partitions are in the order in which they are read: one that brought records goes to the end, so that none
 * starves behind others.
 */
import { ErrorCode, type FetchRequest } from '@tidemark/protocol'

type FullTopic = FetchRequest['topics'][number]

export type RequestedPartition = Pick<
  FullTopic['partitions'][number],
  'partition' | 'currentLeaderEpoch' | 'fetchOffset' | 'lastFetchedEpoch' | 'partitionMaxBytes'
>

export interface RequestedTopic extends Pick<FullTopic, 'topic' | 'topicId'> {
  readonly partitions: readonly RequestedPartition[]
}

export type ForgottenTopic = FetchRequest['forgottenTopicsData'][number]

/** What was read of a partition, as far as it decides whether the client hears of it. */
export interface ReadFacts {
  readonly code: number
  readonly bytes: number
  readonly highWatermark: number
  readonly logStartOffset: number
  readonly diverging: object | undefined
  readonly preferredReplica?: number
}

interface SessionPartition extends RequestedPartition {
  readonly topic: string
  readonly topicId: string
  currentLeaderEpoch: number
  fetchOffset: number
  lastFetchedEpoch: number
  partitionMaxBytes: number
  /** What the client knows; -1: nothing. */
  highWatermark: number
  logStartOffset: number
}

export interface SessionFacts {
  readonly id: number
  /** Of a replica: it takes the place of consumers' sessions. */
  readonly privileged: boolean
  /** Its requests name topics by id (version 13 and later). */
  readonly usesTopicIds: boolean
  readonly createdMs: number
}

const INITIAL_EPOCH = 0
const EPOCH_MAX = 2 ** 31 - 1

/** The epoch of the request that follows. */
export const nextEpoch = (epoch: number): number => (epoch >= EPOCH_MAX ? INITIAL_EPOCH + 1 : epoch + 1)

export class FetchSession {
  readonly facts: SessionFacts
  /** That the next request must have. */
  epoch = nextEpoch(INITIAL_EPOCH)
  lastUsedMs: number
  readonly #partitions = new Map<string, SessionPartition>()

  constructor(facts: SessionFacts) {
    this.facts = facts
    this.lastUsedMs = facts.createdMs
  }

  /** How many partitions it has. */
  get size(): number {
    return this.#partitions.size
  }

  /** What a request says: partitions that are new or are read elsewhere, and those that are read no more. */
  update(topics: readonly RequestedTopic[], forgotten: readonly ForgottenTopic[]): void {
    for (const { topic, topicId, partitions } of topics) for (const asked of partitions) this.#set(topic, topicId, asked)
    for (const { topic, topicId, partitions } of forgotten) {
      for (const partition of partitions) this.#partitions.delete(this.#keyOf(topic, topicId, partition))
    }
  }

  #set(topic: string, topicId: string, asked: RequestedPartition): void {
    const key = this.#keyOf(topic, topicId, asked.partition)
    const { partition, currentLeaderEpoch, fetchOffset, lastFetchedEpoch, partitionMaxBytes } = asked
    const known = this.#partitions.get(key)
    if (known === undefined) {
      const parameters = { partition, currentLeaderEpoch, fetchOffset, lastFetchedEpoch, partitionMaxBytes }
      this.#partitions.set(key, { topic, topicId, ...parameters, highWatermark: -1, logStartOffset: -1 })
    } else Object.assign(known, { currentLeaderEpoch, fetchOffset, lastFetchedEpoch, partitionMaxBytes })
  }

  /** All that its client reads, in order; neighbours of one topic stand together. */
  requested(): RequestedTopic[] {
    const topics: (Pick<FullTopic, 'topic' | 'topicId'> & { readonly partitions: SessionPartition[] })[] = []
    for (const one of this.#partitions.values()) {
      const last = topics.at(-1)
      if (last !== undefined && last.topic === one.topic && last.topicId === one.topicId) last.partitions.push(one)
      else topics.push({ topic: one.topic, topicId: one.topicId, partitions: [one] })
    }
    return topics
  }

  /** The client is told this, in any case. */
  know(topic: string, topicId: string, partition: number, read: ReadFacts): void {
    const known = this.#partitions.get(this.#keyOf(topic, topicId, partition))
    if (known !== undefined) note(known, read)
  }

  /** Whether the client has to hear what was read of the partition; it counts as told then. */
  tell(topic: string, topicId: string, partition: number, read: ReadFacts): boolean {
    const key = this.#keyOf(topic, topicId, partition)
    const known = this.#partitions.get(key)
    if (known === undefined) return true
    const moved = known.highWatermark !== read.highWatermark || known.logStartOffset !== read.logStartOffset
    note(known, read)
    if (read.bytes > 0) {
      this.#partitions.delete(key)
      this.#partitions.set(key, known)
    }
    return moved || read.code !== ErrorCode.NONE || read.bytes > 0 || read.diverging !== undefined || read.preferredReplica !== undefined
  }

  #keyOf(topic: string, topicId: string, partition: number): string {
    return `${partition} ${this.facts.usesTopicIds ? topicId : topic}`
  }
}

/** After an error the client is told again when it is gone, whatever it was told before. */
function note(known: SessionPartition, { code, highWatermark, logStartOffset }: ReadFacts): void {
  known.highWatermark = code === ErrorCode.NONE ? highWatermark : -1
  known.logStartOffset = logStartOffset
}
