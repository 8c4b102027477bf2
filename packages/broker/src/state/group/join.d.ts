import type { Ticket } from '../decision.ts';
import { type Protocol } from './member.ts';
import { type JoinReply } from './replies.ts';
import type { Shard } from './shard.ts';
import { type Turn } from './turn.ts';
export interface JoinRequest {
    readonly groupId: string;
    /** Empty: it has none yet. */
    readonly memberId: string;
    /** The id that it gets if it needs one. */
    readonly newMemberId: string;
    readonly groupInstanceId: string | null;
    readonly protocolType: string;
    readonly protocols: readonly Protocol[];
    readonly sessionTimeoutMs: number;
    readonly rebalanceTimeoutMs: number;
    readonly clientId: string;
    readonly clientHost: string;
    /** A dynamic member first gets its id and joins with it (KIP-394, from version 4 on). */
    readonly needsMemberId: boolean;
    /** A static leader that comes back may be told who is in the group and that there is nothing to assign (KIP-814, version 9). */
    readonly canSkipAssignment: boolean;
}
export declare function join(shard: Shard, request: JoinRequest, ticket: Ticket<JoinReply>, turn: Turn): void;
