export interface JoinReply {
    readonly errorCode: number;
    readonly generationId: number;
    readonly protocolType: string | null;
    readonly protocolName: string | null;
    readonly leader: string;
    readonly skipAssignment: boolean;
    readonly memberId: string;
    /** For the leader alone: everybody, with what they said. */
    readonly members: readonly JoinedMember[];
}
export interface JoinedMember {
    readonly memberId: string;
    readonly groupInstanceId: string | null;
    readonly metadata: Buffer;
}
export interface SyncReply {
    readonly errorCode: number;
    readonly protocolType: string | null;
    readonly protocolName: string | null;
    readonly assignment: Buffer;
}
export interface LeaveReply {
    readonly errorCode: number;
    readonly members: readonly {
        readonly memberId: string;
        readonly groupInstanceId: string | null;
        readonly errorCode: number;
    }[];
}
export declare const joinError: (errorCode: number, memberId: string) => JoinReply;
export declare const syncError: (errorCode: number) => SyncReply;
export declare const leaveReply: (members: LeaveReply['members']) => LeaveReply;
export declare const leaveError: (errorCode: number) => LeaveReply;
