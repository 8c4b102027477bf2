/**
 * What may be appended: the records of one partition of a ProduceRequest, judged before anything is written. Kafka's
 * `ProduceRequest.validateRecords`, `UnifiedLog.analyzeAndValidateRecords` and `LogValidator`, in their order.
 */
import { type BatchHeader } from '@tidemark/protocol'
export interface Rules {
  readonly version: number
  readonly nowMs: number
  readonly messageBytesMax: number
  readonly timestampBeforeMsMax: number
  readonly timestampAfterMsMax: number
  readonly compacted: boolean
}
export type Judged =
  | {
      readonly kind: 'good'
      readonly header: BatchHeader
    }
  | {
      readonly kind: 'bad'
      readonly code: number
      readonly message: string
      readonly recordErrors?: readonly RecordError[]
    }
export interface RecordError {
  readonly batchIndex: number
  readonly batchIndexErrorMessage: string
}
export declare function judge(records: Buffer | null, rules: Rules): Judged
