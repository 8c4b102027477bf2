/** The offsets of a topic that is gone are forgotten: a new topic of its name begins without them. */
import { isFull } from '../decision.ts'
import type { Shard } from '../group/shard.ts'
import type { GroupDecision } from '../group/turn.ts'

/**
 * Tombstones for the offsets that a group has of topics that are gone, as many as one turn may write. `topicId`: what
 * the commit said, or `ZERO_UUID`.
 */
export function forgetTopics(
  shard: Shard,
  group: string,
  isGone: (topic: string, topicId: string) => boolean,
  decision: GroupDecision,
): void {
  for (const [topic, ofTopic] of shard.offsets.of(group) ?? []) {
    for (const [partition, { topicId }] of ofTopic) {
      if (!isGone(topic, topicId)) continue
      if (isFull(decision)) return
      decision.write({ kind: 'offset', key: { group, topic, partition }, value: null })
    }
  }
}
