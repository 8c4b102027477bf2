/**
 * One coordinator partition: its groups and committed offsets (Kafka's GroupCoordinatorShard).
 *
 * `stored` and `offsets` are the fold over the partition's records, and only `apply` changes them, live and when the log is read
 * back: checkpoint plus tail equals full replay. `groups` is what lives on top: every group that has a record or an offset, with
 * the requests that wait. Decisions change it; `revive` rebuilds it from the fold.
 */
import { Offsets } from '../offsets/offsets.ts';
import { Group } from './group.ts';
import type { CoordinatorRecord } from './records.ts';
import type { Turn } from './turn.ts';
export declare class Shard {
    readonly stored: Map<string, Readonly<{
        unknownTags?: readonly import("@tidemark/protocol").UnknownTag[] | undefined;
        protocolType: string;
        generation: number;
        protocol: string | null;
        leader: string | null;
        currentStateTimestamp: number;
        members: import("@tidemark/protocol").Rows<{
            readonly memberId: import("@tidemark/protocol").Field<string, "required">;
            readonly groupInstanceId: import("@tidemark/protocol").Field<string | null, "optional">;
            readonly clientId: import("@tidemark/protocol").Field<string, "required">;
            readonly clientHost: import("@tidemark/protocol").Field<string, "required">;
            readonly rebalanceTimeout: import("@tidemark/protocol").Field<number, "optional">;
            readonly sessionTimeout: import("@tidemark/protocol").Field<number, "required">;
            readonly subscription: import("@tidemark/protocol").Field<Buffer<ArrayBufferLike>, "required">;
            readonly assignment: import("@tidemark/protocol").Field<Buffer<ArrayBufferLike>, "required">;
        }>;
    }>>;
    readonly offsets: Offsets;
    readonly groups: Map<string, Group>;
    apply(record: CoordinatorRecord): void;
    /** After the log was read back: groups are as last written, sessions start afresh, nobody has to rejoin. */
    revive(turn: Turn): void;
}
