/**
 * The records of `__consumer_offsets` that keep groups, in Kafka's own formats: key `int16 2, GroupMetadataKey`,
 * value `int16 3, GroupMetadataValue`; a null value is the tombstone of a group.
 */
import { codecOf } from '../codec/codecs.ts'
import { GroupMetadataKey, GroupMetadataValue } from '../messages/consumer-offsets.ts'
import { Reader } from '../wire/reader.ts'
import { Writer } from '../wire/writer.ts'

const KEY_VERSION = 2
const VALUE_VERSION = 3

/** A group as its last record has it. */
export type StoredGroup = Readonly<GroupMetadataValue>
export type StoredMember = Readonly<StoredGroup['members'][number]>

const keyCodec = codecOf(GroupMetadataKey, 0)
const writer = new Writer()

export const isGroupKey = (keyVersion: number): boolean => keyVersion === KEY_VERSION

export function encodeGroupKey(groupId: string): Buffer {
  const w = writer.reset()
  w.int16(KEY_VERSION)
  keyCodec.encode(w, { group: groupId })
  return Buffer.from(w.written())
}

export function encodeGroupValue(group: StoredGroup): Buffer {
  const w = writer.reset()
  w.int16(VALUE_VERSION)
  codecOf(GroupMetadataValue, VALUE_VERSION).encode(w, group)
  return Buffer.from(w.written())
}

/** The reader is positioned behind the key's version. */
export const decodeGroupKey = (r: Reader): string => keyCodec.decode(r).group

/** Throws `WireError` for a version that Kafka does not have. The result keeps no view on `value`. */
export function decodeGroupValue(value: Buffer): StoredGroup {
  const r = new Reader(Buffer.from(value))
  const version = r.int16()
  return codecOf(GroupMetadataValue, version).decode(r)
}
