/** The offsets of a topic that is gone are forgotten: a new topic of its name begins without them. */
import type { Shard } from '../group/shard.ts'
import type { GroupDecision } from '../group/turn.ts'

/** Tombstones for every offset of a topic that `isGone`. */
export function forgetTopics(shard: Shard, isGone: (topic: string) => boolean, decision: GroupDecision): void {
  for (const group of shard.offsets.groups()) {
    for (const [topic, ofTopic] of shard.offsets.of(group)!) {
      if (!isGone(topic)) continue
      for (const partition of ofTopic.keys()) decision.write({ kind: 'offset', key: { group, topic, partition }, value: null })
    }
  }
}
