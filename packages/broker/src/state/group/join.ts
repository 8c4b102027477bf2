/** JoinGroup: a client wants to be a member, or is one and joins again. Kafka's classicGroupJoinToClassicGroup. */
import { ErrorCode } from '@tidemark/protocol'
import type { Ticket } from '../decision.ts'
import { Group } from './group.ts'
import { EMPTY_BYTES, type GroupMember, type Protocol, sameProtocols } from './member.ts'
import {
  answerJoin,
  answerSync,
  awaitJoin,
  beginRebalance,
  completeIfAllJoined,
  generationReply,
  membersChanged,
  removeMember,
  renewSession,
} from './rebalance.ts'
import { type JoinReply, joinError, syncError } from './replies.ts'
import type { Shard } from './shard.ts'
import { NEW_MEMBER_JOIN_TIMEOUT_MS, sessionKey, type Turn } from './turn.ts'
import { choose, supports } from './vote.ts'

export interface JoinRequest {
  readonly groupId: string
  /** Empty: it has none yet. */
  readonly memberId: string
  /** The id that it gets if it needs one. */
  readonly newMemberId: string
  readonly groupInstanceId: string | null
  readonly protocolType: string
  readonly protocols: readonly Protocol[]
  readonly sessionTimeoutMs: number
  readonly rebalanceTimeoutMs: number
  readonly clientId: string
  readonly clientHost: string
  /** A dynamic member first gets its id and joins with it (KIP-394, from version 4 on). */
  readonly needsMemberId: boolean
  /**
   * A static leader that comes back may be told the members of the group and that there is nothing to assign
   * (KIP-814, version 9).
   */
  readonly canSkipAssignment: boolean
}

export function join(shard: Shard, request: JoinRequest, ticket: Ticket<JoinReply>, turn: Turn) {
  const refuse = (errorCode: number, memberId = request.memberId): void => turn.decision.reply(ticket, joinError(errorCode, memberId))
  const { sessionTimeoutMs, memberId, groupId } = request
  const { sessionTimeoutMinMs, sessionTimeoutMaxMs, metadataBytesMax } = turn.limits
  if (sessionTimeoutMs < sessionTimeoutMinMs || sessionTimeoutMs > sessionTimeoutMaxMs) return refuse(ErrorCode.INVALID_SESSION_TIMEOUT)
  if (bytesOf(request.protocols) > metadataBytesMax) return refuse(ErrorCode.INVALID_REQUEST)

  const known = shard.groups.get(groupId)
  if (known === undefined && memberId !== '') return refuse(ErrorCode.UNKNOWN_MEMBER_ID)
  if (known === undefined && !turn.mayCreateGroup()) return refuse(ErrorCode.POLICY_VIOLATION)
  const group = known ?? new Group(groupId, turn.now.wallMs)
  if (!hasRoom(group, memberId, turn)) return turnAway(group, memberId, ticket, turn)
  if (!supports(group, request.protocolType, request.protocols)) return refuse(ErrorCode.INCONSISTENT_GROUP_PROTOCOL)
  if (known === undefined) {
    shard.groups.set(groupId, group)
    turn.decision.write({ kind: 'group', groupId, value: group.toStored() })
  }
  if (memberId === '') joinNew(group, request, ticket, turn)
  else joinKnown(group, request, ticket, turn)
}

const bytesOf = (protocols: readonly Protocol[]): number => protocols.reduce((sum, p) => sum + p.name.length + p.metadata.length, 0)

/** While members rejoin, those that wait are counted: the last to come are the ones that are too many. */
function hasRoom(group: Group, memberId: string, { limits }: Turn): boolean {
  switch (group.rules.sizeCounts) {
    case 'nothing':
      return true
    case 'waiting':
      return group.members.get(memberId)?.awaitingJoin !== undefined || group.waitingToJoin < limits.sizeMax
    case 'members':
      return group.members.has(memberId) || group.members.size < limits.sizeMax
  }
}

function turnAway(group: Group, memberId: string, ticket: Ticket<JoinReply>, turn: Turn): void {
  turn.decision.reply(ticket, joinError(ErrorCode.GROUP_MAX_SIZE_REACHED, ''))
  if (!removeMember(group, memberId, turn)) return
  completeIfAllJoined(group, turn)
}

function joinNew(group: Group, request: JoinRequest, ticket: Ticket<JoinReply>, turn: Turn) {
  const { groupInstanceId, newMemberId } = request
  if (groupInstanceId !== null) {
    const known = group.memberOfInstance(groupInstanceId)
    return known === undefined ? addMember(group, newMemberId, request, ticket, turn) : replaceStatic(group, known, request, ticket, turn)
  }
  if (!request.needsMemberId) return addMember(group, newMemberId, request, ticket, turn)
  if (group.pendingJoin.size >= turn.limits.pendingMembersMax) {
    return turn.decision.reply(ticket, joinError(ErrorCode.GROUP_MAX_SIZE_REACHED, ''))
  }
  const { groupId } = group
  group.pendingJoin.add(newMemberId)
  const at = turn.now.monotonicMs + request.sessionTimeoutMs
  turn.decision.arm(sessionKey(groupId, newMemberId), at, { kind: 'session', groupId, memberId: newMemberId })
  turn.decision.reply(ticket, joinError(ErrorCode.MEMBER_ID_REQUIRED, newMemberId))
}

