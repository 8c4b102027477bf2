export declare const listGroups: import("../dispatch/handler.ts").Handler<import("@tidemark/protocol").Api<{
    readonly statesFilter: import("@tidemark/protocol").Field<string[], "optional">;
    readonly typesFilter: import("@tidemark/protocol").Field<string[], "optional">;
}, {
    readonly throttleTimeMs: import("@tidemark/protocol").Field<number, "optional">;
    readonly errorCode: import("@tidemark/protocol").Field<number, "required">;
    readonly groups: import("@tidemark/protocol").Field<import("@tidemark/protocol").Rows<{
        readonly groupId: import("@tidemark/protocol").Field<string, "required">;
        readonly protocolType: import("@tidemark/protocol").Field<string, "required">;
        readonly groupState: import("@tidemark/protocol").Field<string, "optional">;
        readonly groupType: import("@tidemark/protocol").Field<string, "optional">;
    }>, "required">;
}>>;
