/** What a coordinator partition writes: one union over Kafka's two kinds of records in `__consumer_offsets`. */
import { Reader } from '@tidemark/protocol';
import { decodeOffsetKey, decodeOffsetValue, encodeOffsetKey, encodeOffsetValue, isOffsetKey, } from '../offsets/offset-records.js';
import { decodeGroupKey, decodeGroupValue, encodeGroupKey, encodeGroupValue, isGroupKey } from './group-records.js';
export function encodeRecord(record, timestampMs) {
    if (record.kind === 'offset') {
        return { key: encodeOffsetKey(record.key), value: record.value && encodeOffsetValue(record.value), timestampMs };
    }
    return { key: encodeGroupKey(record.groupId), value: record.value && encodeGroupValue(record.value), timestampMs };
}
/** Undefined for a kind that this coordinator does not keep (Kafka's newer group types): it is skipped, as Kafka does. */
export function decodeRecord(key, value) {
    const r = new Reader(key);
    const version = r.int16();
    if (isOffsetKey(version))
        return { kind: 'offset', key: decodeOffsetKey(r), value: value && decodeOffsetValue(value) };
    if (isGroupKey(version))
        return { kind: 'group', groupId: decodeGroupKey(r), value: value && decodeGroupValue(value) };
    return undefined;
}