function joinKnown(group: Group, request: JoinRequest, ticket: Ticket<JoinReply>, turn: Turn) {
  const { memberId, groupInstanceId } = request
  if (groupInstanceId === null && group.pendingJoin.has(memberId)) return addMember(group, memberId, request, ticket, turn)
  const errorCode = group.checkMember(memberId, groupInstanceId)
  if (errorCode !== ErrorCode.NONE) return turn.decision.reply(ticket, joinError(errorCode, memberId))

  const member = group.members.get(memberId)!
  const changed = !sameProtocols(member.protocols, request.protocols)
  switch (group.rules.rejoin) {
    case 'unknown member':
      return turn.decision.reply(ticket, joinError(ErrorCode.UNKNOWN_MEMBER_ID, memberId))
    case 'wait for the others':
      return rejoin(group, member, request, ticket, turn)
    case 'rebalance if changed, else repeat':
      if (changed) return rejoin(group, member, request, ticket, turn)
      return turn.decision.reply(ticket, generationReply(group, member))
    case 'rebalance if changed or leader, else repeat':
      // What a leader knows may have changed without its own metadata: the partitions of a topic, for example.
      if (changed || group.leader === memberId) return rejoin(group, member, request, ticket, turn)
      return turn.decision.reply(ticket, generationReply(group, member))
  }
}

function rejoin(group: Group, member: GroupMember, request: JoinRequest, ticket: Ticket<JoinReply>, turn: Turn): void {
  update(group, member, request)
  awaitJoin(member, ticket, turn)
  membersChanged(group, turn)
}

function update(group: Group, member: GroupMember, { protocols, sessionTimeoutMs, rebalanceTimeoutMs }: JoinRequest): void {
  group.setProtocols(member, protocols)
  member.sessionTimeoutMs = sessionTimeoutMs
  member.rebalanceTimeoutMs = rebalanceTimeoutMs
}

function addMember(group: Group, memberId: string, request: JoinRequest, ticket: Ticket<JoinReply>, turn: Turn): void {
  const { groupInstanceId, clientId, clientHost, protocols, sessionTimeoutMs, rebalanceTimeoutMs, protocolType } = request
  const member: GroupMember = {
    memberId,
    groupInstanceId,
    clientId,
    clientHost,
    protocols,
    sessionTimeoutMs,
    rebalanceTimeoutMs,
    assignment: EMPTY_BYTES,
    isNew: true,
    awaitingJoin: ticket,
    awaitingSync: undefined,
  }
  if (group.phase === 'PreparingRebalance' && group.phaseBefore === 'Empty') group.newMemberAdded = true
  group.add(member, protocolType)
  renewSession(group, member, turn, NEW_MEMBER_JOIN_TIMEOUT_MS)
  membersChanged(group, turn)
}

/**
 * A static member came back without its id (KIP-345): it stays a member under a new one, and the old id is fenced.
 */
function replaceStatic(group: Group, old: GroupMember, request: JoinRequest, ticket: Ticket<JoinReply>, turn: Turn) {
  const leaderBefore = group.leader
  answerJoin(old, joinError(ErrorCode.FENCED_INSTANCE_ID, old.memberId), turn)
  answerSync(old, syncError(ErrorCode.FENCED_INSTANCE_ID), turn)
  turn.decision.disarm(sessionKey(group.groupId, old.memberId))
  const member = group.rename(old, request.newMemberId)
  update(group, member, request)
  renewSession(group, member, turn)
  switch (group.rules.replaceStatic) {
    case 'never':
      throw new Error(`a static member of group ${group.groupId} was there while the group was ${group.phase}`)
    case 'wait for the others':
      member.awaitingJoin = ticket
      return completeIfAllJoined(group, turn)
    case 'rebalance':
      // The leader may be assigning to the old id at this moment.
      member.awaitingJoin = ticket
      return beginRebalance(group, turn)
    case 'keep the generation if the protocol stays':
      if (choose(group) === group.protocol) return keepGeneration(group, member, leaderBefore, request, ticket, turn)
      member.awaitingJoin = ticket
      return beginRebalance(group, turn)
  }
}

function keepGeneration(
  group: Group,
  member: GroupMember,
  leaderBefore: string | null,
  request: JoinRequest,
  ticket: Ticket<JoinReply>,
  turn: Turn,
) {
  turn.decision.write({ kind: 'group', groupId: group.groupId, value: group.toStored() })
  const reply = generationReply(group, member)
  const isLeader = group.leader === member.memberId
  if (request.canSkipAssignment) return turn.decision.reply(ticket, { ...reply, skipAssignment: isLeader })
  // Before KIP-814 a leader that came back is told its old id, so that it acts as a follower and assigns nothing.
  turn.decision.reply(ticket, { ...reply, leader: leaderBefore ?? '', members: [] })
}
