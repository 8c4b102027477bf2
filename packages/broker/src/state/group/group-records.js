/**
 * The records of `__consumer_offsets` that keep groups, in Kafka's own formats: key `int16 2, GroupMetadataKey`, value
 * `int16 3, GroupMetadataValue`; a null value is the tombstone of a group.
 */
import { codecOf, GroupMetadataKey, GroupMetadataValue, Reader, Writer } from '@tidemark/protocol';
const KEY_VERSION = 2;
const VALUE_VERSION = 3;
const keyCodec = codecOf(GroupMetadataKey, 0);
const writer = new Writer();
export const isGroupKey = (keyVersion) => keyVersion === KEY_VERSION;
export function encodeGroupKey(groupId) {
    const w = writer.reset();
    w.int16(KEY_VERSION);
    keyCodec.encode(w, { group: groupId });
    return Buffer.from(w.written());
}
export function encodeGroupValue(group) {
    const w = writer.reset();
    w.int16(VALUE_VERSION);
    codecOf(GroupMetadataValue, VALUE_VERSION).encode(w, group);
    return Buffer.from(w.written());
}
/** The reader stands behind the key's version. */
export const decodeGroupKey = (r) => keyCodec.decode(r).group;
/** Throws `WireError` for a version that Kafka does not have. The result keeps no view on `value`. */
export function decodeGroupValue(value) {
    const r = new Reader(Buffer.from(value));
    const version = r.int16();
    return codecOf(GroupMetadataValue, version).decode(r);
}
