/**
 * Keys and values that were written with a schema, decoded by the schema registry that has it: Avro, Protobuf and JSON
 * Schema, in the wire format of Confluent's serializers.
 */
import { type CallLimits, type Header, TidemarkError } from '@tidemark/client'
import { type Clock, checkSignal, nodeClock } from '@tidemark/platform'
import type { Type } from 'protobufjs'
import { readAvro } from './avro/read.ts'
import { avroType } from './avro/schema.ts'
import type { ByteReader } from './byte-reader.ts'
import { parsedJson } from './json-text.ts'
import { SchemaLookup, type SchemaText } from './lookup.ts'
import { resolveRegistry, type SchemaRegistryOptions } from './options.ts'
import { Undecodable } from './problem.ts'
import { readProtobuf } from './protobuf/read.ts'
import { trueFullName } from './protobuf/reserved.ts'
import { protobufSchema } from './protobuf/schema.ts'
import { type Framed, framed, messageIndexes, type RecordPart } from './schema-id.ts'

/** A key or value that names a schema. */
export type DecodedPart =
  | {
      readonly kind: 'decoded'
      /** As the registry numbers it; a GUID where the record has that in a header. */
      readonly schemaId: number | string
      readonly schemaType: 'AVRO' | 'PROTOBUF' | 'JSON'
      /** Of the record or message; null: it has none. */
      readonly name: string | null
      /**
       * As JSON: bytes are base64, integers beyond 2^53 their digits, times ISO 8601. `JSON.stringify` writes all of
       * it.
       */
      readonly data: unknown
    }
  | {
      readonly kind: 'undecoded'
      readonly schemaId: number | string
      /** In one line. */
      readonly problem: string
    }

/** Without what names no schema: text, and the bytes of other serializers. */
export interface DecodedRecord {
  readonly key?: DecodedPart
  readonly value?: DecodedPart
}

/** What is decoded of a record: a `ReceivedMessage` and a `PeekedRecord` are such. */
export interface EncodedRecord {
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly headers: readonly Header[]
}

export interface SchemaRegistry {
  /**
   * A schema that cannot be read, or that the bytes do not follow, is told in the result. Rejects with `TidemarkError`
   * ABORTED or INVALID_OPTION alone.
   */
  decode(record: EncodedRecord, options?: Pick<CallLimits, 'signal'>): Promise<DecodedRecord>
}

/**
 * A handle on a schema registry with Confluent's API (Confluent, Redpanda, Karapace, Apicurio). Nothing is asked of it
 * before the first record that names a schema; 200 schemas are kept. Throws `TidemarkError` INVALID_OPTION.
 *
 * ```ts
 * const registry = createSchemaRegistry({ url: 'https://registry.example.org:8081' })
 * const [record] = await peek(kafka, 'billing', { registry })
 * ```
 */
export const createSchemaRegistry = (options: SchemaRegistryOptions): SchemaRegistry => registryOf(options, nodeClock)

/** A schema, ready to read data with. `indexes` comes before the data of Protobuf. */
interface Decoder {
  readonly type: 'AVRO' | 'PROTOBUF' | 'JSON'
  read(indexes: ByteReader, data: ByteReader | undefined): { readonly name: string | null; readonly data: unknown }
}

export function registryOf(options: SchemaRegistryOptions, clock: Clock): SchemaRegistry {
  const lookup = new SchemaLookup(resolveRegistry(options), clock, decoderOf)
  return {
    async decode({ key, value, headers }, { signal } = {}) {
      checkSignal(signal)
      const [ofKey, ofValue] = await unlessAborted(
        Promise.all([partOf(lookup, 'key', key, headers), partOf(lookup, 'value', value, headers)]),
        signal,
      )
      return { ...(ofKey !== undefined && { key: ofKey }), ...(ofValue !== undefined && { value: ofValue }) }
    },
  }
}

async function partOf(
  lookup: SchemaLookup<Decoder>,
  part: RecordPart,
  bytes: Uint8Array | null,
  headers: readonly Header[],
): Promise<DecodedPart | undefined> {
  if (bytes === null) return undefined
  const found = framed(part, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), headers)
  if (found === undefined) return undefined
  const undecoded = (error: unknown, what: string): DecodedPart => {
    if (!(error instanceof Undecodable)) throw error
    return { kind: 'undecoded', schemaId: found.id, problem: `${what}: ${error.message}` }
  }
  let decoder: Decoder
  try {
    decoder = await lookup.get(found.id)
  } catch (error) {
    return undecoded(error, `schema ${found.id} cannot be read`)
  }
  try {
    return { kind: 'decoded', schemaId: found.id, schemaType: decoder.type, ...readWith(decoder, found) }
  } catch (error) {
    return undecoded(error, `the ${part} does not follow schema ${found.id}`)
  }
}

const readWith = (decoder: Decoder, { indexes, data }: Framed) => decoder.read(indexes, data)

async function decoderOf(schema: SchemaText): Promise<Decoder> {
  if (schema.type === 'AVRO') {
    const type = await avroType(schema)
    return { type: 'AVRO', read: (indexes, data = indexes) => ({ name: type.name ?? null, data: readAvro(type, data) }) }
  }
  if (schema.type === 'JSON') {
    const read = (data: ByteReader): unknown => parsedJson(data.text(data.left))
    return { type: 'JSON', read: (indexes, data = indexes) => ({ name: null, data: read(data) }) }
  }
  if (schema.type === 'PROTOBUF') {
    const messages = await protobufSchema(schema)
    return {
      type: 'PROTOBUF',
      read(indexes, data = indexes) {
        const whole = indexes.fork()
        const shown = (type: Type, from: ByteReader) => ({ name: trueFullName(type.fullName.slice(1)), data: readProtobuf(type, from) })
        let type: Type
        try {
          type = messages.message(messageIndexes(indexes))
        } catch (error) {
          // The registry client for kafkajs writes no indexes, and means the first message of the file.
          const first = data === indexes ? unless(Undecodable, () => shown(messages.message([0]), whole)) : undefined
          if (first === undefined) throw error
          return first
        }
        return shown(type, data)
      },
    }
  }
  throw new Undecodable(`its type is ${schema.type}, and not AVRO, PROTOBUF or JSON`)
}

/** Undefined where it throws such an error. */
function unless<T>(expected: typeof Undecodable, act: () => T): T | undefined {
  try {
    return act()
  } catch (error) {
    if (!(error instanceof expected)) throw error
    return undefined
  }
}

/** The schema is still looked up, for others that wait for it. */
function unlessAborted<T>(found: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return found
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(new TidemarkError('ABORTED', 'decoding a record was aborted', { cause: signal.reason }))
    if (signal.aborted) return abort()
    signal.addEventListener('abort', abort, { once: true })
    found.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
