/**
 * Appends what a producer sent to one partition: judged, checked against what the producer sent before, stamped,
 * written.
 */
import type { Now } from '@tidemark/platform'
import { type BatchHeader, ErrorCode, readBatchHeader, WireError } from '@tidemark/protocol'
import { storageCode } from '../failure.ts'
import { after, attempt } from '../now.ts'
import type { TopicSettings } from '../state/configs/topic-configs.ts'
import { recompress, stampAppendTime } from '../state/log/rewrite.ts'
import { judge, type RecordError } from '../state/log/validate.ts'
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
  /** Replicas that are in sync. */
  readonly inSync: number
  /** Of several nodes: another one leads the partition by now. */
  readonly isLedElsewhere?: () => boolean
}

export const refusedProduce = (code: number, message: string | null = null, recordErrors: readonly RecordError[] = []): Produced => ({
  code,
  baseOffset: -1,
  logAppendTimeMs: -1,
  logStartOffset: -1,
  message,
  recordErrors,
})

/** Finished once the batch is as safe as `fsync` promises. Never throws. */
export function append(partition: Partition, settings: TopicSettings, records: Buffer | null, context: AppendContext): Now<Produced> {
  const { acks, inSync } = context
  if (acks === -1 && settings.insyncReplicasMin > inSync) {
    const text = `min.insync.replicas is ${settings.insyncReplicasMin}, and ${inSync === 1 ? 'one replica is' : `${inSync} replicas are`} in sync`
    return refusedProduce(ErrorCode.NOT_ENOUGH_REPLICAS, text)
  }
  const judged = judge(records, { ...settings, version: context.version, nowMs: context.nowMs })
  if (judged.kind === 'bad') return refusedProduce(judged.code, judged.message, judged.recordErrors)
  return attempt(() => after(partition.state(), () => appendChecked(partition, settings, records!, judged.header, context)), refusalOf)
}

/** Of a partition that cannot be opened, read or written to. */
export function refusalOf(error: unknown): Produced {
  if (error instanceof WireError) return refusedProduce(ErrorCode.INVALID_RECORD, error.message)
  return refusedProduce(storageCode(error), (error as Error).message)
}

function appendChecked(
  partition: Partition,
  settings: TopicSettings,
  records: Buffer,
  arrived: BatchHeader,
  { nowMs, isLedElsewhere }: AppendContext,
): Now<Produced> {
  if (partition.deleted) return refusedProduce(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
  // The leader may have moved while the partition was being opened.
  if (isLedElsewhere?.()) return refusedProduce(ErrorCode.NOT_LEADER_OR_FOLLOWER)
  const done = (baseOffset: number, logAppendTimeMs: number): Produced => ({
    code: ErrorCode.NONE,
    baseOffset,
    logAppendTimeMs,
    logStartOffset: partition.start,
    message: null,
    recordErrors: [],
  })
  if (arrived.producerId >= 0n) {
    const sequence = partition.check(arrived)
    switch (sequence.kind) {
      case 'duplicate':
        return after(partition.settled(), () => done(sequence.batch.baseOffset, settings.logAppendTime ? sequence.batch.timestampMs : -1))
      case 'fenced':
        return refusedProduce(
          ErrorCode.INVALID_PRODUCER_EPOCH,
          `producer ${arrived.producerId} has a newer epoch than ${arrived.producerEpoch}`,
        )
      case 'outOfOrder':
        return refusedProduce(
          ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER,
          `producer ${arrived.producerId} sent sequence ${arrived.baseSequence}; ${sequence.expected} comes next`,
        )
    }
  }
  let batch = recompress(records, arrived, settings.compression)
  if (settings.logAppendTime) batch = stampAppendTime(batch, nowMs)
  const header = settings.logAppendTime || batch !== records ? readBatchHeader(batch) : arrived
  const { baseOffset, durable } = partition.append(batch, header)
  return after(durable, () => done(baseOffset, settings.logAppendTime ? nowMs : -1))
}
