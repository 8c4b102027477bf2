/** Heartbeat: a member says that it is alive and is told whether it has to join again. Kafka's classicGroupHeartbeat. */
import { ErrorCode } from '@tidemark/protocol';
import { renewSession } from './rebalance.js';
export function heartbeat(shard, request, ticket, turn) {
    turn.decision.reply(ticket, answer(shard, request, turn));
}
function answer(shard, { groupId, generationId, memberId, groupInstanceId }, turn) {
    const group = shard.groups.get(groupId);
    if (group === undefined)
        return ErrorCode.UNKNOWN_MEMBER_ID;
    const errorCode = group.checkMember(memberId, groupInstanceId);
    if (errorCode !== ErrorCode.NONE)
        return errorCode;
    if (generationId !== group.generation)
        return ErrorCode.ILLEGAL_GENERATION;
    renewSession(group, group.members.get(memberId), turn);
    return group.rules.heartbeat;
}
