/** The topics: looked up by name and id, made and deleted through `__cluster_metadata`. */
import type { Now, Platform } from '@tidemark/platform'
import { ErrorCode } from '@tidemark/protocol'
import { storageCode } from '../failure.ts'
import { after, attempt } from '../now.ts'
import type { BrokerOptions } from '../options.ts'
import type { Topic } from '../state/cluster/records.ts'
import { dynamicValue, topicDefault } from '../state/configs/broker-configs.ts'
import type { Config } from '../state/configs/definition.ts'
import { settingsOf, type TopicSettings } from '../state/configs/topic-configs.ts'
import { type Decided, decideTopic, growthRefused, type Wish } from '../state/topics/create.ts'
import { type PlacedNode, placed } from '../state/topics/placement.ts'
import type { MetadataLog } from './metadata-log.ts'

export type { Topic } from '../state/cluster/records.ts'

/** Kafka's `offsets.topic.replication.factor`. */
const INTERNAL_REPLICAS = 3
/** Kafka's `offsets.topic.segment.bytes` is 100 MiB: what is written to is not compacted, and here it stays small. */
const INTERNAL_SEGMENT_BYTES_MAX = 8 * 1024 * 1024

export type Created = { readonly kind: 'created'; readonly topic: Topic } | Extract<Decided, { kind: 'refuse' }>

/** What topics have to know of nodes. */
export interface TopicNodes {
  /** Where replicas of new partitions can be. */
  up(): readonly PlacedNode[]
  /** By whose configurations the log of a partition is kept. */
  keeperOf(topic: Topic, index: number): number
}

export class Topics {
  readonly #metadataLog: MetadataLog
  readonly #options: BrokerOptions
  readonly #platform: Platform
  readonly #nodes: TopicNodes
  readonly #deletedHooks: ((topic: Topic) => void)[] = []
  /** By node. */
  #settings = new WeakMap<Topic, Map<number, TopicSettings>>()
  #leaderEpoch: number

  constructor(
    metadataLog: MetadataLog,
    options: BrokerOptions,
    nodes: TopicNodes = { up: () => [{ id: options.nodeId, rack: options.rack }], keeperOf: () => options.nodeId },
  ) {
    this.#nodes = nodes
    this.#metadataLog = metadataLog
    this.#leaderEpoch = metadataLog.metadata.leaderEpoch
    this.#options = options
    this.#platform = options.platform
  }

