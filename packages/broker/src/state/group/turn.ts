/** What the functions of a group are given in one turn of the state machine, and the timers they set. */
import type { Decision, Moment } from '../decision.ts'
import type { CoordinatorRecord } from './records.ts'

export type GroupTimer =
  /** A member was silent for its session time-out, or a pending one did not come back. */
  | { readonly kind: 'session'; readonly groupId: string; readonly memberId: string }
  /** The join phase is over for members that have not joined. */
  | { readonly kind: 'join'; readonly groupId: string }
  /**
   * The first rebalance of an empty group has waited `delayMs`; it may wait `remainingMs` more if members keep
   * coming.
   */
  | { readonly kind: 'first join'; readonly groupId: string; readonly delayMs: number; readonly remainingMs: number }
  /** The sync phase of this generation is over for members that have not asked for their assignment. */
  | { readonly kind: 'sync'; readonly groupId: string; readonly generation: number }

export interface GroupLimits {
  /** `group.initial.rebalance.delay.ms` */
  readonly initialRebalanceDelayMs: number
  readonly sessionTimeoutMinMs: number
  readonly sessionTimeoutMaxMs: number
  /** Members of a group. */
  readonly sizeMax: number
  /** Members of a group that were given an id and have not come back with it. */
  readonly pendingMembersMax: number
  /** What one member may say of all its protocols, and what one decision may write. */
  readonly metadataBytesMax: number
  readonly recordBytesMax: number
  /** UTF-16 units, as Kafka counts. */
  readonly offsetMetadataCharsMax: number
}

export type GroupDecision = Decision<CoordinatorRecord, GroupTimer>

export interface Turn {
  readonly now: Moment
  readonly limits: GroupLimits
  readonly decision: GroupDecision
  /** Whether there may be one more group. */
  readonly mayCreateGroup: () => boolean
}

/**
 * A member that is new has no id yet and cannot send heartbeats: it may wait so long for the answer to its first
 * JoinGroup.
 */
export const NEW_MEMBER_JOIN_TIMEOUT_MS = 5 * 60 * 1000

// The length in front keeps a group id that contains a colon from meaning another group's timer.
const keyOf = (groupId: string, rest: string): string => `${groupId.length}:${groupId}:${rest}`
export const sessionKey = (groupId: string, memberId: string): string => keyOf(groupId, `session:${memberId}`)
export const joinKey = (groupId: string): string => keyOf(groupId, 'join')
export const syncKey = (groupId: string): string => keyOf(groupId, 'sync')
