/** What happens when a timer of a group fires. One that comes too late for its group or generation does nothing. */
import type { Group } from './group.ts'
import { isHeartbeatSatisfied } from './member.ts'
import { beginRebalance, completeIfAllJoined, completeJoin, dropMember, endFirstWait, membersChanged } from './rebalance.ts'
import type { Shard } from './shard.ts'
import type { GroupTimer, Turn } from './turn.ts'

export function expire(shard: Shard, timer: GroupTimer, turn: Turn) {
  const group = shard.groups.get(timer.groupId)
  if (group === undefined) return
  switch (timer.kind) {
    case 'session':
      return expireSession(group, timer.memberId, turn)
    case 'join':
      return group.phase === 'PreparingRebalance' ? completeJoin(group, turn) : undefined
    case 'first join':
      return group.phase === 'PreparingRebalance' ? endFirstWait(group, timer.delayMs, timer.remainingMs, turn) : undefined
    case 'sync':
      return timer.generation === group.generation ? expireSync(group, turn) : undefined
  }
}

/** A member was silent for too long, or never joined with the id that it was given. */
function expireSession(group: Group, memberId: string, turn: Turn) {
  if (group.pendingJoin.has(memberId)) {
    group.remove(memberId)
    return completeIfAllJoined(group, turn)
  }
  const member = group.members.get(memberId)
  if (member === undefined || isHeartbeatSatisfied(member)) return
  dropMember(group, member, turn)
  membersChanged(group, turn)
}

/**
 * Members that took part in the join and never asked for their assignment hold up the others for the rebalance
 * time-out at most.
 */
function expireSync(group: Group, turn: Turn): void {
  if (group.pendingSync.size === 0 || (group.phase !== 'CompletingRebalance' && group.phase !== 'Stable')) return
  for (const memberId of [...group.pendingSync]) dropMember(group, group.members.get(memberId)!, turn)
  beginRebalance(group, turn)
}
