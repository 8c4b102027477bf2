/**
 * The records of `__consumer_offsets` that keep groups, in Kafka's own formats: key `int16 2, GroupMetadataKey`, value
 * `int16 3, GroupMetadataValue`; a null value is the tombstone of a group.
 */
import { GroupMetadataValue, Reader } from '@tidemark/protocol';
/** A group as its last record has it. */
export type StoredGroup = Readonly<GroupMetadataValue>;
export type StoredMember = Readonly<StoredGroup['members'][number]>;
export declare const isGroupKey: (keyVersion: number) => boolean;
export declare function encodeGroupKey(groupId: string): Buffer;
export declare function encodeGroupValue(group: StoredGroup): Buffer;
/** The reader stands behind the key's version. */
export declare const decodeGroupKey: (r: Reader) => string;
/** Throws `WireError` for a version that Kafka does not have. The result keeps no view on `value`. */
export declare function decodeGroupValue(value: Buffer): StoredGroup;
