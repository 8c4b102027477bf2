/**
 * Heartbeat: a member shows that it is alive and learns whether it has to join again. Kafka's classicGroupHeartbeat.
 */
import { ErrorCode } from '@tidemark/protocol'
import type { Ticket } from '../decision.ts'
import { phases } from './phases.ts'
import { renewSession } from './rebalance.ts'
import type { Shard } from './shard.ts'
import type { Turn } from './turn.ts'

export interface HeartbeatRequest {
  readonly groupId: string
  readonly generationId: number
  readonly memberId: string
  readonly groupInstanceId: string | null
}

export function heartbeat(shard: Shard, request: HeartbeatRequest, ticket: Ticket<number>, turn: Turn): void {
  turn.decision.reply(ticket, answer(shard, request, turn))
}

function answer(shard: Shard, { groupId, generationId, memberId, groupInstanceId }: HeartbeatRequest, turn: Turn): number {
  const group = shard.groups.get(groupId)
  if (group === undefined) return phases.Dead.heartbeat
  const errorCode = group.checkMember(memberId, groupInstanceId)
  if (errorCode !== ErrorCode.NONE) return errorCode
  if (generationId !== group.generation) return ErrorCode.ILLEGAL_GENERATION
  renewSession(group, group.members.get(memberId)!, turn)
  return group.rules.heartbeat
}
