import type { Ticket } from '../decision.ts';
import type { Shard } from './shard.ts';
import type { Turn } from './turn.ts';
export interface HeartbeatRequest {
    readonly groupId: string;
    readonly generationId: number;
    readonly memberId: string;
    readonly groupInstanceId: string | null;
}
export declare function heartbeat(shard: Shard, request: HeartbeatRequest, ticket: Ticket<number>, turn: Turn): void;
