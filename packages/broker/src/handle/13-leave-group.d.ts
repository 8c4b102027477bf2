export declare const leaveGroup: import("../dispatch/handler.ts").Handler<import("@tidemark/protocol").Api<{
    readonly groupId: import("@tidemark/protocol").Field<string, "required">;
    readonly memberId: import("@tidemark/protocol").Field<string, "optional">;
    readonly members: import("@tidemark/protocol").Field<import("@tidemark/protocol").Rows<{
        readonly memberId: import("@tidemark/protocol").Field<string, "required">;
        readonly groupInstanceId: import("@tidemark/protocol").Field<string | null, "optional">;
        readonly reason: import("@tidemark/protocol").Field<string | null, "optional">;
    }>, "optional">;
}, {
    readonly throttleTimeMs: import("@tidemark/protocol").Field<number, "optional">;
    readonly errorCode: import("@tidemark/protocol").Field<number, "required">;
    readonly members: import("@tidemark/protocol").Field<import("@tidemark/protocol").Rows<{
        readonly memberId: import("@tidemark/protocol").Field<string, "required">;
        readonly groupInstanceId: import("@tidemark/protocol").Field<string | null, "required">;
        readonly errorCode: import("@tidemark/protocol").Field<number, "required">;
    }>, "optional">;
}>>;
