export type Phase = 'Empty' | 'PreparingRebalance' | 'CompletingRebalance' | 'Stable' | 'Dead';
export interface PhaseRules {
    /** The phases from which this one may be entered. */
    readonly after: readonly Phase[];
    /** A JoinGroup of a member that is in the group. `repeat`: the answer of this generation again. */
    readonly rejoin: 'unknown member' | 'wait for the others' | 'rebalance if changed, else repeat' | 'rebalance if changed or leader, else repeat';
    /** A static member comes back under a new member id. */
    readonly replaceStatic: 'never' | 'wait for the others' | 'rebalance' | 'keep the generation if the protocol stays';
    /** Which number limits the size: those who wait for their JoinGroup, or all members. */
    readonly sizeCounts: 'nothing' | 'waiting' | 'members';
    /** A SyncGroup of a member in the right generation; a number is an error code. */
    readonly sync: 'wait for the leader' | 'assignment' | number;
    /** The error code of a Heartbeat of a member in the right generation, whose session it renews unless it is unknown. */
    readonly heartbeat: number;
    /** The error code of an OffsetCommit of a member in the right generation. */
    readonly commit: number;
    /** Whether an accepted OffsetCommit renews the member's session. */
    readonly commitRenews: boolean;
    /** Whether offsets may be committed without member id and generation. */
    readonly commitsOfStrangers: boolean;
    /** A member left, failed, or is new. */
    readonly membersChanged: 'begin a rebalance' | 'perhaps all have joined' | 'nothing';
    /** Whether DescribeGroups shows the protocol and what the members said. */
    readonly describesProtocol: boolean;
}
export declare const phases: Readonly<Record<Phase, PhaseRules>>;
/** Throws unless the table allows the step: a wrong one is a bug of ours, never a client's. */
export declare function assertTransition(from: Phase, to: Phase): void;
