/** A member of a group, whatever protocol it speaks: what it decides about partitions, and what it needs to hear. */
import type { TopicPartition } from '@tidemark/client'
import type { TidemarkError } from '@tidemark/platform'
import type { ErrorName } from '@tidemark/protocol'

/** What a commit says of its sender. */
export interface MemberIdentity {
  readonly memberId: string
  /** -1: the member has not joined, or does not know yet which partitions are its own. */
  readonly generation: number
  readonly instanceId: string | undefined
}

/** Since when, on the monotonic clock, and for how long the coordinator waits for partitions to be given up. */
export interface ReleaseLimit {
  readonly beginMs: number
  readonly timeoutMs: number
}

export type GroupRequest = 'JoinGroup' | 'SyncGroup' | 'Heartbeat' | 'LeaveGroup' | 'OffsetCommit'

/** What the member's decisions mean for the work; each is called in the turn in which it was decided. */
export interface MembershipListener {
  assigned(partitions: readonly TopicPartition[]): void
  /** Resolves when the partitions are drained, committed and dead: within the limit. */
  giveUp(partitions: readonly TopicPartition[], reason: 'revoked' | 'shutdown', limit: ReleaseLimit): Promise<void>
  /** A rebalance has begun: what is being given up has no more time than this. */
  hasten(limit: ReleaseLimit): void
  lost(partitions: readonly TopicPartition[]): void
  joined(generation: number): void
  /** A rebalance begins, or is over. */
  rebalancing(rebalancing: boolean): void
  /** Resolves once what is done is on record, or cannot be put on record now. */
  commitBeforeJoin(): Promise<void>
  /** The coordinator was heard again after a silence in which it may have expelled us, and has not. */
  trusted(): void
  /** A request failed and is tried again; `attempts` failed one after the other. */
  failing(request: GroupRequest, error: TidemarkError, attempts: number): void
  /** Something in the group is not as it should be, and is worked around. */
  warning(cause: string, text: string): void
  /** No retry can fix this: the run ends with it. */
  failed(error: unknown): void
  /** The member has left. */
  left(): void
}

export interface Membership {
  readonly identity: MemberIdentity
  /**
   * Whether the coordinator may have expelled us by now, as far as our clock can tell: it did not confirm the member
   * for a session time-out (the process was stopped, or the coordinator cannot be reached). Nothing is started until
   * it does.
   */
  readonly isDoubtful: boolean
  start(): void
  /** Drains, commits, leaves; `left` is called at the end. */
  stop(): void
  /** The time of a stop is running out: leaves, whatever it still waits for. */
  abandon(): void
  /** A commit was refused with an error of the group's. */
  refused(error: ErrorName, generation: number): void
  /** The topics that the member asks for are others now: the group has to hear of it. */
  subscriptionChanged(): void
  /** Topics came, went or grew. */
  clusterChanged(): void
  /** The run is over: no timer is left behind, and the coordinator's connections are closed. */
  close(): void
}
