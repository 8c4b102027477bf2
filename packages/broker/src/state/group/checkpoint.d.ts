/**
 * The fold of one coordinator partition as bytes, with the offset it reaches: a restart reads this and the log from there.
 *
 * Only `stored` and `offsets` are in it, in their order, so that checkpoint plus tail is, byte for byte, what a full replay makes.
 * Topic names stand once, in the order of their first use; offsets speak of them by number.
 */
import { fields } from '@tidemark/protocol';
import { Shard } from './shard.ts';
export declare const CoordinatorCheckpoint: fields.Message<{
    readonly reaches: fields.Field<number, "required">;
    readonly topics: fields.Field<string[], "required">;
    readonly groups: fields.Field<import("@tidemark/protocol").Rows<{
        readonly groupId: fields.Field<string, "required">;
        readonly protocolType: fields.Field<string, "required">;
        readonly generation: fields.Field<number, "required">;
        readonly protocol: fields.Field<string | null, "required">;
        readonly leader: fields.Field<string | null, "required">;
        readonly currentStateTimestamp: fields.Field<number, "required">;
        readonly members: fields.Field<import("@tidemark/protocol").Rows<{
            readonly memberId: fields.Field<string, "required">;
            readonly groupInstanceId: fields.Field<string | null, "required">;
            readonly clientId: fields.Field<string, "required">;
            readonly clientHost: fields.Field<string, "required">;
            readonly rebalanceTimeout: fields.Field<number, "required">;
            readonly sessionTimeout: fields.Field<number, "required">;
            readonly subscription: fields.Field<Buffer<ArrayBufferLike>, "required">;
            readonly assignment: fields.Field<Buffer<ArrayBufferLike>, "required">;
        }>, "required">;
    }>, "required">;
    readonly offsets: fields.Field<import("@tidemark/protocol").Rows<{
        readonly groupId: fields.Field<string, "required">;
        readonly topics: fields.Field<import("@tidemark/protocol").Rows<{
            readonly topic: fields.Field<number, "required">;
            readonly partitions: fields.Field<import("@tidemark/protocol").Rows<{
                readonly partition: fields.Field<number, "required">;
                readonly offset: fields.Field<number, "required">;
                readonly leaderEpoch: fields.Field<number, "required">;
                readonly metadata: fields.Field<string, "required">;
                readonly commitTimestamp: fields.Field<number, "required">;
                readonly expireTimestamp: fields.Field<number, "optional">;
                readonly topicId: fields.Field<string, "optional">;
            }>, "required">;
        }>, "required">;
    }>, "required">;
}>;
export declare function takeCheckpoint(shard: Shard, reaches: number): Buffer;
/** Throws `WireError` for bytes that are no checkpoint. */
export declare function fromCheckpoint(from: Buffer): {
    readonly shard: Shard;
    readonly reaches: number;
};
