import type { Ticket } from '../decision.ts';
import { type SyncReply } from './replies.ts';
import type { Shard } from './shard.ts';
import { type Turn } from './turn.ts';
export interface SyncRequest {
    readonly groupId: string;
    readonly generationId: number;
    readonly memberId: string;
    readonly groupInstanceId: string | null;
    /** Null: the client did not say (before version 5). */
    readonly protocolType: string | null;
    readonly protocolName: string | null;
    readonly assignments: readonly {
        readonly memberId: string;
        readonly assignment: Buffer;
    }[];
}
export declare function sync(shard: Shard, request: SyncRequest, ticket: Ticket<SyncReply>, turn: Turn): void;
