/**
 * A classic group as it is now (Kafka's ClassicGroup): who is in it, which phase it is in, which requests wait.
 *
 * Only what its last record holds outlives the broker; the rest is rebuilt from that. Whoever changes `phase` does so through
 * `enter`, which asserts the step.
 */
import { ErrorCode } from '@tidemark/protocol';
import { metadataOf } from './member.js';
import { assertTransition, phases } from './phases.js';
export class Group {
    groupId;
    phase = 'Empty';
    /** What it was before: the first rebalance of an empty group waits for more members. */
    phaseBefore = 'Dead';
    phaseSinceMs;
    generation = 0;
    protocolType = null;
    protocol = null;
    leader = null;
    /** In the order in which they came. */
    members = new Map();
    #memberOfInstance = new Map();
    /** Ids that were given out with MEMBER_ID_REQUIRED and have not come back. */
    pendingJoin = new Set();
    /** Members of this generation that have not asked for their assignment. */
    pendingSync = new Set();
    /** Somebody came during the first rebalance, which may therefore wait once more. */
    newMemberAdded = false;
    constructor(groupId, nowMs) {
        this.groupId = groupId;
        this.phaseSinceMs = nowMs;
    }
    get rules() {
        return phases[this.phase];
    }
    enter(phase, nowMs) {
        assertTransition(this.phase, phase);
        this.phaseBefore = this.phase;
        this.phase = phase;
        this.phaseSinceMs = nowMs;
    }
    add(member, protocolType) {
        if (this.members.size === 0)
            this.protocolType = protocolType;
        this.leader ??= member.memberId;
        this.members.set(member.memberId, member);
        if (member.groupInstanceId !== null)
            this.#memberOfInstance.set(member.groupInstanceId, member.memberId);
        this.pendingJoin.delete(member.memberId);
    }
    /** Also a pending one. The leader is succeeded by whoever is longest in the group. */
    remove(memberId) {
        const member = this.members.get(memberId);
        this.members.delete(memberId);
        if (member !== undefined && member.groupInstanceId !== null)
            this.#memberOfInstance.delete(member.groupInstanceId);
        if (this.leader === memberId)
            this.leader = this.members.keys().next().value ?? null;
        this.pendingJoin.delete(memberId);
        this.pendingSync.delete(memberId);
    }
    /** The static member goes on under a new id: the old one is fenced from now on. */
    rename(old, memberId) {
        const member = { ...old, memberId, awaitingJoin: undefined, awaitingSync: undefined };
        this.members.delete(old.memberId);
        this.members.set(memberId, member);
        if (this.leader === old.memberId)
            this.leader = memberId;
        if (this.pendingSync.delete(old.memberId))
            this.pendingSync.add(memberId);
        this.#memberOfInstance.set(old.groupInstanceId, memberId);
        return member;
    }
    memberOfInstance(groupInstanceId) {
        const memberId = this.#memberOfInstance.get(groupInstanceId);
        return memberId === undefined ? undefined : this.members.get(memberId);
    }
    /** The error code for a request of this member: UNKNOWN_MEMBER_ID, FENCED_INSTANCE_ID (KIP-345), or NONE. */
    checkMember(memberId, groupInstanceId) {
        if (groupInstanceId !== null) {
            const known = this.#memberOfInstance.get(groupInstanceId);
            if (known === undefined)
                return ErrorCode.UNKNOWN_MEMBER_ID;
            if (known !== memberId)
                return ErrorCode.FENCED_INSTANCE_ID;
        }
        return this.members.has(memberId) ? ErrorCode.NONE : ErrorCode.UNKNOWN_MEMBER_ID;
    }
    get waitingToJoin() {
        let count = 0;
        for (const member of this.members.values())
            if (member.awaitingJoin !== undefined)
                count++;
        return count;
    }
    get allHaveJoined() {
        return this.pendingJoin.size === 0 && this.waitingToJoin === this.members.size;
    }
    get rebalanceTimeoutMs() {
        let longest = 0;
        for (const { rebalanceTimeoutMs } of this.members.values())
            longest = Math.max(longest, rebalanceTimeoutMs);
        return longest;
    }
    /** Everybody with what they said of the chosen protocol: what the leader assigns by. */
    joinedMembers() {
        return Array.from(this.members.values(), (member) => ({
            memberId: member.memberId,
            groupInstanceId: member.groupInstanceId,
            metadata: metadataOf(member, this.protocol),
        }));
    }
    /** What its record holds: enough to be Stable (or Empty) again after a restart. */
    toStored() {
        return {
            protocolType: this.protocolType ?? '',
            generation: this.generation,
            protocol: this.protocol,
            leader: this.leader,
            currentStateTimestamp: this.phaseSinceMs,
            members: Array.from(this.members.values(), (member) => storedMember(member, this.protocol)),
        };
    }
    static fromStored(groupId, stored, nowMs) {
        const group = new Group(groupId, stored.currentStateTimestamp === -1 ? nowMs : stored.currentStateTimestamp);
        group.generation = stored.generation;
        for (const member of stored.members)
            group.add(memberFrom(member, stored.protocol), stored.protocolType);
        group.protocolType = stored.protocolType === '' ? null : stored.protocolType;
        group.protocol = stored.protocol;
        group.leader = stored.leader;
        if (group.members.size > 0)
            group.phase = 'Stable';
        return group;
    }
}
const storedMember = (member, protocol) => ({
    memberId: member.memberId,
    groupInstanceId: member.groupInstanceId,
    clientId: member.clientId,
    clientHost: member.clientHost,
    rebalanceTimeout: member.rebalanceTimeoutMs,
    sessionTimeout: member.sessionTimeoutMs,
    subscription: metadataOf(member, protocol),
    assignment: member.assignment,
});
const memberFrom = (stored, protocol) => ({
    memberId: stored.memberId,
    groupInstanceId: stored.groupInstanceId,
    clientId: stored.clientId,
    clientHost: stored.clientHost,
    rebalanceTimeoutMs: stored.rebalanceTimeout === -1 ? stored.sessionTimeout : stored.rebalanceTimeout,
    sessionTimeoutMs: stored.sessionTimeout,
    protocols: protocol === null ? [] : [{ name: protocol, metadata: stored.subscription }],
    assignment: stored.assignment,
    isNew: false,
    awaitingJoin: undefined,
    awaitingSync: undefined,
});
