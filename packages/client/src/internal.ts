/**
 * What Tidemark's own packages need of the client and its users do not: no part of the public API, and it may change with every release.
 */
export { askCoordinator, type CoordinatorAnswer } from './cluster/ask-coordinator.ts'
export { Cluster, isLost } from './cluster/cluster.ts'
export type { Answer, Body, ChangeListener, Destination, Node, PartitionView, Purpose, TopicsOptions, TopicView } from './cluster/types.ts'
export { backoffMs, type RetryDelays } from './connect/backoff.ts'
export { Diagnostics, textOf } from './diagnostics.ts'
export { Fetcher } from './fetch/fetcher.ts'
export type { Delivery, FetcherOptions, FetchOwner, FetchProblem, NextPosition, Position } from './fetch/types.ts'
export { handleOf, type KafkaHandle } from './kafka.ts'
export { FetchedMessage, type MessageOrigin, NO_HEADERS, textOrBase64 } from './messages/message.ts'
export { type FoundOffset, type ListOffsetsOptions, listOffsets, type OffsetWish, type Place } from './offsets/list-offsets.ts'
export type { ResolvedKafkaOptions } from './options.ts'
