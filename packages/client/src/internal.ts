/**
 * What Tidemark's own packages need of the client and its users do not: no part of the public API, and it may change
 * with every release.
 */

export { checkedLimits, LIMIT_NAMES, limitsOf } from './admin/limits.ts'
export { Cluster, isLost, LOST_CODES } from './cluster/cluster.ts'
export { type ListedOffset, type ListOffsetsOptions, listOffsets, type OffsetQuery, type OffsetSpec } from './cluster/list-offsets.ts'
export { mayPass, retrying } from './cluster/retrying.ts'
export { refusedTopic } from './cluster/topic-errors.ts'
export type { Answer, Body, ChangeListener, Destination, Node, PartitionView, Purpose, TopicsOptions, TopicView } from './cluster/types.ts'
export { Diagnostics, textOf } from './diagnostics.ts'
export { AbortedFilter } from './fetch/aborted.ts'
export { Fetcher } from './fetch/fetcher.ts'
export type { Delivery, FetcherOptions, FetchOwner, FetchProblem, NextPosition, Position } from './fetch/types.ts'
export { decodeAssignment, decodeSubscription, encodeAssignment, encodeSubscription, type Subscription } from './groups/assignment.ts'
export {
  type CompletionMap,
  fitsInMetadata,
  METADATA_UNITS_MAX,
  readCompletionMap,
  writeCompletionMap,
} from './groups/completion-map.ts'
export { coordinatorError } from './groups/coordinator-error.ts'
export { ejectMembers } from './groups/eject.ts'
export type { NotedStart, RecordNote } from './groups/notes.ts'
export { fetchCommitted, type OffsetFetchOptions } from './groups/offset-fetch.ts'
export { forgetOffsets, type OffsetToWrite, type WriteOutcome, writeOffsets } from './groups/offset-write.ts'
export { handleOf, type KafkaHandle } from './kafka.ts'
export { FetchedMessage, type MessageOrigin, NO_HEADERS, textOrBase64 } from './messages/message.ts'
export { nameOf } from './messages/topic.ts'
export { topicIdText } from './messages/topic-id.ts'
export { compareTopicPartitions, keyOf, textOf as textOfPartition } from './messages/topic-partition.ts'
export { loggerOf, type ResolvedKafkaOptions } from './options.ts'
export { backoffMs } from './retry.ts'
export { resolveTls } from './security/options.ts'
