/**
 * The rebalance: it begins when members change, waits until all have joined or the time is up, and hands out a new
 * generation. Kafka's prepareRebalance, maybeCompleteJoinPhase and completeClassicGroupJoin.
 */
import { ErrorCode } from '@tidemark/protocol'
import type { Ticket } from '../decision.ts'
import type { Group } from './group.ts'
import { EMPTY_BYTES, type GroupMember } from './member.ts'
import { type JoinReply, joinError, type SyncReply, syncError } from './replies.ts'
import { joinKey, sessionKey, syncKey, type Turn } from './turn.ts'
import { choose } from './vote.ts'

/** The member is alive: its session is renewed. */
export function renewSession(group: Group, member: GroupMember, turn: Turn, timeoutMs = member.sessionTimeoutMs): void {
  const { groupId } = group
  const { memberId } = member
  turn.decision.arm(sessionKey(groupId, memberId), turn.now.monotonicMs + timeoutMs, { kind: 'session', groupId, memberId })
}

/**
 * A member that asks again before it was answered has given up on its first request (a new connection): that one ends
 * too.
 */
export function awaitJoin(member: GroupMember, ticket: Ticket<JoinReply>, turn: Turn): void {
  answerJoin(member, joinError(ErrorCode.REBALANCE_IN_PROGRESS, member.memberId), turn)
  member.awaitingJoin = ticket
}

export function awaitSync(member: GroupMember, ticket: Ticket<SyncReply>, turn: Turn): void {
  answerSync(member, syncError(ErrorCode.REBALANCE_IN_PROGRESS), turn)
  member.awaitingSync = ticket
}

export function answerJoin(member: GroupMember, reply: JoinReply, turn: Turn): void {
  if (member.awaitingJoin === undefined) return
  turn.decision.reply(member.awaitingJoin, reply)
  member.awaitingJoin = undefined
}

/** Returns whether the member waited. */
export function answerSync(member: GroupMember, reply: SyncReply, turn: Turn): boolean {
  if (member.awaitingSync === undefined) return false
  turn.decision.reply(member.awaitingSync, reply)
  member.awaitingSync = undefined
  return true
}

/** Takes a member out; a waiting request of it is answered. The caller decides what follows for the group. */
export function dropMember(group: Group, member: GroupMember, turn: Turn): void {
  answerJoin(member, joinError(ErrorCode.UNKNOWN_MEMBER_ID, ''), turn)
  answerSync(member, syncError(ErrorCode.UNKNOWN_MEMBER_ID), turn)
  group.remove(member.memberId)
  turn.decision.disarm(sessionKey(group.groupId, member.memberId))
}

/** Takes out a member or a pending one. False: it is neither. */
export function removeMember(group: Group, memberId: string, turn: Turn): boolean {
  const member = group.members.get(memberId)
  if (member === undefined && !group.pendingJoin.has(memberId)) return false
  if (member !== undefined) dropMember(group, member, turn)
  else {
    group.remove(memberId)
    turn.decision.disarm(sessionKey(group.groupId, memberId))
  }
  return true
}

/** Members joined, left or changed their metadata. */
export function membersChanged(group: Group, turn: Turn) {
  switch (group.rules.membersChanged) {
    case 'begin a rebalance':
      return beginRebalance(group, turn)
    case 'perhaps all have joined':
      return completeIfAllJoined(group, turn)
    case 'nothing':
  }
}

export function beginRebalance(group: Group, turn: Turn) {
  const first = group.phase === 'Empty'
  if (group.phase === 'CompletingRebalance') refuseSyncs(group, ErrorCode.REBALANCE_IN_PROGRESS, turn)
  group.pendingSync.clear()
  turn.decision.disarm(syncKey(group.groupId))
  group.enter('PreparingRebalance', turn.now.wallMs)
  if (first) return waitForMore(group, turn)
  if (group.allHaveJoined) return completeJoin(group, turn)
  waitForAll(group, turn)
}

