/**
 * The records of `__consumer_offsets` that keep committed offsets, in Kafka's own formats: key `int16 1,
 * OffsetCommitKey`, value `int16 version, OffsetCommitValue`; a null value is a tombstone. Value version 3; 1 if the
 * commit came with a retention time (no other version carries one); 4 if it names the topic by id.
 */
import { codecOf } from '../codec/codecs.ts'
import { OffsetCommitKey, OffsetCommitValue } from '../messages/consumer-offsets.ts'
import { ZERO_UUID } from '../messages/uuid.ts'
import { Reader } from '../wire/reader.ts'
import { Writer } from '../wire/writer.ts'

const KEY_VERSION = 1

export interface OffsetKey {
  readonly group: string
  readonly topic: string
  readonly partition: number
}

export interface StoredOffset {
  readonly offset: number
  /** -1: the client did not say. */
  readonly leaderEpoch: number
  readonly metadata: string
  readonly commitTimestamp: number
  /** -1: as long as the broker keeps offsets. */
  readonly expireTimestamp: number
  /** Zeros: the commit named the topic by its name. */
  readonly topicId: string
}

const keyCodec = codecOf(OffsetCommitKey, 0)
const writer = new Writer()

/** Kafka 0.8 wrote keys of version 0; the format is the same. */
export const isOffsetKey = (keyVersion: number): boolean => keyVersion === 0 || keyVersion === KEY_VERSION

export function encodeOffsetKey(key: OffsetKey): Buffer {
  const w = writer.reset()
  w.int16(KEY_VERSION)
  keyCodec.encode(w, key)
  return Buffer.from(w.written())
}

function valueVersionOf(value: StoredOffset): number {
  if (value.expireTimestamp !== -1) return 1
  return value.topicId === ZERO_UUID ? 3 : 4
}

export function encodeOffsetValue(value: StoredOffset): Buffer {
  const version = valueVersionOf(value)
  const w = writer.reset()
  w.int16(version)
  codecOf(OffsetCommitValue, version).encode(w, value)
  return Buffer.from(w.written())
}

/** The reader is positioned behind the key's version. */
export const decodeOffsetKey = (r: Reader): OffsetKey => keyCodec.decode(r)

/** Throws `WireError` for a version that Kafka does not have. */
export function decodeOffsetValue(value: Buffer): StoredOffset {
  const r = new Reader(value)
  const version = r.int16()
  const { offset, leaderEpoch, metadata, commitTimestamp, expireTimestamp, topicId } = codecOf(OffsetCommitValue, version).decode(r)
  return { offset, leaderEpoch, metadata, commitTimestamp, expireTimestamp, topicId }
}
