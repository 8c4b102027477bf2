/**
 * A classic group as it is now (Kafka's ClassicGroup): its members, its phase and the requests that wait.
 *
 * Only what its last record holds outlives the broker; the rest is rebuilt from that. `phase` is changed through
 * `enter` alone, which asserts the step.
 */

import type { StoredGroup, StoredMember } from '@tidemark/protocol'
import { ErrorCode } from '@tidemark/protocol'
import { type GroupMember, metadataOf, type Protocol } from './member.ts'
import { assertTransition, type Phase, type PhaseRules, phases } from './phases.ts'
import type { JoinedMember } from './replies.ts'

export class Group {
  readonly groupId: string
  phase: Phase = 'Empty'
  /** What it was before: the first rebalance of an empty group waits for more members. */
  phaseBefore: Phase = 'Dead'
  phaseSinceMs: number
  generation = 0
  protocolType: string | null = null
  protocol: string | null = null
  leader: string | null = null
  /** In the order in which they joined. */
  readonly members = new Map<string, GroupMember>()
  readonly #memberOfInstance = new Map<string, string>()
  /** How many members support a protocol. */
  readonly #supporters = new Map<string, number>()
  /** Ids that were assigned with MEMBER_ID_REQUIRED and have not joined yet. */
  readonly pendingJoin = new Set<string>()
  /** Members of this generation that have not asked for their assignment. */
  readonly pendingSync = new Set<string>()
  /** A member joined during the first rebalance, which may therefore wait once more. */
  newMemberAdded = false

  constructor(groupId: string, nowMs: number) {
    this.groupId = groupId
    this.phaseSinceMs = nowMs
  }

  get rules(): PhaseRules {
    return phases[this.phase]
  }

  enter(phase: Phase, nowMs: number): void {
    assertTransition(this.phase, phase)
    this.phaseBefore = this.phase
    this.phase = phase
    this.phaseSinceMs = nowMs
  }

  add(member: GroupMember, protocolType: string): void {
    if (this.members.size === 0) this.protocolType = protocolType
    this.leader ??= member.memberId
    this.members.set(member.memberId, member)
    if (member.groupInstanceId !== null) this.#memberOfInstance.set(member.groupInstanceId, member.memberId)
    this.pendingJoin.delete(member.memberId)
    this.#count(member.protocols, 1)
  }

  /** Also a pending one. The leader is succeeded by the member that has been in the group longest. */
  remove(memberId: string): void {
    const member = this.members.get(memberId)
    this.members.delete(memberId)
    if (member !== undefined) this.#count(member.protocols, -1)
    if (member !== undefined && member.groupInstanceId !== null) this.#memberOfInstance.delete(member.groupInstanceId)
    if (this.leader === memberId) this.leader = this.members.keys().next().value ?? null
    this.pendingJoin.delete(memberId)
    this.pendingSync.delete(memberId)
  }

  /** The static member goes on under a new id: the old one is fenced from now on. */
  rename(old: GroupMember, memberId: string): GroupMember {
    const member: GroupMember = { ...old, memberId, isNew: false, awaitingJoin: undefined, awaitingSync: undefined }
    this.members.delete(old.memberId)
    this.members.set(memberId, member)
    if (this.leader === old.memberId) this.leader = memberId
    if (this.pendingSync.delete(old.memberId)) this.pendingSync.add(memberId)
    this.#memberOfInstance.set(old.groupInstanceId!, memberId)
    return member
  }

  setProtocols(member: GroupMember, protocols: readonly Protocol[]): void {
    this.#count(member.protocols, -1)
    member.protocols = protocols
    this.#count(protocols, 1)
  }

  #count(protocols: readonly Protocol[], by: 1 | -1): void {
    for (const name of new Set(protocols.map((protocol) => protocol.name))) {
      const count = (this.#supporters.get(name) ?? 0) + by
      if (count === 0) this.#supporters.delete(name)
      else this.#supporters.set(name, count)
    }
  }

  /** Whether every member supports the protocol. */
  allSupport(protocol: string): boolean {
    return (this.#supporters.get(protocol) ?? 0) === this.members.size
  }

  memberOfInstance(groupInstanceId: string): GroupMember | undefined {
    const memberId = this.#memberOfInstance.get(groupInstanceId)
    return memberId === undefined ? undefined : this.members.get(memberId)
  }

  /** The error code for a request of this member: UNKNOWN_MEMBER_ID, FENCED_INSTANCE_ID (KIP-345), or NONE. */
  checkMember(memberId: string, groupInstanceId: string | null): number {
    if (groupInstanceId !== null) {
      const known = this.#memberOfInstance.get(groupInstanceId)
      if (known === undefined) return ErrorCode.UNKNOWN_MEMBER_ID
      if (known !== memberId) return ErrorCode.FENCED_INSTANCE_ID
    }
    return this.members.has(memberId) ? ErrorCode.NONE : ErrorCode.UNKNOWN_MEMBER_ID
  }

  get waitingToJoin(): number {
    let count = 0
    for (const member of this.members.values()) if (member.awaitingJoin !== undefined) count++
    return count
  }

  get allHaveJoined(): boolean {
    return this.pendingJoin.size === 0 && this.waitingToJoin === this.members.size
  }

  get rebalanceTimeoutMs(): number {
    let longest = 0
    for (const { rebalanceTimeoutMs } of this.members.values()) longest = Math.max(longest, rebalanceTimeoutMs)
    return longest
  }

  /** All members with their metadata for the chosen protocol: what the leader assigns by. */
  joinedMembers(): JoinedMember[] {
    return Array.from(this.members.values(), (member) => ({
      memberId: member.memberId,
      groupInstanceId: member.groupInstanceId,
      metadata: metadataOf(member, this.protocol),
    }))
  }

  /** What its record holds: enough to be Stable (or Empty) again after a restart. */
  toStored(): StoredGroup {
    return {
      protocolType: this.protocolType ?? '',
      generation: this.generation,
      protocol: this.protocol,
      leader: this.leader,
      currentStateTimestamp: this.phaseSinceMs,
      members: Array.from(this.members.values(), (member) => storedMember(member, this.protocol)),
    }
  }

  static fromStored(groupId: string, stored: StoredGroup, nowMs: number): Group {
    const group = new Group(groupId, stored.currentStateTimestamp === -1 ? nowMs : stored.currentStateTimestamp)
    group.generation = stored.generation
    for (const member of stored.members) group.add(memberFrom(member, stored.protocol), stored.protocolType)
    group.protocolType = stored.protocolType === '' ? null : stored.protocolType
    group.protocol = stored.protocol
    group.leader = stored.leader
    if (group.members.size > 0) group.phase = 'Stable'
    return group
  }
}

const storedMember = (member: GroupMember, protocol: string | null): StoredMember => ({
  memberId: member.memberId,
  groupInstanceId: member.groupInstanceId,
  clientId: member.clientId,
  clientHost: member.clientHost,
  rebalanceTimeout: member.rebalanceTimeoutMs,
  sessionTimeout: member.sessionTimeoutMs,
  subscription: metadataOf(member, protocol),
  assignment: member.assignment,
})

const memberFrom = (stored: StoredMember, protocol: string | null): GroupMember => ({
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
})
