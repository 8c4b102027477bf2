export declare const offsetCommit: import("../dispatch/handler.ts").Handler<import("@tidemark/protocol").Api<{
    readonly groupId: import("@tidemark/protocol").Field<string, "required">;
    readonly generationIdOrMemberEpoch: import("@tidemark/protocol").Field<number, "optional">;
    readonly memberId: import("@tidemark/protocol").Field<string, "optional">;
    readonly groupInstanceId: import("@tidemark/protocol").Field<string | null, "optional">;
    readonly retentionTimeMs: import("@tidemark/protocol").Field<number, "optional">;
    readonly topics: import("@tidemark/protocol").Field<import("@tidemark/protocol").Rows<{
        readonly name: import("@tidemark/protocol").Field<string, "optional">;
        readonly topicId: import("@tidemark/protocol").Field<string, "optional">;
        readonly partitions: import("@tidemark/protocol").Field<import("@tidemark/protocol").Rows<{
            readonly partitionIndex: import("@tidemark/protocol").Field<number, "required">;
            readonly committedOffset: import("@tidemark/protocol").Field<number, "required">;
            readonly committedLeaderEpoch: import("@tidemark/protocol").Field<number, "optional">;
            readonly commitTimestamp: import("@tidemark/protocol").Field<number, "optional">;
            readonly committedMetadata: import("@tidemark/protocol").Field<string | null, "required">;
        }>, "required">;
    }>, "required">;
}, {
    readonly throttleTimeMs: import("@tidemark/protocol").Field<number, "optional">;
    readonly topics: import("@tidemark/protocol").Field<import("@tidemark/protocol").Rows<{
        readonly name: import("@tidemark/protocol").Field<string, "optional">;
        readonly topicId: import("@tidemark/protocol").Field<string, "optional">;
        readonly partitions: import("@tidemark/protocol").Field<import("@tidemark/protocol").Rows<{
            readonly partitionIndex: import("@tidemark/protocol").Field<number, "required">;
            readonly errorCode: import("@tidemark/protocol").Field<number, "required">;
        }>, "required">;
    }>, "required">;
}>>;
