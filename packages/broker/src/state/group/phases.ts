/**
 * The phases of a classic group, and what each request gets in each of them (Kafka's ClassicGroupState and the
 * switches of GroupMetadataManager, as one table).
 *
 * ```
 *            join                all joined, or time is up          the leader's sync
 *   Empty ─────────► PreparingRebalance ─────────► CompletingRebalance ─────────► Stable
 *     ▲                │      ▲      ▲                      │                        │
 *     └── no members  ─┘      │      └── member gone or new ┘                        │
 *                             └───────── member gone, new or changed ────────────────┘
 * ```
 * Dead is the phase of a group that does not exist: it was never made, or its tombstone is written.
 */
import { ErrorCode } from '@tidemark/protocol'

export type Phase = 'Empty' | 'PreparingRebalance' | 'CompletingRebalance' | 'Stable' | 'Dead'

export interface PhaseRules {
  /** The phases from which this one may be entered. */
  readonly after: readonly Phase[]
  /** A JoinGroup of a member that is in the group. `repeat`: the answer of this generation again. */
  readonly rejoin:
    | 'unknown member'
    | 'wait for the others'
    | 'rebalance if changed, else repeat'
    | 'rebalance if changed or leader, else repeat'
  /** A static member comes back under a new member id. */
  readonly replaceStatic: 'never' | 'wait for the others' | 'rebalance' | 'keep the generation if the protocol stays'
  /** Which number limits the size: the members that wait for their JoinGroup, or all members. */
  readonly sizeCounts: 'nothing' | 'waiting' | 'members'
  /** A SyncGroup of a member in the right generation; a number is an error code. */
  readonly sync: 'wait for the leader' | 'assignment' | number
  /**
   * The error code of a Heartbeat of a member in the right generation, whose session it renews unless it is unknown.
   */
  readonly heartbeat: number
  /** The error code of an OffsetCommit of a member in the right generation. */
  readonly commit: number
  /** Whether an accepted OffsetCommit renews the member's session. */
  readonly commitRenews: boolean
  /** Whether offsets may be committed without member id and generation. */
  readonly commitsOfStrangers: boolean
  /** A member left, failed, or is new. */
  readonly membersChanged: 'begin a rebalance' | 'perhaps all have joined' | 'nothing'
  /** Whether DescribeGroups shows the protocol and the members' metadata. */
  readonly describesProtocol: boolean
}

export const phases: Readonly<Record<Phase, PhaseRules>> = {
  Empty: {
    after: ['PreparingRebalance'],
    rejoin: 'unknown member',
    replaceStatic: 'never',
    sizeCounts: 'nothing',
    sync: ErrorCode.UNKNOWN_MEMBER_ID,
    heartbeat: ErrorCode.UNKNOWN_MEMBER_ID,
    commit: ErrorCode.UNKNOWN_MEMBER_ID,
    commitRenews: false,
    commitsOfStrangers: true,
    membersChanged: 'begin a rebalance',
    describesProtocol: false,
  },
  PreparingRebalance: {
    after: ['Empty', 'CompletingRebalance', 'Stable'],
    rejoin: 'wait for the others',
    replaceStatic: 'wait for the others',
    sizeCounts: 'waiting',
    sync: ErrorCode.REBALANCE_IN_PROGRESS,
    heartbeat: ErrorCode.REBALANCE_IN_PROGRESS,
    commit: ErrorCode.NONE,
    commitRenews: true,
    commitsOfStrangers: false,
    membersChanged: 'perhaps all have joined',
    describesProtocol: false,
  },
  CompletingRebalance: {
    after: ['PreparingRebalance'],
    rejoin: 'rebalance if changed, else repeat',
    replaceStatic: 'rebalance',
    sizeCounts: 'members',
    sync: 'wait for the leader',
    heartbeat: ErrorCode.NONE,
    commit: ErrorCode.REBALANCE_IN_PROGRESS,
    commitRenews: false,
    commitsOfStrangers: false,
    membersChanged: 'begin a rebalance',
    describesProtocol: false,
  },
  Stable: {
    after: ['CompletingRebalance'],
    rejoin: 'rebalance if changed or leader, else repeat',
    replaceStatic: 'keep the generation if the protocol stays',
    sizeCounts: 'members',
    sync: 'assignment',
    heartbeat: ErrorCode.NONE,
    commit: ErrorCode.NONE,
    commitRenews: true,
    commitsOfStrangers: false,
    membersChanged: 'begin a rebalance',
    describesProtocol: true,
  },
  Dead: {
    after: ['Empty', 'PreparingRebalance', 'CompletingRebalance', 'Stable', 'Dead'],
    rejoin: 'unknown member',
    replaceStatic: 'never',
    sizeCounts: 'nothing',
    sync: ErrorCode.UNKNOWN_MEMBER_ID,
    heartbeat: ErrorCode.UNKNOWN_MEMBER_ID,
    commit: ErrorCode.ILLEGAL_GENERATION,
    commitRenews: false,
    commitsOfStrangers: true,
    membersChanged: 'nothing',
    describesProtocol: false,
  },
}

/** Throws unless the table allows the step: a wrong one is a bug of ours, never a client's. */
export function assertTransition(from: Phase, to: Phase): void {
  if (!phases[to].after.includes(from)) throw new Error(`a group may not go from ${from} to ${to}`)
}
