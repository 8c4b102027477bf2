/** OffsetFetch: what is committed. Nothing committed is offset -1 and no error. Kafka's OffsetMetadataManager.fetchOffsets. */
import { ZERO_UUID } from '@tidemark/protocol';
/** `topics` null: all that are committed. */
export function fetchOffsets(shard, groupId, topics) {
    const ofGroup = shard.offsets.of(groupId);
    if (topics === null) {
        return Array.from(ofGroup ?? [], ([name, ofTopic]) => ({
            name,
            partitions: Array.from(ofTopic, ([partition, committed]) => fetched(partition, committed)),
        }));
    }
    return topics.map(({ name, topicId, partitions }) => {
        const ofTopic = ofGroup?.get(name);
        return { name, partitions: partitions.map((partition) => fetched(partition, sameTopic(ofTopic?.get(partition), topicId))) };
    });
}
/** An offset of a topic that was deleted and made again under its name is none of the new topic. */
function sameTopic(committed, topicId) {
    if (committed === undefined || topicId === ZERO_UUID || committed.topicId === ZERO_UUID)
        return committed;
    return committed.topicId === topicId ? committed : undefined;
}
const fetched = (partition, committed) => ({
    partition,
    offset: committed?.offset ?? -1,
    leaderEpoch: committed?.leaderEpoch ?? -1,
    metadata: committed?.metadata ?? '',
});
