/** What a coordinator partition writes: one union over Kafka's two kinds of records in `__consumer_offsets`. */
import { type RecordToWrite } from '@tidemark/protocol';
import { type CommittedOffset, type OffsetKey } from '../offsets/offset-records.ts';
import { type StoredGroup } from './group-records.ts';
export type CoordinatorRecord = 
/** `value` null: the offset is forgotten. */
{
    readonly kind: 'offset';
    readonly key: OffsetKey;
    readonly value: CommittedOffset | null;
}
/** `value` null: the group is gone. */
 | {
    readonly kind: 'group';
    readonly groupId: string;
    readonly value: StoredGroup | null;
};
export declare function encodeRecord(record: CoordinatorRecord, timestampMs: number): RecordToWrite;
/** Undefined for a kind that this coordinator does not keep (Kafka's newer group types): it is skipped, as Kafka does. */
export declare function decodeRecord(key: Buffer, value: Buffer | null): CoordinatorRecord | undefined;
