/**
 * The coordinator of one partition of `__consumer_offsets`: performs what its groups decide.
 *
 * A turn is: decide; append the records as one batch; apply them; set the timers; give the replies. All but the last happens
 * within the call, so turns never interleave, and the log has the order of the decisions.
 *
 * No reply overtakes the log: it leaves once everything is durable that the partition's log held when it was decided, its own
 * records included. So neither a commit is acknowledged nor an offset, a generation or an assignment shown that a crash could
 * take back; and replies leave in the order of the log.
 *
 * When an append fails, nothing of it is applied and whoever would have been answered gets COORDINATOR_NOT_AVAILABLE.
 */
import type { Clock, Now } from '@tidemark/platform';
import { type Ticket } from '../../state/decision.ts';
import { Shard } from '../../state/group/shard.ts';
import type { GroupLimits, Turn } from '../../state/group/turn.ts';
import type { CheckpointStore, InternalLog } from '../internal-log.ts';
import type { Timers } from '../timers.ts';
export interface CoordinatorParts {
    readonly clock: Clock;
    readonly timers: Timers;
    readonly limits: GroupLimits;
    readonly checkpointIntervalRecords: number;
    readonly mayCreateGroup: () => boolean;
    readonly topicExists: (topic: string) => boolean;
}
/** What a request is answered when it cannot be decided, or its records cannot be written. */
export type ErrorReply<T> = (errorCode: number) => T;
export type Decide<T> = (shard: Shard, ticket: Ticket<T>, turn: Turn) => void;
export declare class Coordinator {
    #private;
    constructor(parts: CoordinatorParts, checkpoints: CheckpointStore);
    get groupCount(): number;
    /** The error code of every request as long as it is not NONE. */
    get unavailable(): number;
    /** Begins with a partition in which nothing was ever written. */
    begin(log: InternalLog): void;
    /** Reads the partition back and begins. Rejects if that fails; every request is answered COORDINATOR_NOT_AVAILABLE then. */
    load(log: InternalLog): Promise<void>;
    /** The reply, now or when it is decided and durable; undefined if `signal` aborts first. */
    request<T>(decide: Decide<T>, onError: ErrorReply<T>, signal: AbortSignal): Now<T | undefined>;
    /** What `look` sees, once all of it is durable. */
    read<T>(look: (shard: Shard) => T, onError: ErrorReply<T>): Now<T>;
    forgetTopic(name: string): void;
    /** Saves the fold, so that a restart need not read the log again. One that cannot be written is no loss: the log has it all. */
    checkpoint(): Promise<void>;
}
