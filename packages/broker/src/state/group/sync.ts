/**
 * SyncGroup: a member asks for its assignment; the leader's request brings those of all members. Kafka's
 * classicGroupSyncToClassicGroup.
 */
import { ErrorCode } from '@tidemark/protocol'
import type { Ticket } from '../decision.ts'
import type { Group } from './group.ts'
import { EMPTY_BYTES, type GroupMember } from './member.ts'
import { answerSync, awaitSync, beginRebalance, refuseSyncs, renewSession } from './rebalance.ts'
import { type SyncReply, syncError } from './replies.ts'
import type { Shard } from './shard.ts'
import { syncKey, type Turn } from './turn.ts'

export interface SyncRequest {
  readonly groupId: string
  readonly generationId: number
  readonly memberId: string
  readonly groupInstanceId: string | null
  /** Null: the client did not say (before version 5). */
  readonly protocolType: string | null
  readonly protocolName: string | null
  readonly assignments: readonly { readonly memberId: string; readonly assignment: Buffer }[]
}

export function sync(shard: Shard, request: SyncRequest, ticket: Ticket<SyncReply>, turn: Turn) {
  const group = shard.groups.get(request.groupId)
  const refuse = (errorCode: number): void => turn.decision.reply(ticket, syncError(errorCode))
  if (group === undefined) return refuse(ErrorCode.UNKNOWN_MEMBER_ID)
  const errorCode = check(group, request)
  if (errorCode !== ErrorCode.NONE) return refuse(errorCode)
  const answer = group.rules.sync
  if (typeof answer === 'number') return refuse(answer)

  const member = group.members.get(request.memberId)!
  hasAsked(group, member, turn)
  if (answer === 'assignment') {
    turn.decision.reply(ticket, assignmentReply(group, member))
    return renewSession(group, member, turn)
  }
  awaitSync(member, ticket, turn)
  if (group.leader === member.memberId) assign(group, request, turn)
}

function check(group: Group, { memberId, groupInstanceId, generationId, protocolType, protocolName }: SyncRequest): number {
  const errorCode = group.checkMember(memberId, groupInstanceId)
  if (errorCode !== ErrorCode.NONE) return errorCode
  if (generationId !== group.generation) return ErrorCode.ILLEGAL_GENERATION
  const differs = (said: string | null, is: string | null): boolean => said !== null && is !== null && said !== is
  if (differs(protocolType, group.protocolType) || differs(protocolName, group.protocol)) return ErrorCode.INCONSISTENT_GROUP_PROTOCOL
  return ErrorCode.NONE
}

function hasAsked(group: Group, member: GroupMember, turn: Turn): void {
  group.pendingSync.delete(member.memberId)
  if (group.pendingSync.size === 0) turn.decision.disarm(syncKey(group.groupId))
}

const assignmentReply = (group: Group, member: GroupMember): SyncReply => ({
  errorCode: ErrorCode.NONE,
  protocolType: group.protocolType,
  protocolName: group.protocol,
  assignment: member.assignment,
})

/** A member that the leader left out gets an empty assignment. */
function assign(group: Group, request: SyncRequest, turn: Turn) {
  const assignments = new Map(request.assignments.map(({ memberId, assignment }) => [memberId, assignment]))
  for (const member of group.members.values()) member.assignment = assignments.get(member.memberId) ?? EMPTY_BYTES
  const stored = group.toStored()
  const bytes = stored.members.reduce((sum, m) => sum + m.subscription.length + m.assignment.length, 0)
  if (bytes > turn.limits.recordBytesMax) {
    refuseSyncs(group, ErrorCode.UNKNOWN_SERVER_ERROR, turn)
    return beginRebalance(group, turn)
  }
  turn.decision.write({ kind: 'group', groupId: group.groupId, value: stored })
  group.enter('Stable', turn.now.wallMs)
  for (const member of group.members.values()) {
    if (answerSync(member, assignmentReply(group, member), turn)) renewSession(group, member, turn)
  }
}
