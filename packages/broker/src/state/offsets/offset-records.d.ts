/**
 * The records of `__consumer_offsets` that keep committed offsets, in Kafka's own formats: key `int16 1, OffsetCommitKey`, value
 * `int16 version, OffsetCommitValue`; a null value is a tombstone. Value version 3; 1 if the commit came with a retention time
 * (no other version carries one); 4 if it names the topic by id.
 */
import { Reader } from '@tidemark/protocol';
export interface OffsetKey {
    readonly group: string;
    readonly topic: string;
    readonly partition: number;
}
export interface CommittedOffset {
    readonly offset: number;
    /** -1: the client did not say. */
    readonly leaderEpoch: number;
    readonly metadata: string;
    readonly commitTimestamp: number;
    /** -1: as long as the broker keeps offsets. */
    readonly expireTimestamp: number;
    /** Zeros: the commit named the topic by its name. */
    readonly topicId: string;
}
/** Kafka 0.8 wrote keys of version 0; the format is the same. */
export declare const isOffsetKey: (keyVersion: number) => boolean;
export declare function encodeOffsetKey(key: OffsetKey): Buffer;
export declare function encodeOffsetValue(value: CommittedOffset): Buffer;
/** The reader stands behind the key's version. */
export declare const decodeOffsetKey: (r: Reader) => OffsetKey;
/** Throws `WireError` for a version that Kafka does not have. */
export declare function decodeOffsetValue(value: Buffer): CommittedOffset;
