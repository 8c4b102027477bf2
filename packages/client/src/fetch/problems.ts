/** The problems that a fetcher reports to its owner, in words. */
import { TidemarkError } from '@tidemark/platform'
import { errorOf, uuidToText } from '@tidemark/protocol'
import type { Offset } from '../messages/offset.ts'
import { type TopicPartition, textOf } from '../messages/topic-partition.ts'
import type { FetchProblem } from './types.ts'

const detailsOf = ({ topic, partition }: TopicPartition, offset?: number) =>
  offset === undefined ? { topic, partition } : { topic, partition, offset }

export function outOfRange(where: TopicPartition, offset: number, logStart: number, highWatermark: number): FetchProblem {
  const log = logStart >= 0 && highWatermark >= 0 ? `; the log has ${logStart} to ${highWatermark}` : ''
  const error = new TidemarkError(
    'OFFSET_OUT_OF_RANGE',
    `offset ${offset} is not in the log of ${textOf(where)}${log}`,
    detailsOf(where, offset),
  )
  return { kind: 'out_of_range', offset, error }
}

export function truncated(where: TopicPartition, offset: number, end: { offset: number; leaderEpoch: number } | undefined): FetchProblem {
  const rest = end === undefined ? 'where the common part ends is not known' : `the log agrees with what was read up to ${end.offset}`
  const message = `what was read of ${textOf(where)} before offset ${offset} was cut off when its leader changed; ${rest}`
  const error = new TidemarkError('LOG_TRUNCATED', message, detailsOf(where, offset))
  return { kind: 'truncated', offset, end: end && { offset: Math.min(end.offset, offset) as Offset, leaderEpoch: end.leaderEpoch }, error }
}

export function replaced(where: TopicPartition, topicId: string): FetchProblem {
  const message = `topic '${where.topic}' was deleted and created again (it is ${uuidToText(topicId)} now); positions in the old one mean nothing in it`
  return { kind: 'replaced', topicId, error: new TidemarkError('TOPIC_REPLACED', message, detailsOf(where)) }
}

export const failed = (error: TidemarkError): FetchProblem => ({ kind: 'failed', error })

export function refused(where: TopicPartition, errorCode: number, offset: number): FetchProblem {
  const { name } = errorOf(errorCode)
  const hint = name === 'TOPIC_AUTHORIZATION_FAILED' ? '; this user may not read it: it needs READ on the topic' : ''
  return failed(new TidemarkError(name, `${textOf(where)} cannot be read at offset ${offset}: ${name}${hint}`, detailsOf(where, offset)))
}

export function unknownTopic(where: TopicPartition): FetchProblem {
  return failed(new TidemarkError('UNKNOWN_TOPIC', `topic '${where.topic}' does not exist (any more)`, detailsOf(where)))
}
