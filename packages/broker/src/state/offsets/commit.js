/** OffsetCommit: who may commit, and what is written. Kafka's OffsetMetadataManager.commitOffset. */
import { ErrorCode } from '@tidemark/protocol';
import { Group } from '../group/group.js';
import { renewSession } from '../group/rebalance.js';
export const commitError = (request, errorCode) => request.entries.map(() => errorCode);
export function commit(shard, request, ticket, turn) {
    const group = shard.groups.get(request.groupId);
    const errorCode = group === undefined ? checkNew(request, turn) : check(group, request);
    if (errorCode !== ErrorCode.NONE)
        return turn.decision.reply(ticket, commitError(request, errorCode));
    if (bytesMaxOf(request) > turn.limits.recordBytesMax) {
        return turn.decision.reply(ticket, commitError(request, ErrorCode.INVALID_COMMIT_OFFSET_SIZE));
    }
    if (group === undefined)
        shard.groups.set(request.groupId, new Group(request.groupId, turn.now.wallMs));
    else if (group.rules.commitRenews)
        renewSession(group, group.members.get(request.memberId), turn);
    turn.decision.reply(ticket, request.entries.map((entry) => write(request, entry, turn)));
}
/** Whoever uses no group management makes a group by committing for it. */
function checkNew({ generationId, knowsGroupIdNotFound }, turn) {
    if (generationId >= 0)
        return knowsGroupIdNotFound ? ErrorCode.GROUP_ID_NOT_FOUND : ErrorCode.ILLEGAL_GENERATION;
    return turn.mayCreateGroup() ? ErrorCode.NONE : ErrorCode.POLICY_VIOLATION;
}
function check(group, { generationId, memberId, groupInstanceId }) {
    if (generationId < 0 && group.rules.commitsOfStrangers)
        return ErrorCode.NONE;
    if (generationId < 0 && memberId === '' && groupInstanceId === null)
        return ErrorCode.UNKNOWN_MEMBER_ID;
    const errorCode = group.checkMember(memberId, groupInstanceId);
    if (errorCode !== ErrorCode.NONE)
        return errorCode;
    return generationId === group.generation ? group.rules.commit : ErrorCode.ILLEGAL_GENERATION;
}
const RECORD_BYTES = 64;
/** An upper bound of what the records take. */
function bytesMaxOf({ groupId, entries }) {
    return entries.reduce((sum, e) => sum + RECORD_BYTES + 3 * (groupId.length + e.topic.length + (e.metadata?.length ?? 0)), 0);
}
function write(request, entry, { now, limits, decision }) {
    const metadata = entry.metadata ?? '';
    if (metadata.length > limits.offsetMetadataCharsMax)
        return ErrorCode.OFFSET_METADATA_TOO_LARGE;
    if (Number.isNaN(entry.offset))
        return ErrorCode.OFFSET_OUT_OF_RANGE;
    decision.write({
        kind: 'offset',
        key: { group: request.groupId, topic: entry.topic, partition: entry.partition },
        value: {
            offset: entry.offset,
            leaderEpoch: entry.leaderEpoch,
            metadata,
            commitTimestamp: entry.commitTimestamp >= 0 ? entry.commitTimestamp : now.wallMs,
            expireTimestamp: expiry(now.wallMs, request.retentionTimeMs),
            topicId: entry.topicId,
        },
    });
    return ErrorCode.NONE;
}
/** A time that is none (NaN) or cannot be written counts as none said. */
function expiry(nowMs, retentionTimeMs) {
    return retentionTimeMs >= 0 && Number.isSafeInteger(nowMs + retentionTimeMs) ? nowMs + retentionTimeMs : -1;
}
