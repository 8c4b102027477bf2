/**
 * Which records of a batch may not be appended, by their place in the batch: Kafka's `LogValidator.validateRecord`. A
 * batch with one such record is refused as a whole; the answer names its records (KIP-467).
 */
import { type BatchHeader, ErrorCode, RecordCursor } from '@tidemark/protocol'

export interface RecordRules {
  readonly nowMs: number
  /**
   * How far the time of a record may lie behind or ahead of the broker's clock; not looked at where the broker sets
   * the time.
   */
  readonly timestampBeforeMsMax: number
  readonly timestampAfterMsMax: number
  readonly logAppendTime: boolean
  /** Every record needs a key. */
  readonly compacted: boolean
}

export interface RecordError {
  readonly batchIndex: number
  readonly batchIndexErrorMessage: string
}

export interface RecordFaults {
  readonly code: number
  readonly message: string
  readonly recordErrors: readonly RecordError[]
}

/** A refused batch may have very many records. */
const RECORD_ERRORS_MAX = 10
/** The record has no time. */
const NO_TIMESTAMP = -1

/** What is wrong with the time of a record, or of a header; undefined if nothing is. */
export function timestampFault(timestampMs: number, rules: RecordRules): string | undefined {
  const { nowMs, timestampBeforeMsMax: beforeMsMax, timestampAfterMsMax: afterMsMax } = rules
  if (timestampMs === NO_TIMESTAMP || rules.logAppendTime) return undefined
  if (!Number.isSafeInteger(timestampMs) || timestampMs < 0) return `timestamp ${timestampMs} is not a time`
  if (timestampMs - nowMs > afterMsMax) return `timestamp ${timestampMs} is more than ${afterMsMax} ms ahead of the broker's clock`
  if (nowMs - timestampMs > beforeMsMax) return `timestamp ${timestampMs} is more than ${beforeMsMax} ms behind the broker's clock`
  return undefined
}

/**
 * Undefined: every record may be appended. A wrong time outweighs a missing key, as in Kafka. Throws `WireError` if
 * the batch cannot be opened.
 */
export function recordFaults(batch: Buffer, header: BatchHeader, rules: RecordRules): RecordFaults | undefined {
  const recordErrors: RecordError[] = []
  let code: number = ErrorCode.INVALID_RECORD
  const cursor = new RecordCursor(batch, header)
  for (let batchIndex = 0; recordErrors.length < RECORD_ERRORS_MAX && cursor.next(); batchIndex++) {
    if (rules.compacted && cursor.key === null) {
      recordErrors.push({ batchIndex, batchIndexErrorMessage: 'a record of a compacted topic needs a key' })
      continue
    }
    const fault = timestampFault(cursor.timestampMs, rules)
    if (fault === undefined) continue
    recordErrors.push({ batchIndex, batchIndexErrorMessage: fault })
    code = ErrorCode.INVALID_TIMESTAMP
  }
  const [first] = recordErrors
  if (first === undefined) return undefined
  const { batchIndex, batchIndexErrorMessage } = first
  const reason = code === ErrorCode.INVALID_TIMESTAMP ? 'invalid timestamps' : 'missing keys'
  return { code, message: `records were rejected for ${reason}: record ${batchIndex}: ${batchIndexErrorMessage}`, recordErrors }
}
