/**
 * The fold of one coordinator partition as bytes, with the offset it reaches: a restart reads this and the log from there.
 *
 * Only `stored` and `offsets` are in it, in their order, so that checkpoint plus tail is, byte for byte, what a full replay makes.
 * Topic names stand once, in the order of their first use; offsets speak of them by number.
 */
import { codecOf, fields, message, Reader, Writer } from '@tidemark/protocol';
import { Shard } from './shard.js';
const { array, bytes, int32, offset, string, uuid } = fields;
export const CoordinatorCheckpoint = message('CoordinatorCheckpoint', { versions: '0', flexible: '0+' }, {
    reaches: offset(),
    topics: array(string()),
    groups: array({
        groupId: string(),
        protocolType: string(),
        generation: int32(),
        protocol: string({ nullable: '0+' }),
        leader: string({ nullable: '0+' }),
        currentStateTimestamp: offset(),
        members: array({
            memberId: string(),
            groupInstanceId: string({ nullable: '0+' }),
            clientId: string(),
            clientHost: string(),
            rebalanceTimeout: int32(),
            sessionTimeout: int32(),
            subscription: bytes(),
            assignment: bytes(),
        }),
    }),
    offsets: array({
        groupId: string(),
        topics: array({
            topic: int32(),
            partitions: array({
                partition: int32(),
                offset: offset(),
                leaderEpoch: int32(),
                metadata: string(),
                commitTimestamp: offset(),
                expireTimestamp: offset({ tag: 0, default: -1 }),
                topicId: uuid({ tag: 1, default: '00000000000000000000000000000000' }),
            }),
        }),
    }),
});
const VERSION = 0;
const codec = codecOf(CoordinatorCheckpoint, VERSION);
export function takeCheckpoint(shard, reaches) {
    const numbers = new Map();
    const numberOf = (topic) => {
        const known = numbers.get(topic);
        if (known === undefined)
            numbers.set(topic, numbers.size);
        return known ?? numbers.size - 1;
    };
    const offsets = Array.from(shard.offsets.groups(), (groupId) => ({
        groupId,
        topics: Array.from(shard.offsets.of(groupId), ([topic, ofTopic]) => ({
            topic: numberOf(topic),
            partitions: Array.from(ofTopic, ([partition, committed]) => ({ partition, ...committed })),
        })),
    }));
    const groups = Array.from(shard.stored, ([groupId, stored]) => ({ ...stored, groupId }));
    const w = new Writer(64 * 1024);
    codec.encode(w, { reaches, topics: [...numbers.keys()], groups, offsets });
    return Buffer.from(w.written());
}
/** Throws `WireError` for bytes that are no checkpoint. */
export function fromCheckpoint(from) {
    const { reaches, topics, groups, offsets } = codec.decode(new Reader(from));
    const shard = new Shard();
    for (const { groupId, unknownTags: _, ...value } of groups) {
        // Copies: a view would keep the whole checkpoint in memory.
        const members = value.members.map((m) => ({ ...m, subscription: Buffer.from(m.subscription), assignment: Buffer.from(m.assignment) }));
        shard.apply({ kind: 'group', groupId, value: { ...value, members } });
    }
    for (const { groupId, topics: ofGroup } of offsets) {
        for (const { topic, partitions } of ofGroup) {
            for (const one of partitions) {
                shard.apply({ kind: 'offset', key: { group: groupId, topic: topics[topic], partition: one.partition }, value: committed(one) });
            }
        }
    }
    return { shard, reaches };
}
const committed = ({ offset, leaderEpoch, metadata, commitTimestamp, expireTimestamp, topicId }) => ({
    offset,
    leaderEpoch,
    metadata,
    commitTimestamp,
    expireTimestamp,
    topicId,
});
