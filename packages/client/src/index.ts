/** A Kafka client: connections, cluster view, producer, bounded reads, admin. */
export { TidemarkError } from '@tidemark/platform'
export type { Header } from '@tidemark/protocol'
export { type Admin, createAdmin } from './admin/admin.ts'
export type { CommittedOffset, GroupDescription, GroupListing, GroupMember, Groups } from './admin/groups.ts'
export type { CreatedTopic, CreateTopicOptions, TopicOffset, TopicOffsetsOptions, Topics } from './admin/topics.ts'
export { askCoordinator, type CoordinatorAnswer } from './cluster/ask-coordinator.ts'
export { Cluster, isLost } from './cluster/cluster.ts'
export type { Answer, Body, ChangeListener, Destination, Node, PartitionView, Purpose, TopicsOptions, TopicView } from './cluster/types.ts'
export { backoffMs, type RetryDelays } from './connect/backoff.ts'
export { Fetcher } from './fetch/fetcher.ts'
export type {
  Delivery,
  FetcherOptions,
  FetchOwner,
  FetchProblem,
  Isolation,
  NextPosition,
  Position,
  TopicPartition,
} from './fetch/types.ts'
export { createKafka, type Kafka } from './kafka.ts'
export { Message } from './messages/message.ts'
export type { Offset } from './messages/offset.ts'
export type { Bytes, Encoder, TopicName, TypedTopic } from './messages/topic.ts'
export { type FoundOffset, type ListOffsetsOptions, listOffsets, type OffsetWish, type Place } from './offsets/list-offsets.ts'
export type { KafkaOptions, ResolvedKafkaOptions } from './options.ts'
export { createProducer, type Producer } from './produce/producer.ts'
export type { Acks, OutgoingMessage, Partitioner, PartitionerInput, ProducerOptions, SendResult } from './produce/types.ts'
export { read } from './read/read.ts'
export type { ReadOptions } from './read/types.ts'
