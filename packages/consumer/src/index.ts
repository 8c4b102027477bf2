/** A Kafka consumption runtime: the committed offset is always true. */

export type { NotedStart, RecordNote } from '@tidemark/client/internal'
export { type CompletionMap, readCompletionMap } from '@tidemark/client/internal'
export { type OwnErrorCode, type PartitionPlace, TidemarkError, type TidemarkErrorCode } from '@tidemark/platform'
export type { EndReason } from './claims/claim.ts'
export type { LogPlace, StartAt, StartAtInput, StartFrom } from './claims/placement.ts'
export type { CommitLimits } from './commit/limits.ts'
export { type CloseOptions, Consumer, createConsumer, type RunOptions } from './consumer.ts'
export type { ConsumerEvent } from './events.ts'
export type { Explanation, Progress } from './explain.ts'
export { idempotentFetch } from './ids/http.ts'
export { type IdempotentOptions, type IdState, type IdStore, idempotent } from './ids/idempotent.ts'
export { type MemoryIdsOptions, memoryIds } from './ids/memory.ts'
export type { AcquireOptions, HeldLock, Lock, LockOptions } from './locks/lock.ts'
export type { AssignorName } from './membership/classic/assignors/index.ts'
export type { Messages } from './message-loop.ts'
export type { CommitOptions, ConsumerOptions, OutOfRange } from './options.ts'
export type { RedriveOptions, RedriveResult } from './redrive/options.ts'
export { redrive } from './redrive/redrive.ts'
export type { ReplayedPartition, ReplayOptions, ReplayResult } from './replay/options.ts'
export { replay, type StandaloneReplayOptions } from './replay.ts'
export type { TopicSelection } from './selection.ts'
export { type SequenceHandler, type SequenceOptions, type SequenceProblem, sequence } from './sequence/sequence.ts'
export type {
  BatchSettings,
  EachSettings,
  MessagesSettings,
  PoisonOptions,
  StoreSettings,
  WorkerSettings,
  WorkSettings,
} from './settings.ts'
export type { Holding, StoredPartition, StoredPosition, TakenOver, TransactionalStore } from './stores/store.ts'
export type { SuperviseOptions } from './supervise/options.ts'
export { type Health, type Supervisor, type SupervisorEvent, type SupervisorStatus, supervise } from './supervise/supervisor.ts'
export type { Totals } from './tally.ts'
export type { ConsumerMetrics, MetricsOptions, PartitionMetrics } from './telemetry/metrics.ts'
export { type MetricsSource, prometheus } from './telemetry/prometheus.ts'
export type { BatchContext, Context } from './work/context.ts'
export {
  type DeadLetter,
  type DeadLetterCause,
  type DeadLetterFailure,
  type DeadLetterOptions,
  type DeadLetterOrigin,
  deadLetter,
  deadLetterOrigin,
} from './work/dead-letter.ts'
export { DecodeError, type TypedBatch, type TypedMessage } from './work/decoded.ts'
export type { BatchMiddleware, Middleware, Middlewares, Next } from './work/middleware.ts'
export type { Retry } from './work/retry.ts'
export type { StoredBatchContext, StoredBatchHandler, StoredContext, StoredEachHandler } from './work/stored.ts'
export type { BatchHandler, CommitMode, EachHandler, Exhausted, MessageBatch, Order } from './work/work.ts'
export type { WorkersOptions } from './work/workers/options.ts'
