/**
 * The group coordinator: finds the partition of a group, and lets its Coordinator answer.
 *
 * Partitions that were written before are read back in the background, one after the other; requests for their groups are
 * answered COORDINATOR_LOAD_IN_PROGRESS meanwhile. All others begin when they are first needed, and cost no file before they
 * have something to write.
 */
import type { Now, Platform } from '@tidemark/platform';
import type { BrokerOptions } from '../../options.ts';
import { type DescribedGroup, type ListedGroup, type ListFilter } from '../../state/group/describe.ts';
import { type HeartbeatRequest } from '../../state/group/heartbeat.ts';
import { type JoinRequest } from '../../state/group/join.ts';
import { type LeaveRequest } from '../../state/group/leave.ts';
import { type JoinReply, type LeaveReply, type SyncReply } from '../../state/group/replies.ts';
import { type SyncRequest } from '../../state/group/sync.ts';
import { type CommitReply, type CommitRequest } from '../../state/offsets/commit.ts';
import { type FetchedTopic, type FetchTopic } from '../../state/offsets/fetch.ts';
import type { Partitions } from '../partitions.ts';
import type { Topics } from '../topics.ts';
export interface GroupsParts {
    readonly options: BrokerOptions;
    readonly platform: Platform;
    readonly topics: Topics;
    readonly partitions: Partitions;
}
export interface FetchedGroup {
    readonly errorCode: number;
    readonly topics: readonly FetchedTopic[];
}
export interface ListedGroups {
    readonly errorCode: number;
    readonly groups: readonly ListedGroup[];
}
/** `undefined` where a reply stands: the request's `signal` aborted before there was one. */
export declare class Groups {
    #private;
    constructor({ options, platform, topics, partitions }: GroupsParts);
    /** Begins to read back what was written before. Resolves when all of it is there; nobody has to wait for that. */
    start(): Promise<void>;
    /** Saves all, so that the next start reads no log. Parked requests end with their connections. */
    close(): Promise<void>;
    /** `newMemberId` is made here: chance is no matter of the state machine. */
    join(request: Omit<JoinRequest, 'newMemberId'>, signal: AbortSignal): Now<JoinReply | undefined>;
    sync(request: SyncRequest, signal: AbortSignal): Now<SyncReply | undefined>;
    /** The error code. A group that is being read back may be as its member believes: NONE. */
    heartbeat(request: HeartbeatRequest, signal: AbortSignal): Now<number | undefined>;
    leave(request: LeaveRequest, signal: AbortSignal): Now<LeaveReply | undefined>;
    /** One error code for each entry. */
    commit(request: CommitRequest, signal: AbortSignal): Now<CommitReply | undefined>;
    /** `topics` null: all that are committed. */
    fetchOffsets(groupId: string, topics: readonly FetchTopic[] | null): Now<FetchedGroup>;
    /** Undefined: no such group. A number: the error code. */
    describe(groupId: string): Now<DescribedGroup | number | undefined>;
    list(filter: ListFilter): Now<ListedGroups>;
}
