/** SyncGroup: a member asks for its assignment; the leader's request brings everybody's. Kafka's classicGroupSyncToClassicGroup. */
import { ErrorCode } from '@tidemark/protocol';
import { EMPTY_BYTES } from './member.js';
import { answerSync, awaitSync, beginRebalance, refuseSyncs, renewSession } from './rebalance.js';
import { syncError } from './replies.js';
import { syncKey } from './turn.js';
export function sync(shard, request, ticket, turn) {
    const group = shard.groups.get(request.groupId);
    const errorCode = group === undefined || group.phase === 'Empty' ? ErrorCode.UNKNOWN_MEMBER_ID : check(group, request);
    if (errorCode !== ErrorCode.NONE)
        return turn.decision.reply(ticket, syncError(errorCode));
    const member = group.members.get(request.memberId);
    const answer = group.rules.sync;
    if (typeof answer === 'number')
        return turn.decision.reply(ticket, syncError(answer));
    hasAsked(group, member, turn);
    if (answer === 'assignment') {
        turn.decision.reply(ticket, assignmentReply(group, member));
        return renewSession(group, member, turn);
    }
    awaitSync(member, ticket, turn);
    if (group.leader === member.memberId)
        assign(group, request, turn);
}
function check(group, { memberId, groupInstanceId, generationId, protocolType, protocolName }) {
    const errorCode = group.checkMember(memberId, groupInstanceId);
    if (errorCode !== ErrorCode.NONE)
        return errorCode;
    if (generationId !== group.generation)
        return ErrorCode.ILLEGAL_GENERATION;
    const differs = (said, is) => said !== null && is !== null && said !== is;
    if (differs(protocolType, group.protocolType) || differs(protocolName, group.protocol))
        return ErrorCode.INCONSISTENT_GROUP_PROTOCOL;
    return ErrorCode.NONE;
}
function hasAsked(group, member, turn) {
    group.pendingSync.delete(member.memberId);
    if (group.pendingSync.size === 0)
        turn.decision.disarm(syncKey(group.groupId));
}
const assignmentReply = (group, member) => ({
    errorCode: ErrorCode.NONE,
    protocolType: group.protocolType,
    protocolName: group.protocol,
    assignment: member.assignment,
});
/** A member that the leader left out gets an empty assignment. */
function assign(group, request, turn) {
    const assignments = new Map(request.assignments.map(({ memberId, assignment }) => [memberId, assignment]));
    for (const member of group.members.values())
        member.assignment = assignments.get(member.memberId) ?? EMPTY_BYTES;
    const stored = group.toStored();
    const bytes = stored.members.reduce((sum, m) => sum + m.subscription.length + m.assignment.length, 0);
    if (bytes > turn.limits.recordBytesMax) {
        refuseSyncs(group, ErrorCode.UNKNOWN_SERVER_ERROR, turn);
        return beginRebalance(group, turn);
    }
    turn.decision.write({ kind: 'group', groupId: group.groupId, value: stored });
    group.enter('Stable', turn.now.wallMs);
    for (const member of group.members.values()) {
        if (answerSync(member, assignmentReply(group, member), turn))
            renewSession(group, member, turn);
    }
}
