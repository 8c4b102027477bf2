/**
 * What an error code in the answer to a Fetch, or to OffsetForLeaderEpoch, means for its partition. The one table of
 * such codes.
 */
import { ErrorCode, type ErrorName, errorOf } from '@tidemark/protocol'

export type FetchOutcome =
  | 'done'
  /** The position is not in the log. */
  | 'out_of_range'
  /** Our view of the cluster is old, or the broker's is: look the topic up and try again. */
  | 'look_up'
  /** The broker is behind us, or in trouble: the same again, later. */
  | 'try_again'
  /** Another attempt does not help: the partition stops, and its owner hears why. */
  | 'refused'

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
/** Not retriable in Kafka's table, but its consumer (FetchCollector) asks again. */
const UNEXPLAINED: ReadonlySet<ErrorName> = new Set(['UNKNOWN_SERVER_ERROR'])
/** Retriable in Kafka's table, for producers: what is damaged in a log stays so. */
const DAMAGED: ReadonlySet<ErrorName> = new Set(['CORRUPT_MESSAGE'])

/** A code that Kafka's table does not have counts as UNKNOWN_SERVER_ERROR. */
export function fetchOutcome(errorCode: number): FetchOutcome {
  if (errorCode === 0) return 'done'
  if (errorCode === ErrorCode.OFFSET_OUT_OF_RANGE) return 'out_of_range'
  const { name, retriable } = errorOf(errorCode)
  if (LOOK_UP.has(name)) return 'look_up'
  if (DAMAGED.has(name)) return 'refused'
  return retriable || UNEXPLAINED.has(name) ? 'try_again' : 'refused'
}
