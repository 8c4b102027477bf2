/**
 * LeaveGroup: members go, by their id or, taken out by an administrator, by their instance id. Kafka's
 * classicGroupLeave.
 */
import { ErrorCode } from '@tidemark/protocol'
import type { Ticket } from '../decision.ts'
import type { Group } from './group.ts'
import { membersChanged, removeMember } from './rebalance.ts'
import { type LeaveReply, leaveReply } from './replies.ts'
import type { Shard } from './shard.ts'
import type { Turn } from './turn.ts'

export interface LeaveRequest {
  readonly groupId: string
  readonly members: readonly LeavingMember[]
}

export interface LeavingMember {
  readonly memberId: string
  readonly groupInstanceId: string | null
}

export function leave(shard: Shard, request: LeaveRequest, ticket: Ticket<LeaveReply>, turn: Turn): void {
  const group = shard.groups.get(request.groupId)
  const members = request.members.map(({ memberId, groupInstanceId }) => ({
    memberId,
    groupInstanceId,
    errorCode: group === undefined ? ErrorCode.UNKNOWN_MEMBER_ID : leaveOne(group, memberId, groupInstanceId, turn),
  }))
  turn.decision.reply(ticket, leaveReply(members))
  if (group === undefined || group.phase === 'Empty') return
  if (members.some(({ errorCode }) => errorCode === ErrorCode.NONE)) membersChanged(group, turn)
}

function leaveOne(group: Group, memberId: string, groupInstanceId: string | null, turn: Turn): number {
  const member = memberId === '' && groupInstanceId !== null ? group.memberOfInstance(groupInstanceId) : undefined
  const leaving = member?.memberId ?? memberId
  if (!group.pendingJoin.has(leaving)) {
    const errorCode = group.checkMember(leaving, groupInstanceId)
    if (errorCode !== ErrorCode.NONE) return errorCode
  }
  removeMember(group, leaving, turn)
  return ErrorCode.NONE
}
