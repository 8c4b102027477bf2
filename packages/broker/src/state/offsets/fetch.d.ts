import type { Shard } from '../group/shard.ts';
export interface FetchTopic {
    readonly name: string;
    /** Zeros: asked for by name. */
    readonly topicId: string;
    readonly partitions: readonly number[];
}
export interface FetchedTopic {
    readonly name: string;
    readonly partitions: readonly FetchedOffset[];
}
export interface FetchedOffset {
    readonly partition: number;
    readonly offset: number;
    readonly leaderEpoch: number;
    readonly metadata: string;
}
/** `topics` null: all that are committed. */
export declare function fetchOffsets(shard: Shard, groupId: string, topics: readonly FetchTopic[] | null): readonly FetchedTopic[];
