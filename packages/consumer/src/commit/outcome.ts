/**
 * What each error of an OffsetCommit means: one table for every code of Kafka
 * (ConsumerCoordinator.OffsetCommitResponseHandler).
 *
 * Invariant: every code has exactly one class; a code that neither this table nor Kafka's "retriable" mark explains
 * is fatal, so that no refusal of a commit is ever passed over.
 */
import type { ErrorName } from '@tidemark/protocol'
import { isKafkaError, isRetriableName, mayPass } from '../failures.ts'

export type CommitOutcome =
  /** On record. */
  | 'done'
  /** The offsets stay due and go with the next request. */
  | 'retry'
  /** Another broker coordinates the group: it is looked up again, and the offsets stay due. */
  | 'moved'
  /** The group does not take commits of this member, or of this generation: the member decides which claims live on. */
  | 'rejoin'
  /** The topic does not exist (any more), or has another id now. */
  | 'topicMissing'
  /** The metadata is longer than this broker allows: the next commit carries less of the completion map. */
  | 'metadataTooLarge'
  /** No retry can fix it: the run ends. */
  | 'fatal'

const EXPLICIT: Partial<Record<ErrorName, CommitOutcome>> = {
  NONE: 'done',
  NOT_COORDINATOR: 'moved',
  COORDINATOR_NOT_AVAILABLE: 'moved',
  REQUEST_TIMED_OUT: 'moved', // as in Kafka's client: the coordinator may have moved
  REBALANCE_IN_PROGRESS: 'retry', // the join or sync under way will tell the member what it may still commit
  ILLEGAL_GENERATION: 'rejoin',
  UNKNOWN_MEMBER_ID: 'rejoin',
  GROUP_ID_NOT_FOUND: 'rejoin', // from version 9 on, for a group that is gone (KIP-848)
  FENCED_INSTANCE_ID: 'rejoin', // the membership ends the run with it
  STALE_MEMBER_EPOCH: 'rejoin',
  FENCED_MEMBER_EPOCH: 'rejoin',
  UNKNOWN_TOPIC_OR_PARTITION: 'topicMissing',
  UNKNOWN_TOPIC_ID: 'topicMissing',
  OFFSET_METADATA_TOO_LARGE: 'metadataTooLarge',
  UNKNOWN_SERVER_ERROR: 'retry', // says nothing about the commit; visible, and bounded by the time limits
}

export const commitOutcome = (name: ErrorName): CommitOutcome => EXPLICIT[name] ?? (isRetriableName(name) ? 'retry' : 'fatal')

/**
 * What a request that was not answered with codes means: it could not be sent, or its coordinator could not be found.
 */
export function outcomeOfFailure(error: unknown): CommitOutcome {
  if (error instanceof Error && 'code' in error && isKafkaError(String(error.code))) return commitOutcome(error.code as ErrorName)
  return mayPass(error) ? 'moved' : 'fatal'
}
