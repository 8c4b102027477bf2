import type { Ticket } from '../decision.ts';
import { type LeaveReply } from './replies.ts';
import type { Shard } from './shard.ts';
import type { Turn } from './turn.ts';
export interface LeaveRequest {
    readonly groupId: string;
    readonly members: readonly LeavingMember[];
}
export interface LeavingMember {
    readonly memberId: string;
    readonly groupInstanceId: string | null;
}
export declare function leave(shard: Shard, request: LeaveRequest, ticket: Ticket<LeaveReply>, turn: Turn): void;
