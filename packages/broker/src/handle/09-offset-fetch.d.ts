export declare const offsetFetch: import("../dispatch/handler.ts").Handler<import("@tidemark/protocol").Api<{
    readonly groupId: import("@tidemark/protocol").Field<string, "optional">;
    readonly topics: import("@tidemark/protocol").Field<import("@tidemark/protocol").Rows<{
        readonly name: import("@tidemark/protocol").Field<string, "required">;
        readonly partitionIndexes: import("@tidemark/protocol").Field<number[], "required">;
    }> | null, "optional">;
    readonly groups: import("@tidemark/protocol").Field<import("@tidemark/protocol").Rows<{
        readonly groupId: import("@tidemark/protocol").Field<string, "required">;
        readonly memberId: import("@tidemark/protocol").Field<string | null, "optional">;
        readonly memberEpoch: import("@tidemark/protocol").Field<number, "optional">;
        readonly topics: import("@tidemark/protocol").Field<import("@tidemark/protocol").Rows<{
            readonly name: import("@tidemark/protocol").Field<string, "optional">;
            readonly topicId: import("@tidemark/protocol").Field<string, "optional">;
            readonly partitionIndexes: import("@tidemark/protocol").Field<number[], "required">;
        }> | null, "required">;
    }>, "optional">;
    readonly requireStable: import("@tidemark/protocol").Field<boolean, "optional">;
}, {
    readonly throttleTimeMs: import("@tidemark/protocol").Field<number, "optional">;
    readonly topics: import("@tidemark/protocol").Field<import("@tidemark/protocol").Rows<{
        readonly name: import("@tidemark/protocol").Field<string, "required">;
        readonly partitions: import("@tidemark/protocol").Field<import("@tidemark/protocol").Rows<{
            readonly partitionIndex: import("@tidemark/protocol").Field<number, "required">;
            readonly committedOffset: import("@tidemark/protocol").Field<number, "required">;
            readonly committedLeaderEpoch: import("@tidemark/protocol").Field<number, "optional">;
            readonly metadata: import("@tidemark/protocol").Field<string | null, "required">;
            readonly errorCode: import("@tidemark/protocol").Field<number, "required">;
        }>, "required">;
    }>, "optional">;
    readonly errorCode: import("@tidemark/protocol").Field<number, "optional">;
    readonly groups: import("@tidemark/protocol").Field<import("@tidemark/protocol").Rows<{
        readonly groupId: import("@tidemark/protocol").Field<string, "required">;
        readonly topics: import("@tidemark/protocol").Field<import("@tidemark/protocol").Rows<{
            readonly name: import("@tidemark/protocol").Field<string, "optional">;
            readonly topicId: import("@tidemark/protocol").Field<string, "optional">;
            readonly partitions: import("@tidemark/protocol").Field<import("@tidemark/protocol").Rows<{
                readonly partitionIndex: import("@tidemark/protocol").Field<number, "required">;
                readonly committedOffset: import("@tidemark/protocol").Field<number, "required">;
                readonly committedLeaderEpoch: import("@tidemark/protocol").Field<number, "optional">;
                readonly metadata: import("@tidemark/protocol").Field<string | null, "required">;
                readonly errorCode: import("@tidemark/protocol").Field<number, "required">;
            }>, "required">;
        }>, "required">;
        readonly errorCode: import("@tidemark/protocol").Field<number, "optional">;
    }>, "optional">;
}>>;
