/**
 * The partitions of all topics, each opened when it is first used: one that nobody used costs neither memory nor a file, and
 * after a crash each log is repaired when it is first asked for.
 */
import type { Now } from '@tidemark/platform'
import type { BrokerOptions } from '../options.ts'
import type { OFFSETS_TOPIC } from '../state/topics/names.ts'
import type { Store } from '../storage/store.ts'
import type { Failure } from './failure.ts'
import type { CheckpointStore, InternalLog } from './internal-log.ts'
import { Partition } from './partition.ts'
import type { Topic, Topics } from './topics.ts'

type InternalTopic = typeof OFFSETS_TOPIC
export declare class Partitions {
  #private
  constructor(store: Store, topics: Topics, options: BrokerOptions, failure: Failure)
  /** The partition if it was opened before. */
  get(topic: Topic, index: number): Partition | undefined
  /** Undefined: the topic has no such partition. */
  open(topic: Topic, index: number): Now<Partition> | undefined
  /** One partition of an internal topic, for its coordinator. The topic is made at the first call. */
  internalLog(topicName: InternalTopic, index: number): Now<InternalLog>
  /** The partitions of an internal topic in which something was written, in order. */
  usedPartitions(topicName: InternalTopic): readonly number[]
  checkpointStore(topicName: InternalTopic, index: number): CheckpointStore
  opened(): Generator<{
    readonly topic: Topic
    readonly partition: Partition
  }>
  /** Removes what deleted topics left behind where a crash came before their files were gone. */
  sweep(): Promise<void>
  /** Finished appends are shown, and what is known of them is saved. */
  settle(): Promise<void>
}