  /** The log that all of this is written to. */
  get metadataLog(): { readonly end: number; readonly leaderEpoch: number } {
    return { end: this.#metadataLog.end, leaderEpoch: this.leaderEpoch }
  }

  /** In which all partitions are led: no crash can take it back. */
  get leaderEpoch(): number {
    return this.#leaderEpoch
  }

  /**
   * Once it is finished every partition is led in a higher epoch, and not before. Topics that are placed are so at
   * once.
   */
  raiseLeaderEpoch(placed: readonly Topic[] = []): Now<void> {
    const leaderEpoch = this.#metadataLog.metadata.leaderEpoch + 1
    const topics = placed.map((topic) => ({ kind: 'topic', ...topic }) as const)
    const start = { kind: 'start', leaderEpoch, startedMs: this.#platform.clock.now() } as const
    return after(this.#metadataLog.write([...topics, start]), () => {
      this.#leaderEpoch = leaderEpoch
    })
  }

  byName(name: string): Topic | undefined {
    return this.#metadataLog.metadata.byName.get(name)
  }

  byId(id: string): Topic | undefined {
    return this.#metadataLog.metadata.byId.get(id)
  }

  /** In the order in which they were made. */
  all(): Iterable<Topic> {
    return this.#metadataLog.metadata.byId.values()
  }

  /** As the node has them: where the topic says nothing, its own configurations count. */
  settings(topic: Topic, nodeId: number): TopicSettings {
    let ofTopic = this.#settings.get(topic)
    if (ofTopic === undefined) this.#settings.set(topic, (ofTopic = new Map()))
    let settings = ofTopic.get(nodeId)
    if (settings === undefined) ofTopic.set(nodeId, (settings = this.#settingsOf(topic, nodeId)))
    return settings
  }

  /** By which the log of a partition is kept. */
  logSettings(topic: Topic, index: number): TopicSettings {
    return this.settings(topic, this.#nodes.keeperOf(topic, index))
  }

  #settingsOf(topic: Topic, nodeId: number): TopicSettings {
    const dynamic = (key: string): string | undefined => dynamicValue(this.#metadataLog.metadata, nodeId, key)
    return settingsOf(topic, (name) => topicDefault(name, this.#options, dynamic))
  }

  /** What topics have where they have no value of their own has changed. */
  defaultsChanged(): void {
    this.#settings = new WeakMap()
  }

  /** What `create` would do. */
  decide(wish: Wish): Decided {
    const { numPartitions, topicsMax, partitionsMax } = this.#options
    return decideTopic(wish, { metadata: this.#metadataLog.metadata, nodes: this.#nodes.up(), numPartitions, topicsMax, partitionsMax })
  }

  /** The topic exists when this returns, and survives a crash once it is finished. */
  create(wish: Wish): Now<Created> {
    const decided = this.decide(wish)
    if (decided.kind === 'refuse') return decided
    return attempt<Created>(
      () => after(this.#make(decided, false), (topic) => ({ kind: 'created', topic })),
      (error) => ({ kind: 'refuse', code: storageCode(error), message: (error as Error).message }),
    )
  }

  /** Whether a topic is made when it is asked for. */
  get areAutoCreated(): boolean {
    return this.#options.autoCreateTopics
  }

  /**
   * Creates a topic with the defaults, as a Metadata request does. Undefined: the broker creates no topic by itself.
   */
  autoCreate(name: string): Now<Created> | undefined {
    if (!this.#options.autoCreateTopics) return undefined
    return this.create({ name, numPartitions: -1, replicationFactor: -1, assignments: [], configs: [] })
  }

  /** A topic of the broker itself; made at the first call. */
  internal(name: string, partitions: number): Now<Topic> {
    const topic = this.byName(name)
    if (topic !== undefined) return topic
    const configs = [
      { name: 'cleanup.policy', value: 'compact' },
      { name: 'segment.bytes', value: String(Math.min(INTERNAL_SEGMENT_BYTES_MAX, this.#options.segmentBytesMax)) },
    ]
    const nodes = this.#nodes.up()
    const placement = nodes.length === 1 ? [] : placed(partitions, Math.min(INTERNAL_REPLICAS, nodes.length), nodes)
    return this.#make({ kind: 'create', name, partitions, configs, placement }, true)
  }

  #make({ name, partitions, configs, placement }: Extract<Decided, { kind: 'create' }>, internal: boolean): Now<Topic> {
    const id = this.#platform.random.uuid()
    const createdMs = this.#platform.clock.now()
    const durable = this.#metadataLog.write([
      { kind: 'topic', id, name, partitions, internal, createdMs, configs: [...configs], placement: [...placement] },
    ])
    const topic = this.byId(id)!
    return after(durable, () => topic)
  }

  /** The topic has these configurations of its own, and no others. */
  alter(topic: Topic, configs: readonly Config[]): Now<void> {
    return this.#metadataLog.write([{ kind: 'topic', ...topic, configs: [...configs] }])
  }

  /**
   * Why the topic cannot have so many partitions; undefined: it can. `assignments` null: they are left to the broker.
   */
  growthRefused(
    topic: Topic,
    count: number,
    assignments: readonly (readonly number[])[] | null,
  ): Extract<Decided, { kind: 'refuse' }> | undefined {
    const { partitionsMax } = this.#options
    return growthRefused(
      topic,
      { count, assignments },
      { nodes: this.#nodes.up().map(({ id }) => id), partitionsMax, partitions: this.#metadataLog.metadata.partitions },
    )
  }

  /** The topic has so many partitions, once a crash cannot take that back. */
  grow(topic: Topic, count: number, assignments: readonly (readonly number[])[] | null): Now<void> {
    const nodes = this.#nodes.up()
    const added = count - topic.partitions
    const replicas = Math.min(topic.placement[0]?.nodes.length ?? 1, nodes.length)
    const placement = assignments?.map((ids) => ({ nodes: [...ids] })) ?? placed(added, replicas, nodes, topic.partitions)
    const isOne = nodes.length === 1 && topic.placement.length === 0
    return this.#metadataLog.write([
      { kind: 'topic', ...topic, partitions: count, placement: isOne ? [] : [...topic.placement, ...placement] },
    ])
  }

  /** Returns an error code: UNKNOWN_TOPIC_OR_PARTITION, INVALID_REQUEST for an internal topic, or NONE. */
  delete(topic: Topic): Now<number> {
    if (topic.internal) return ErrorCode.INVALID_REQUEST
    if (this.byId(topic.id) === undefined) return ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    const removed = (): number => {
      for (const hook of this.#deletedHooks) hook(topic)
      return ErrorCode.NONE
    }
    return attempt(() => after(this.#metadataLog.write([{ kind: 'removeTopic', id: topic.id }]), removed), storageCode)
  }

  /** Calls `hook` after each deletion, once a crash cannot take it back. */
  onDeleted(hook: (topic: Topic) => void): void {
    this.#deletedHooks.push(hook)
  }
}
