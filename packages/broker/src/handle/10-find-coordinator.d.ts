export declare const findCoordinator: import("../dispatch/handler.ts").Handler<import("@tidemark/protocol").Api<{
    readonly key: import("@tidemark/protocol").Field<string, "optional">;
    readonly keyType: import("@tidemark/protocol").Field<number, "optional">;
    readonly coordinatorKeys: import("@tidemark/protocol").Field<string[], "optional">;
}, {
    readonly throttleTimeMs: import("@tidemark/protocol").Field<number, "optional">;
    readonly errorCode: import("@tidemark/protocol").Field<number, "optional">;
    readonly errorMessage: import("@tidemark/protocol").Field<string | null, "optional">;
    readonly nodeId: import("@tidemark/protocol").Field<number, "optional">;
    readonly host: import("@tidemark/protocol").Field<string, "optional">;
    readonly port: import("@tidemark/protocol").Field<number, "optional">;
    readonly coordinators: import("@tidemark/protocol").Field<import("@tidemark/protocol").Rows<{
        readonly key: import("@tidemark/protocol").Field<string, "required">;
        readonly nodeId: import("@tidemark/protocol").Field<number, "required">;
        readonly host: import("@tidemark/protocol").Field<string, "required">;
        readonly port: import("@tidemark/protocol").Field<number, "required">;
        readonly errorCode: import("@tidemark/protocol").Field<number, "required">;
        readonly errorMessage: import("@tidemark/protocol").Field<string | null, "required">;
    }>, "optional">;
}>>;
