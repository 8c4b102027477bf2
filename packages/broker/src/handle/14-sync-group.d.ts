export declare const syncGroup: import("../dispatch/handler.ts").Handler<import("@tidemark/protocol").Api<{
    readonly groupId: import("@tidemark/protocol").Field<string, "required">;
    readonly generationId: import("@tidemark/protocol").Field<number, "required">;
    readonly memberId: import("@tidemark/protocol").Field<string, "required">;
    readonly groupInstanceId: import("@tidemark/protocol").Field<string | null, "optional">;
    readonly protocolType: import("@tidemark/protocol").Field<string | null, "optional">;
    readonly protocolName: import("@tidemark/protocol").Field<string | null, "optional">;
    readonly assignments: import("@tidemark/protocol").Field<import("@tidemark/protocol").Rows<{
        readonly memberId: import("@tidemark/protocol").Field<string, "required">;
        readonly assignment: import("@tidemark/protocol").Field<Buffer<ArrayBufferLike>, "required">;
    }>, "required">;
}, {
    readonly throttleTimeMs: import("@tidemark/protocol").Field<number, "optional">;
    readonly errorCode: import("@tidemark/protocol").Field<number, "required">;
    readonly protocolType: import("@tidemark/protocol").Field<string | null, "optional">;
    readonly protocolName: import("@tidemark/protocol").Field<string | null, "optional">;
    readonly assignment: import("@tidemark/protocol").Field<Buffer<ArrayBufferLike>, "required">;
}>>;
