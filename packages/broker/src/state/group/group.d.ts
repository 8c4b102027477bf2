import type { StoredGroup } from './group-records.ts';
import { type Member } from './member.ts';
import { type Phase, type PhaseRules } from './phases.ts';
import type { JoinedMember } from './replies.ts';
export declare class Group {
    #private;
    readonly groupId: string;
    phase: Phase;
    /** What it was before: the first rebalance of an empty group waits for more members. */
    phaseBefore: Phase;
    phaseSinceMs: number;
    generation: number;
    protocolType: string | null;
    protocol: string | null;
    leader: string | null;
    /** In the order in which they came. */
    readonly members: Map<string, Member>;
    /** Ids that were given out with MEMBER_ID_REQUIRED and have not come back. */
    readonly pendingJoin: Set<string>;
    /** Members of this generation that have not asked for their assignment. */
    readonly pendingSync: Set<string>;
    /** Somebody came during the first rebalance, which may therefore wait once more. */
    newMemberAdded: boolean;
    constructor(groupId: string, nowMs: number);
    get rules(): PhaseRules;
    enter(phase: Phase, nowMs: number): void;
    add(member: Member, protocolType: string): void;
    /** Also a pending one. The leader is succeeded by whoever is longest in the group. */
    remove(memberId: string): void;
    /** The static member goes on under a new id: the old one is fenced from now on. */
    rename(old: Member, memberId: string): Member;
    memberOfInstance(groupInstanceId: string): Member | undefined;
    /** The error code for a request of this member: UNKNOWN_MEMBER_ID, FENCED_INSTANCE_ID (KIP-345), or NONE. */
    checkMember(memberId: string, groupInstanceId: string | null): number;
    get waitingToJoin(): number;
    get allHaveJoined(): boolean;
    get rebalanceTimeoutMs(): number;
    /** Everybody with what they said of the chosen protocol: what the leader assigns by. */
    joinedMembers(): JoinedMember[];
    /** What its record holds: enough to be Stable (or Empty) again after a restart. */
    toStored(): StoredGroup;
    static fromStored(groupId: string, stored: StoredGroup, nowMs: number): Group;
}
