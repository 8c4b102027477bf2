/** A Kafka consumption runtime: the committed offset is always true. */
export { TidemarkError } from '@tidemark/platform'
export { Consumer, createConsumer, type Explanation, type Progress, type RunOptions } from './consumer.ts'
export type { ConsumerEvent } from './events.ts'
export { BatchContext, Context } from './handle/context.ts'
export type { BatchHandler, CommitMode, EachHandler, Exhausted, MessageBatch, Order, Retry } from './handle/work.ts'
export type { AssignorName } from './membership/assignors/index.ts'
export type { BatchSettings, CommitOptions, ConsumerOptions, EachSettings, OutOfRange, StartFrom, WorkSettings } from './options.ts'
export { type CompletionMap, readCompletionMap } from './state/finished.ts'
