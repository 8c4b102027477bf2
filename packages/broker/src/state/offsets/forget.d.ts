/** The offsets of a topic that is gone are forgotten: a new topic of its name begins without them. */
import type { Shard } from '../group/shard.ts';
import type { GroupDecision } from '../group/turn.ts';
/** Tombstones for every offset of a topic that `isGone`. */
export declare function forgetTopics(shard: Shard, isGone: (topic: string) => boolean, decision: GroupDecision): void;
