/** What a coordinator partition writes: one union over Kafka's two kinds of records in `__consumer_offsets`. */
import {
  decodeGroupKey,
  decodeGroupValue,
  decodeOffsetKey,
  decodeOffsetValue,
  encodeGroupKey,
  encodeGroupValue,
  encodeOffsetKey,
  encodeOffsetValue,
  isGroupKey,
  isOffsetKey,
  type OffsetKey,
  Reader,
  type RecordToWrite,
  type StoredGroup,
  type StoredOffset,
} from '@tidemark/protocol'

export type CoordinatorRecord =
  /** `value` null: the offset is forgotten. */
  | { readonly kind: 'offset'; readonly key: OffsetKey; readonly value: StoredOffset | null }
  /** `value` null: the group is gone. */
  | { readonly kind: 'group'; readonly groupId: string; readonly value: StoredGroup | null }

export function encodeRecord(record: CoordinatorRecord, timestampMs: number): RecordToWrite {
  if (record.kind === 'offset') {
    return { key: encodeOffsetKey(record.key), value: record.value && encodeOffsetValue(record.value), timestampMs }
  }
  return { key: encodeGroupKey(record.groupId), value: record.value && encodeGroupValue(record.value), timestampMs }
}

/**
 * Undefined for a kind that this coordinator does not keep (Kafka's newer group types): it is skipped, as Kafka does.
 */
export function decodeRecord(key: Buffer, value: Buffer | null): CoordinatorRecord | undefined {
  const r = new Reader(key)
  const version = r.int16()
  if (isOffsetKey(version)) return { kind: 'offset', key: decodeOffsetKey(r), value: value && decodeOffsetValue(value) }
  if (isGroupKey(version)) return { kind: 'group', groupId: decodeGroupKey(r), value: value && decodeGroupValue(value) }
  return undefined
}
