export declare const joinGroup: import("../dispatch/handler.ts").Handler<import("@tidemark/protocol").Api<{
    readonly groupId: import("@tidemark/protocol").Field<string, "required">;
    readonly sessionTimeoutMs: import("@tidemark/protocol").Field<number, "required">;
    readonly rebalanceTimeoutMs: import("@tidemark/protocol").Field<number, "optional">;
    readonly memberId: import("@tidemark/protocol").Field<string, "required">;
    readonly groupInstanceId: import("@tidemark/protocol").Field<string | null, "optional">;
    readonly protocolType: import("@tidemark/protocol").Field<string, "required">;
    readonly protocols: import("@tidemark/protocol").Field<import("@tidemark/protocol").Rows<{
        readonly name: import("@tidemark/protocol").Field<string, "required">;
        readonly metadata: import("@tidemark/protocol").Field<Buffer<ArrayBufferLike>, "required">;
    }>, "required">;
    readonly reason: import("@tidemark/protocol").Field<string | null, "optional">;
}, {
    readonly throttleTimeMs: import("@tidemark/protocol").Field<number, "optional">;
    readonly errorCode: import("@tidemark/protocol").Field<number, "required">;
    readonly generationId: import("@tidemark/protocol").Field<number, "optional">;
    readonly protocolType: import("@tidemark/protocol").Field<string | null, "optional">;
    readonly protocolName: import("@tidemark/protocol").Field<string | null, "required">;
    readonly leader: import("@tidemark/protocol").Field<string, "required">;
    readonly skipAssignment: import("@tidemark/protocol").Field<boolean, "optional">;
    readonly memberId: import("@tidemark/protocol").Field<string, "required">;
    readonly members: import("@tidemark/protocol").Field<import("@tidemark/protocol").Rows<{
        readonly memberId: import("@tidemark/protocol").Field<string, "required">;
        readonly groupInstanceId: import("@tidemark/protocol").Field<string | null, "optional">;
        readonly metadata: import("@tidemark/protocol").Field<Buffer<ArrayBufferLike>, "required">;
    }>, "required">;
}>>;
