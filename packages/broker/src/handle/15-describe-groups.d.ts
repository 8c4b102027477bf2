export declare const describeGroups: import("../dispatch/handler.ts").Handler<import("@tidemark/protocol").Api<{
    readonly groups: import("@tidemark/protocol").Field<string[], "required">;
    readonly includeAuthorizedOperations: import("@tidemark/protocol").Field<boolean, "optional">;
}, {
    readonly throttleTimeMs: import("@tidemark/protocol").Field<number, "optional">;
    readonly groups: import("@tidemark/protocol").Field<import("@tidemark/protocol").Rows<{
        readonly errorCode: import("@tidemark/protocol").Field<number, "required">;
        readonly errorMessage: import("@tidemark/protocol").Field<string | null, "optional">;
        readonly groupId: import("@tidemark/protocol").Field<string, "required">;
        readonly groupState: import("@tidemark/protocol").Field<string, "required">;
        readonly protocolType: import("@tidemark/protocol").Field<string, "required">;
        readonly protocolData: import("@tidemark/protocol").Field<string, "required">;
        readonly members: import("@tidemark/protocol").Field<import("@tidemark/protocol").Rows<{
            readonly memberId: import("@tidemark/protocol").Field<string, "required">;
            readonly groupInstanceId: import("@tidemark/protocol").Field<string | null, "optional">;
            readonly clientId: import("@tidemark/protocol").Field<string, "required">;
            readonly clientHost: import("@tidemark/protocol").Field<string, "required">;
            readonly memberMetadata: import("@tidemark/protocol").Field<Buffer<ArrayBufferLike>, "required">;
            readonly memberAssignment: import("@tidemark/protocol").Field<Buffer<ArrayBufferLike>, "required">;
        }>, "required">;
        readonly authorizedOperations: import("@tidemark/protocol").Field<number, "optional">;
    }>, "required">;
}>>;
