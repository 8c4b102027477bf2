import { isHeartbeatSatisfied } from './member.js';
import { beginRebalance, completeIfAllJoined, completeJoin, dropMember, endFirstWait, membersChanged } from './rebalance.js';
export function expire(shard, timer, turn) {
    const group = shard.groups.get(timer.groupId);
    if (group === undefined)
        return;
    switch (timer.kind) {
        case 'session':
            return expireSession(group, timer.memberId, turn);
        case 'join':
            return group.phase === 'PreparingRebalance' ? completeJoin(group, turn) : undefined;
        case 'first join':
            return group.phase === 'PreparingRebalance' ? endFirstWait(group, timer.delayMs, timer.remainingMs, turn) : undefined;
        case 'sync':
            return timer.generation === group.generation ? expireSync(group, turn) : undefined;
    }
}
/** A member was silent for too long, or never came back with the id that it was given. */
function expireSession(group, memberId, turn) {
    if (group.pendingJoin.has(memberId)) {
        group.remove(memberId);
        return completeIfAllJoined(group, turn);
    }
    const member = group.members.get(memberId);
    if (member === undefined || isHeartbeatSatisfied(member))
        return;
    dropMember(group, member, turn);
    membersChanged(group, turn);
}
/** Members that took part in the join and never asked for their assignment hold up nobody longer than the rebalance time-out. */
function expireSync(group, turn) {
    if (group.pendingSync.size === 0 || (group.phase !== 'CompletingRebalance' && group.phase !== 'Stable'))
        return;
    for (const memberId of [...group.pendingSync])
        dropMember(group, group.members.get(memberId), turn);
    beginRebalance(group, turn);
}
