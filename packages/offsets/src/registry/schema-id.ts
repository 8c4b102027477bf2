/**
 * How a record names the schema of its key or value, as the serializers of Confluent and of other registries write it.
 *
 * ```
 * before the data:  00 | id, 4 bytes, big-endian | (Protobuf) message indexes | data
 * in a header:      00 | id, 4 bytes  | (Protobuf) message indexes       `__key_schema_id`, `__value_schema_id`
 *                   01 | GUID, 16 bytes | (Protobuf) message indexes     the whole key or value is the data
 * ```
 *
 * Message indexes are zigzag varints: how many, then each; the first message alone is the one byte 00.
 */
import { ByteReader } from './byte-reader.ts'
import { Undecodable } from './problem.ts'

export interface Framed {
  /** A number, or a GUID. */
  readonly id: number | string
  /** What follows the id: message indexes begin here, if the schema is Protobuf. */
  readonly indexes: ByteReader
  /** The data; undefined: it follows the message indexes. */
  readonly data: ByteReader | undefined
}

export type RecordPart = 'key' | 'value'

interface RawHeader {
  readonly key: string
  readonly value: Uint8Array | null
}

const ID_LENGTH = 5
const GUID_LENGTH = 17
const INDEXES_MAX = 32

/** Undefined: no schema is named, as in text. */
export function framed(part: RecordPart, bytes: Buffer, headers: readonly RawHeader[]): Framed | undefined {
  const header = headers.findLast(({ key }) => key === `__${part}_schema_id`)?.value
  if (header != null) {
    const named = idOf(Buffer.from(header.buffer, header.byteOffset, header.length), true)
    if (named !== undefined) return { ...named, data: new ByteReader(bytes) }
  }
  const named = idOf(bytes, false)
  return named && { ...named, data: undefined }
}

function idOf(bytes: Buffer, isHeader: boolean): { id: number | string; indexes: ByteReader } | undefined {
  if (bytes[0] === 0 && bytes.length >= ID_LENGTH) return { id: bytes.readInt32BE(1), indexes: new ByteReader(bytes, ID_LENGTH) }
  if (!isHeader || bytes[0] !== 1 || bytes.length < GUID_LENGTH) return undefined
  const hex = bytes.toString('hex', 1, GUID_LENGTH)
  return { id: hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'), indexes: new ByteReader(bytes, GUID_LENGTH) }
}

/** The message of a Protobuf file: an index among its messages, then among the messages within, and so on. */
export function messageIndexes(reader: ByteReader): readonly number[] {
  const count = reader.length(reader.zigzag())
  if (count === 0) return [0]
  if (count > INDEXES_MAX) throw new Undecodable(`its message is named by ${count} indexes`)
  return Array.from({ length: count }, () => reader.length(reader.zigzag()))
}
