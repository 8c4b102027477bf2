/**
 * What each error of a JoinGroup, SyncGroup or Heartbeat means to a member: one table for every code of Kafka
 * (AbstractCoordinator).
 *
 * Invariant: every code has exactly one class; a code that neither this table nor Kafka's "retriable" mark explains
 * is fatal.
 */
import type { ErrorName } from '@tidemark/protocol'
import { isRetriableName } from '../../failures.ts'

export type MemberOutcome =
  /** The group does not know the member any more. */
  | 'expelled'
  /** The group went on to another generation. */
  | 'stale'
  /** A rebalance has begun: the member joins again. */
  | 'rebalancing'
  /** Another broker coordinates the group: it is looked up again, and the request is repeated. */
  | 'moved'
  | 'retry'
  /** No retry can fix it: the run ends with this code. */
  | 'fatal'

const EXPLICIT: Partial<Record<ErrorName, MemberOutcome>> = {
  UNKNOWN_MEMBER_ID: 'expelled',
  GROUP_ID_NOT_FOUND: 'expelled', // a commit, from version 9 on: the group is gone, and with it its members
  ILLEGAL_GENERATION: 'stale',
  REBALANCE_IN_PROGRESS: 'rebalancing',
  NOT_COORDINATOR: 'moved',
  COORDINATOR_NOT_AVAILABLE: 'moved',
  UNKNOWN_SERVER_ERROR: 'retry', // says nothing about the member; visible, and bounded by `startTimeoutMs` before the first success
}

export const memberOutcome = (name: ErrorName): MemberOutcome => EXPLICIT[name] ?? (isRetriableName(name) ? 'retry' : 'fatal')
