import type { Ticket } from '../decision.ts';
import type { Shard } from '../group/shard.ts';
import type { Turn } from '../group/turn.ts';
export interface CommitRequest {
    readonly groupId: string;
    /** Below 0: without group management. */
    readonly generationId: number;
    readonly memberId: string;
    readonly groupInstanceId: string | null;
    /** -1: none. */
    readonly retentionTimeMs: number;
    /** From version 9 on a group that is not there has an error of its own. */
    readonly knowsGroupIdNotFound: boolean;
    readonly entries: readonly CommitEntry[];
}
export interface CommitEntry {
    readonly topic: string;
    readonly topicId: string;
    readonly partition: number;
    /** NaN: it was no safe integer. Negative ones are kept as they are. */
    readonly offset: number;
    readonly leaderEpoch: number;
    readonly metadata: string | null;
    /** -1: now (version 1 let clients say when). */
    readonly commitTimestamp: number;
}
/** One error code for each entry, in order. */
export type CommitReply = readonly number[];
export declare const commitError: (request: CommitRequest, errorCode: number) => CommitReply;
export declare function commit(shard: Shard, request: CommitRequest, ticket: Ticket<CommitReply>, turn: Turn): void;
