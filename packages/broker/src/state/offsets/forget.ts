/** The offsets of a topic that is gone are forgotten: a new topic of its name begins without them. */
import { isFull } from '../decision.ts'
import type { Shard } from '../group/shard.ts'
import type { GroupDecision } from '../group/turn.ts'

/** Tombstones for the offsets that a group has of topics that are gone, as many as one turn may write. */
export function forgetTopics(shard: Shard, group: string, isGone: (topic: string) => boolean, decision: GroupDecision): void {
  for (const [topic, ofTopic] of shard.offsets.of(group) ?? []) {
    if (!isGone(topic)) continue
    for (const partition of ofTopic.keys()) {
      if (isFull(decision)) return
      decision.write({ kind: 'offset', key: { group, topic, partition }, value: null })
    }
  }
}
