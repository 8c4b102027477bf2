/** The cluster as its Metadata answers describe it: plain data. */
import type { Api, Infer, InferInput } from '@tidemark/protocol'

export const ISOLATIONS = ['read_uncommitted', 'read_committed'] as const
/** Whether a reader sees records of transactions that are open or were aborted. Kafka: `isolation.level`. */
export type Isolation = (typeof ISOLATIONS)[number]

export interface Node {
  readonly nodeId: number
  readonly host: string
  readonly port: number
  readonly rack: string | null
}

export interface PartitionView {
  readonly partition: number
  /** The leader's node id; -1: it has none now. */
  readonly leader: number
  /** -1: the broker is too old to tell. */
  readonly leaderEpoch: number
  readonly replicas: readonly number[]
  readonly isr: readonly number[]
}

export interface TopicView {
  readonly name: string
  /** 32 hexadecimal digits; all zero: the broker is too old to tell. */
  readonly id: string
  /** 0, or Kafka's error for the topic, such as UNKNOWN_TOPIC_OR_PARTITION, in which case `partitions` is empty. */
  readonly errorCode: number
  readonly internal: boolean
  /** In the order of their numbers. */
  readonly partitions: readonly PartitionView[]
}

/**
 * Requests of different purposes use different connections: a parked Fetch or JoinGroup never delays anything else.
 */
export type Purpose = 'metadata' | 'coordinator' | 'fetch' | 'produce' | 'admin'

export interface Destination {
  readonly node: number | 'any' | { readonly coordinator: string }
  readonly purpose: Purpose
  /**
   * Requests of different owners never share a connection. A fetcher or a group member, which parks requests at a
   * broker, is an owner of its own: the parked request of another would delay it. `cluster.release(owner)` closes its
   * connections.
   */
  readonly owner?: object
  /**
   * From the moment the request is written. Default: `requestTimeoutMs`. A JoinGroup needs more than its rebalance
   * time-out.
   */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal | undefined
  readonly versionMax?: number
  /**
   * For Produce with acks 0, which is never answered: resolves with an empty body once the socket has taken the
   * bytes.
   */
  readonly unanswered?: boolean
}

export interface Answer<A extends Api> {
  /** The version that both sides speak and the exchange used. */
  readonly version: number
  readonly body: Infer<A['response']>
  /** The size of the answer, of which records are views. */
  readonly bytes: number
}

export type Body<A extends Api> = InferInput<A['request']> | ((version: number) => InferInput<A['request']>)

export interface TopicsOptions {
  /**
   * Ask the broker to create topics that do not exist, if it does so at all (`auto.create.topics.enable`). Default:
   * false.
   */
  readonly autoCreate?: boolean
  readonly signal?: AbortSignal | undefined
  /** How long a topic that is just being created is waited for. Default: `requestTimeoutMs`. */
  readonly timeoutMs?: number
}

/**
 * Called with the topics that appeared, vanished, were replaced, got partitions, or whose leaders or replicas moved,
 * and with all of them when the racks of nodes changed.
 */
export type ChangeListener = (topics: readonly string[]) => void
