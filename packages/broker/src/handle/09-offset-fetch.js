import { apis, ErrorCode, ZERO_UUID } from '@tidemark/protocol';
import { handler } from '../dispatch/handler.js';
import { after, allOf } from '../now.js';
const GROUP_ERROR_FROM = 2;
const GROUPS_FROM = 8;
const TOPIC_IDS_FROM = 10;
export const offsetFetch = handler(apis.OffsetFetch, { versions: [0, 10] }, (request, context) => {
    if (context.version >= GROUPS_FROM) {
        return after(allOf(request.groups.map((group) => fetchGroup(group, context))), (groups) => ({ groups }));
    }
    const { groupId } = request;
    const topics = request.topics?.map(({ name, partitionIndexes }) => ({ name, topicId: ZERO_UUID, partitions: partitionIndexes })) ?? null;
    return after(context.services.groups.fetchOffsets(groupId, topics), (fetched) => oneGroup(fetched, topics, context.version));
});
/** Before version 2 the error of a group stands with each partition. */
function oneGroup({ errorCode, topics }, asked, version) {
    if (version >= GROUP_ERROR_FROM || errorCode === ErrorCode.NONE) {
        return { errorCode, topics: topics.map(({ name, partitions }) => ({ name, partitions: answersOf(partitions) })) };
    }
    return { topics: (asked ?? []).map(({ name, partitions }) => ({ name, partitions: refused(partitions, errorCode) })) };
}
function fetchGroup(asked, context) {
    const { groups } = context.services;
    const { groupId } = asked;
    if (context.version < TOPIC_IDS_FROM || asked.topics === null) {
        const topics = asked.topics?.map(({ name, partitionIndexes }) => ({ name, topicId: ZERO_UUID, partitions: partitionIndexes })) ?? null;
        return after(groups.fetchOffsets(groupId, topics), ({ errorCode, topics: fetched }) => ({
            groupId,
            errorCode,
            topics: fetched.flatMap((topic) => namedTopic(topic, context)),
        }));
    }
    const found = asked.topics.map(({ topicId, partitionIndexes }) => ({
        topicId,
        partitionIndexes,
        name: context.services.topics.byId(topicId)?.name,
    }));
    const known = found.flatMap(({ name, topicId, partitionIndexes }) => name === undefined ? [] : [{ name, topicId, partitions: partitionIndexes }]);
    return after(groups.fetchOffsets(groupId, known), ({ errorCode, topics: fetched }) => {
        if (errorCode !== ErrorCode.NONE)
            return { groupId, errorCode, topics: [] };
        let next = 0;
        const topics = found.map(({ topicId, name, partitionIndexes }) => ({
            topicId,
            partitions: name === undefined ? refused(partitionIndexes, ErrorCode.UNKNOWN_TOPIC_ID) : answersOf(fetched[next++].partitions),
        }));
        return { groupId, errorCode, topics };
    });
}
/** From version 10 on a topic has only its id: one that is gone cannot be told. */
function namedTopic({ name, partitions }, { version, services }) {
    if (version < TOPIC_IDS_FROM)
        return [{ name, partitions: answersOf(partitions) }];
    const topic = services.topics.byName(name);
    return topic === undefined ? [] : [{ topicId: topic.id, partitions: answersOf(partitions) }];
}
const answersOf = (partitions) => partitions.map(({ partition, offset, leaderEpoch, metadata }) => ({
    partitionIndex: partition,
    committedOffset: offset,
    committedLeaderEpoch: leaderEpoch,
    metadata,
    errorCode: ErrorCode.NONE,
}));
const refused = (partitions, errorCode) => partitions.map((partitionIndex) => ({ partitionIndex, committedOffset: -1, committedLeaderEpoch: -1, metadata: '', errorCode }));
