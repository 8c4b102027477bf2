/** Tombstones for every offset of a topic that `isGone`. */
export function forgetTopics(shard, isGone, decision) {
    for (const group of shard.offsets.groups()) {
        for (const [topic, ofTopic] of shard.offsets.of(group)) {
            if (!isGone(topic))
                continue;
            for (const partition of ofTopic.keys())
                decision.write({ kind: 'offset', key: { group, topic, partition }, value: null });
        }
    }
}
