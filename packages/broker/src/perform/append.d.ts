/** Appends what a producer sent to one partition: judged, checked against what the producer sent before, stamped, written. */
import { type Now } from '@tidemark/platform'
import { type RecordError } from '../state/log/validate.ts'
import type { TopicSettings } from '../state/topics/configs.ts'
import type { Partition } from './partition.ts'
export interface Produced {
  readonly code: number
  readonly baseOffset: number
  readonly logAppendTimeMs: number
  readonly logStartOffset: number
  readonly message: string | null
  readonly recordErrors: readonly RecordError[]
}
export interface AppendContext {
  readonly version: number
  readonly nowMs: number
  readonly acks: number
}
export declare const refusedProduce: (code: number, message?: string | null, recordErrors?: readonly RecordError[]) => Produced
/** Finished once the batch is as safe as `fsync` promises. Never throws. */
export declare function append(partition: Partition, settings: TopicSettings, records: Buffer | null, context: AppendContext): Now<Produced>
