export declare const heartbeat: import("../dispatch/handler.ts").Handler<import("@tidemark/protocol").Api<{
    readonly groupId: import("@tidemark/protocol").Field<string, "required">;
    readonly generationId: import("@tidemark/protocol").Field<number, "required">;
    readonly memberId: import("@tidemark/protocol").Field<string, "required">;
    readonly groupInstanceId: import("@tidemark/protocol").Field<string | null, "optional">;
}, {
    readonly throttleTimeMs: import("@tidemark/protocol").Field<number, "optional">;
    readonly errorCode: import("@tidemark/protocol").Field<number, "required">;
}>>;
