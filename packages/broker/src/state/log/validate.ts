/**
 * What may be appended: the records of one partition of a ProduceRequest, judged before anything is written. Kafka's
 * `ProduceRequest.validateRecords`, `UnifiedLog.analyzeAndValidateRecords` and `LogValidator`, in their order.
 */
import {
  BATCH_HEADER_BYTES,
  type BatchHeader,
  batchSizeAt,
  checkRecords,
  compressionOf,
  ErrorCode,
  hasRightCrc,
  isControl,
  isLogAppendTime,
  isTransactional,
  readBatchHeader,
  WireError,
} from '@tidemark/protocol'
import { type RecordError, type RecordRules, recordFaults, timestampFault } from './validate-records.ts'

export type { RecordError } from './validate-records.ts'

export interface Rules extends RecordRules {
  readonly version: number
  readonly messageBytesMax: number
}

export type Judged =
  | { readonly kind: 'good'; readonly header: BatchHeader }
  | { readonly kind: 'bad'; readonly code: number; readonly message: string; readonly recordErrors?: readonly RecordError[] }

/** Produce v7 is the first whose clients know zstd (KIP-110). */
const ZSTD_VERSION_MIN = 7
/**
 * The smallest `length` that Kafka's ByteBufferLogInputStream takes for one: a record of format v0 without content.
 */
const LENGTH_MIN = 14

const bad = (code: number, message: string): Judged => ({ kind: 'bad', code, message })

export function judge(records: Buffer | null, rules: Rules): Judged {
  const fault = frameFault(records)
  if (fault !== undefined) return fault
  const batch = records!
  const header = readBatchHeader(batch)
  return headerFault(batch, header, rules) ?? contentFault(batch, header, rules) ?? { kind: 'good', header }
}

/** Whether there is exactly one whole batch of format v2. */
function frameFault(records: Buffer | null): Judged | undefined {
  const size = records === null ? undefined : batchSizeAt(records, 0)
  if (records === null || size === undefined)
    return bad(ErrorCode.INVALID_RECORD, 'a partition comes with exactly one record batch; there is none')
  if (size - 12 < LENGTH_MIN) return bad(ErrorCode.CORRUPT_MESSAGE, `the record batch says it has ${size} bytes`)
  if (records.length > 16) {
    const magic = records.readInt8(16)
    if (magic < 0 || magic > 2) return bad(ErrorCode.CORRUPT_MESSAGE, `record format v${magic} does not exist`)
    if (magic < 2) return bad(ErrorCode.INVALID_RECORD, `record format v${magic}; Produce from version 3 on carries format v2 only`)
  }
  if (size > records.length) return bad(ErrorCode.INVALID_RECORD, 'a partition comes with exactly one record batch; it is cut off')
  if (size < BATCH_HEADER_BYTES) return bad(ErrorCode.CORRUPT_MESSAGE, `the record batch has ${size} bytes, fewer than its header`)
  if (records.length > size) return bad(ErrorCode.INVALID_RECORD, 'a partition comes with exactly one record batch; there are more')
  return undefined
}

function headerFault(batch: Buffer, header: BatchHeader, rules: Rules): Judged | undefined {
  const { attributes } = header
  const codec = attributes & 0x07
  if (codec > 4) return bad(ErrorCode.CORRUPT_MESSAGE, `compression codec ${codec} does not exist`)
  if (rules.version < ZSTD_VERSION_MIN && compressionOf(attributes) === 'zstd') {
    return bad(ErrorCode.UNSUPPORTED_COMPRESSION_TYPE, `Produce version ${rules.version} does not know zstd`)
  }
  if (header.baseOffset !== 0) return bad(ErrorCode.INVALID_RECORD, `the base offset of a new batch is 0, not ${header.baseOffset}`)
  if (header.size > rules.messageBytesMax) {
    return bad(
      ErrorCode.MESSAGE_TOO_LARGE,
      `a record batch of ${header.size} bytes is larger than the ${rules.messageBytesMax} that are allowed`,
    )
  }
  if (!hasRightCrc(batch, 0, header.size)) return bad(ErrorCode.CORRUPT_MESSAGE, 'the CRC of the record batch is wrong')
  if (isControl(attributes)) return bad(ErrorCode.INVALID_RECORD, 'clients may not write control batches')
  if (header.recordCount < 1) return bad(ErrorCode.INVALID_RECORD, `a record batch of ${header.recordCount} records`)
  if (header.lastOffsetDelta !== header.recordCount - 1) {
    return bad(ErrorCode.INVALID_RECORD, `${header.recordCount} records, but the last offset delta is ${header.lastOffsetDelta}`)
  }
  if (header.producerId >= 0n && (header.baseSequence < 0 || header.producerEpoch < 0)) {
    return bad(ErrorCode.INVALID_RECORD, `sequence ${header.baseSequence}, epoch ${header.producerEpoch} of producer ${header.producerId}`)
  }
  if (isTransactional(attributes)) return bad(ErrorCode.INVALID_TXN_STATE, 'transactions are not served')
  if (isLogAppendTime(attributes)) return bad(ErrorCode.INVALID_TIMESTAMP, 'only the broker sets the log append time')
  return undefined
}

/**
 * The records of an uncompressed batch are walked, and each is checked. A compressed batch is opened only where every
 * record needs a key; otherwise its header alone is checked, which a producer of Kafka fills from its records
 * (docs/skipped.md).
 */
function contentFault(batch: Buffer, header: BatchHeader, rules: Rules): Judged | undefined {
  try {
    const isOpen = compressionOf(header.attributes) === 'none'
    const deltas = isOpen ? checkRecords(batch, header) : undefined
    const inTime = deltas === undefined || bothInTime(header.baseTimestamp + deltas.min, header.baseTimestamp + deltas.max, rules)
    const fault = rules.compacted || !inTime ? recordFaults(batch, header, rules) : undefined
    return fault === undefined ? headerTimeFault(header, rules) : { kind: 'bad', ...fault }
  } catch (error) {
    if (!(error instanceof WireError)) throw error
    return bad(ErrorCode.INVALID_RECORD, error.message)
  }
}

const bothInTime = (earliest: number, latest: number, rules: Rules): boolean =>
  timestampFault(earliest, rules) === undefined && timestampFault(latest, rules) === undefined

function headerTimeFault({ baseTimestamp, maxTimestamp }: BatchHeader, rules: Rules): Judged | undefined {
  const fault = timestampFault(maxTimestamp, rules) ?? timestampFault(baseTimestamp, rules)
  return fault === undefined ? undefined : bad(ErrorCode.INVALID_TIMESTAMP, `the header of the record batch: ${fault}`)
}