/** The assignments of this generation are void: a member that waits for one has to join again. */
export function refuseSyncs(group: Group, errorCode: number, turn: Turn): void {
  for (const member of group.members.values()) {
    member.assignment = EMPTY_BYTES
    if (answerSync(member, syncError(errorCode), turn)) renewSession(group, member, turn)
  }
}

function waitForMore(group: Group, turn: Turn): void {
  const delayMs = turn.limits.initialRebalanceDelayMs
  armFirstJoin(group, delayMs, Math.max(group.rebalanceTimeoutMs - delayMs, 0), turn)
}

function armFirstJoin(group: Group, delayMs: number, remainingMs: number, turn: Turn): void {
  const { groupId } = group
  const event = { kind: 'first join', groupId, delayMs, remainingMs } as const
  turn.decision.arm(joinKey(groupId), turn.now.monotonicMs + delayMs, event)
}

/**
 * The first rebalance goes on while members keep coming, `initialRebalanceDelayMs` at a time, up to the rebalance
 * time-out.
 */
export function endFirstWait(group: Group, delayMs: number, remainingMs: number, turn: Turn) {
  if (!group.newMemberAdded || remainingMs === 0) return completeJoin(group, turn)
  group.newMemberAdded = false
  armFirstJoin(group, Math.min(turn.limits.initialRebalanceDelayMs, remainingMs), Math.max(remainingMs - delayMs, 0), turn)
}

function waitForAll(group: Group, turn: Turn): void {
  const { groupId } = group
  turn.decision.arm(joinKey(groupId), turn.now.monotonicMs + group.rebalanceTimeoutMs, { kind: 'join', groupId })
}

/** The first rebalance of an empty group ends by its timer alone. */
export function completeIfAllJoined(group: Group, turn: Turn): void {
  if (group.phase === 'PreparingRebalance' && group.phaseBefore !== 'Empty' && group.allHaveJoined) completeJoin(group, turn)
}

/**
 * A member that has not joined is removed, unless it is static: its session alone decides. The others form the next
 * generation.
 */
export function completeJoin(group: Group, turn: Turn) {
  turn.decision.disarm(joinKey(group.groupId))
  for (const member of [...group.members.values()]) {
    if (member.awaitingJoin === undefined && member.groupInstanceId === null) dropMember(group, member, turn)
  }
  if (group.members.size === 0) return becomeEmpty(group, turn)
  if (!electLeader(group)) return waitForAll(group, turn)
  beginGeneration(group, turn)
}

/** The leader stays if it has joined. False: no member has. */
function electLeader(group: Group): boolean {
  const leader = group.leader === null ? undefined : group.members.get(group.leader)
  if (leader?.awaitingJoin !== undefined) return true
  const joined = group.members.values().find((member) => member.awaitingJoin !== undefined)
  if (joined !== undefined) group.leader = joined.memberId
  return joined !== undefined
}

function becomeEmpty(group: Group, turn: Turn): void {
  group.generation++
  group.protocol = null
  group.leader = null
  group.enter('Empty', turn.now.wallMs)
  turn.decision.write({ kind: 'group', groupId: group.groupId, value: group.toStored() })
}

function beginGeneration(group: Group, turn: Turn): void {
  group.generation++
  group.protocol = choose(group)
  group.newMemberAdded = false
  group.enter('CompletingRebalance', turn.now.wallMs)
  for (const member of group.members.values()) {
    answerJoin(member, generationReply(group, member), turn)
    renewSession(group, member, turn)
    member.isNew = false
    group.pendingSync.add(member.memberId)
  }
  const { groupId, generation } = group
  turn.decision.arm(syncKey(groupId), turn.now.monotonicMs + group.rebalanceTimeoutMs, { kind: 'sync', groupId, generation })
}

/** The generation as a member sees it; the leader sees all members. */
export function generationReply(group: Group, member: GroupMember): JoinReply {
  return {
    errorCode: ErrorCode.NONE,
    generationId: group.generation,
    protocolType: group.protocolType,
    protocolName: group.protocol,
    leader: group.leader ?? '',
    skipAssignment: false,
    memberId: member.memberId,
    members: group.leader === member.memberId ? group.joinedMembers() : [],
  }
}
