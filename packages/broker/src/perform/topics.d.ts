/** The topics: looked up by name and id, made and deleted through `__cluster_metadata`. */
import type { Now } from '@tidemark/platform'
import type { BrokerOptions } from '../options.ts'
import { type TopicSettings } from '../state/topics/configs.ts'
import { type Decided, type Wish } from '../state/topics/create.ts'
import type { Topic } from '../state/topics/metadata.ts'
import type { Cluster } from './cluster.ts'

export type { Topic } from '../state/topics/metadata.ts'
export type Created =
  | {
      readonly kind: 'created'
      readonly topic: Topic
    }
  | Extract<
      Decided,
      {
        kind: 'refuse'
      }
    >
export declare class Topics {
  #private
  constructor(cluster: Cluster, options: BrokerOptions)
  get leaderEpoch(): number
  byName(name: string): Topic | undefined
  byId(id: string): Topic | undefined
  /** In the order in which they were made. */
  all(): Iterable<Topic>
  settings(topic: Topic): TopicSettings
  /** What `create` would do. */
  decide(wish: Wish): Decided
  /** The topic is there when this returns, and stays once it is finished. */
  create(wish: Wish): Now<Created>
  /** As Metadata and a producer do it, with the defaults. Null if the name is not allowed; undefined if topics are not made so. */
  autoCreate(name: string): Now<Created> | undefined
  /** A topic of the broker itself; made at the first call. */
  internal(name: string, partitions: number): Now<Topic>
  /** Returns an error code: UNKNOWN_TOPIC_OR_PARTITION, INVALID_REQUEST for an internal topic, or NONE. */
  delete(topic: Topic): Now<number>
  /** Calls after each deletion that stays. */
  onDeleted(hook: (topic: Topic) => void): void
}
