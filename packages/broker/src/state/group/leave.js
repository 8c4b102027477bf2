/** LeaveGroup: members go, by their id or, taken out by an administrator, by their instance id. Kafka's classicGroupLeave. */
import { ErrorCode } from '@tidemark/protocol';
import { membersChanged, removeMember } from './rebalance.js';
import { leaveReply } from './replies.js';
export function leave(shard, request, ticket, turn) {
    const group = shard.groups.get(request.groupId);
    const members = request.members.map(({ memberId, groupInstanceId }) => ({
        memberId,
        groupInstanceId,
        errorCode: group === undefined ? ErrorCode.UNKNOWN_MEMBER_ID : leaveOne(group, memberId, groupInstanceId, turn),
    }));
    turn.decision.reply(ticket, leaveReply(members));
    if (group === undefined || group.phase === 'Empty')
        return;
    if (members.some(({ errorCode }) => errorCode === ErrorCode.NONE))
        membersChanged(group, turn);
}
function leaveOne(group, memberId, groupInstanceId, turn) {
    const member = memberId === '' && groupInstanceId !== null ? group.memberOfInstance(groupInstanceId) : undefined;
    const leaving = member?.memberId ?? memberId;
    if (!group.pendingJoin.has(leaving)) {
        const errorCode = group.checkMember(leaving, groupInstanceId);
        if (errorCode !== ErrorCode.NONE)
            return errorCode;
    }
    removeMember(group, leaving, turn);
    return ErrorCode.NONE;
}
