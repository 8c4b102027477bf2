import type { Ticket } from '../decision.ts';
import type { Group } from './group.ts';
import { type Member } from './member.ts';
import { type JoinReply, type SyncReply } from './replies.ts';
import { type Turn } from './turn.ts';
/** The member is alive: its session begins anew. */
export declare function renewSession(group: Group, member: Member, turn: Turn, timeoutMs?: number): void;
/** A member that asks again before it was answered has given up on its first request (a new connection): that one ends too. */
export declare function awaitJoin(member: Member, ticket: Ticket<JoinReply>, turn: Turn): void;
export declare function awaitSync(member: Member, ticket: Ticket<SyncReply>, turn: Turn): void;
export declare function answerJoin(member: Member, reply: JoinReply, turn: Turn): void;
/** Returns whether the member waited. */
export declare function answerSync(member: Member, reply: SyncReply, turn: Turn): boolean;
/** Takes a member out; a request of it that waits is told so. What follows for the group is the caller's to do. */
export declare function dropMember(group: Group, member: Member, turn: Turn): void;
/** Takes out a member or a pending one. False: it is neither. */
export declare function removeMember(group: Group, memberId: string, turn: Turn): boolean;
/** Members came, went or changed what they say. */
export declare function membersChanged(group: Group, turn: Turn): void;
export declare function beginRebalance(group: Group, turn: Turn): void;
/** The assignments of this generation are void: whoever waits for one has to join again. */
export declare function refuseSyncs(group: Group, errorCode: number, turn: Turn): void;
/** The first rebalance goes on while members keep coming, `initialRebalanceDelayMs` at a time, up to the rebalance time-out. */
export declare function endFirstWait(group: Group, delayMs: number, remainingMs: number, turn: Turn): void;
/** The first rebalance of an empty group ends by its timer alone. */
export declare function completeIfAllJoined(group: Group, turn: Turn): void;
/** Whoever has not joined is out, static members excepted: their session alone decides. The others form the next generation. */
export declare function completeJoin(group: Group, turn: Turn): void;
/** The generation as a member sees it; the leader sees everybody. */
export declare function generationReply(group: Group, member: Member): JoinReply;
