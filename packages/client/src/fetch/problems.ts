/** What a fetcher's owner is told when a partition cannot be read on, in words. */
import { TidemarkError } from '@tidemark/platform'
import { ErrorCode, type ErrorName, errorOf, uuidToText } from '@tidemark/protocol'
import type { Offset } from '../messages/offset.ts'
import { type TopicPartition, textOf } from '../messages/topic-partition.ts'
import type { FetchProblem } from './types.ts'

const place = ({ topic, partition }: TopicPartition, offset?: number) =>
  offset === undefined ? { topic, partition } : { topic, partition, offset }

export function outOfRange(where: TopicPartition, offset: number, logStart: number, highWatermark: number): FetchProblem {
  const log = logStart >= 0 && highWatermark >= 0 ? `; the log has ${logStart} to ${highWatermark}` : ''
  const error = new TidemarkError(
    'OFFSET_OUT_OF_RANGE',
    `offset ${offset} is not in the log of ${textOf(where)}${log}`,
    place(where, offset),
  )
  return { kind: 'out_of_range', offset, error }
}

export function truncated(where: TopicPartition, offset: number, end: { offset: number; leaderEpoch: number } | undefined): FetchProblem {
  const rest = end === undefined ? 'where the common part ends is not known' : `the log agrees with what was read up to ${end.offset}`
  const message = `what was read of ${textOf(where)} before offset ${offset} was cut off when its leader changed; ${rest}`
  const error = new TidemarkError('LOG_TRUNCATED', message, place(where, offset))
  return { kind: 'truncated', offset, end: end && { offset: Math.min(end.offset, offset) as Offset, leaderEpoch: end.leaderEpoch }, error }
}

export function replaced(where: TopicPartition, topicId: string): FetchProblem {
  const message = `topic '${where.topic}' was deleted and created again (it is ${uuidToText(topicId)} now); positions in the old one mean nothing in it`
  return { kind: 'replaced', topicId, error: new TidemarkError('TOPIC_REPLACED', message, place(where)) }
}

export const failed = (error: TidemarkError): FetchProblem => ({ kind: 'failed', error })

export function refused(where: TopicPartition, errorCode: number, offset: number): FetchProblem {
  const { name } = errorOf(errorCode)
  return failed(new TidemarkError(name, `${textOf(where)} cannot be read at offset ${offset}: ${name}`, place(where, offset)))
}

export function unknownTopic(where: TopicPartition): FetchProblem {
  return failed(new TidemarkError('UNKNOWN_TOPIC', `topic '${where.topic}' does not exist (any more)`, place(where)))
}

/** Our view of the cluster is old, or theirs is: look it up and try again. */
const LOOK_UP: ReadonlySet<ErrorName> = new Set([
  'NOT_LEADER_OR_FOLLOWER',
  'LEADER_NOT_AVAILABLE',
  'REPLICA_NOT_AVAILABLE',
  'KAFKA_STORAGE_ERROR',
  'FENCED_LEADER_EPOCH',
  'UNKNOWN_TOPIC_OR_PARTITION',
  'UNKNOWN_TOPIC_ID',
  'INCONSISTENT_TOPIC_ID',
])

/** The broker is behind us, or in trouble: the same again, later. */
const TRY_AGAIN: ReadonlySet<ErrorName> = new Set([
  'UNKNOWN_LEADER_EPOCH',
  'OFFSET_NOT_AVAILABLE',
  'UNKNOWN_SERVER_ERROR',
  'REQUEST_TIMED_OUT',
  'THROTTLING_QUOTA_EXCEEDED',
])

export type Verdict = 'fine' | 'out_of_range' | 'look_up' | 'try_again' | 'refused'

export function verdictOn(errorCode: number): Verdict {
  if (errorCode === 0) return 'fine'
  if (errorCode === ErrorCode.OFFSET_OUT_OF_RANGE) return 'out_of_range'
  const { name } = errorOf(errorCode)
  if (LOOK_UP.has(name)) return 'look_up'
  return TRY_AGAIN.has(name) ? 'try_again' : 'refused'
}
