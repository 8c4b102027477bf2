/**
 * How keys and values are written and read. The formats are those of Kafka's own serializers
 * (`org.apache.kafka.common.serialization`), so that programs in Java read what is written here.
 */
import { TidemarkError } from '@tidemark/platform'
import { isStandardSchema, type StandardSchema, validated } from './standard-schema.ts'
import type { Bytes, Codec } from './topic.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function textOf(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes)
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause // what TextDecoder throws for bytes that are not UTF-8
    throw new TypeError(`${bytes.length} bytes are not UTF-8`, { cause })
  }
}

/** Bytes as they are: a `Buffer`. */
export const bytes = (): Codec<Bytes, Buffer> => ({
  encode: (value) => value,
  decode: (given) => present(given),
})

/** Text in UTF-8 (`StringSerializer`). Bytes that are not UTF-8 do not decode. */
export const text = (): Codec<string> => ({
  encode: (value) => checked('text', value, typeof value === 'string'),
  decode: (given) => textOf(present(given)),
})

/** A signed number in 4 bytes, big-endian (`IntegerSerializer`). */
export const int = (): Codec<number> => ({
  encode(value) {
    const out = Buffer.allocUnsafe(4)
    out.writeInt32BE(checked('a whole number of 32 bits', value, Number.isInteger(value) && value === (value | 0)))
    return out
  },
  decode: (given) => sized(given, 4).readInt32BE(),
})

/** A signed bigint in 8 bytes, big-endian (`LongSerializer`). */
export const long = (): Codec<bigint> => ({
  encode(value) {
    const out = Buffer.allocUnsafe(8)
    out.writeBigInt64BE(checked('a bigint of 64 bits', value, typeof value === 'bigint' && BigInt.asIntN(64, value) === value))
    return out
  },
  decode: (given) => sized(given, 8).readBigInt64BE(),
})

/** A number in 8 bytes, as IEEE 754 writes it, big-endian (`DoubleSerializer`). */
export const double = (): Codec<number> => ({
  encode(value) {
    const out = Buffer.allocUnsafe(8)
    out.writeDoubleBE(checked('a number', value, typeof value === 'number'))
    return out
  },
  decode: (given) => sized(given, 8).readDoubleBE(),
})

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** A UUID as text (`UUIDSerializer`). */
export const uuid = (): Codec<string> => ({
  encode: (value) => checked('a UUID', value, UUID.test(value)),
  decode: (given) => checked('a UUID', textOf(present(given)), UUID.test(textOf(present(given)))),
})

/**
 * JSON, checked by a Standard Schema if one is given: zod, valibot, arktype. What is read is what the schema returns;
 * what is written is the value as it was given, once the schema accepts it. To write, the schema must be synchronous.
 */
export function json<Value = unknown>(): Codec<Value>
export function json<In, Out>(schema: StandardSchema<In, Out>): Codec<In, Out>
export function json<In, Out>(schema?: StandardSchema<In, Out>): Codec<In, Out> {
  if (schema !== undefined && !isStandardSchema(schema)) {
    const text = "the schema of json() is not a Standard Schema: it has no '~standard'; zod (3.24 or later), valibot and arktype have one"
    throw new TidemarkError('INVALID_ARGUMENT', text)
  }
  return {
    encode(value) {
      if (schema !== undefined) mustBeSynchronous(validated(schema, value))
      const written = JSON.stringify(value)
      return checked('what JSON can write', written, typeof written === 'string')
    },
    decode(given) {
      const value: unknown = JSON.parse(textOf(present(given)))
      return schema === undefined ? (value as Out) : validated(schema, value)
    },
  }
}

/** The value may be null: a tombstone, which in a compacted topic deletes its key. */
export const nullable = <In, Out>(codec: Codec<In, Out>): Codec<In | null, Out | null> => ({
  encode: (value) => (value === null ? null : codec.encode(value)),
  decode: (given) => (given === null ? null : codec.decode(given)),
})

function mustBeSynchronous(result: unknown): void {
  if (!(result instanceof Promise)) return
  result.catch(() => {}) // refused below, whatever it says
  throw new TypeError('its schema is asynchronous; to send, it must answer at once')
}

function present(given: Buffer | null): Buffer {
  if (given !== null) return given
  throw new TypeError('it is null (a tombstone); nullable() reads these')
}

function sized(given: Buffer | null, length: number): Buffer {
  const found = present(given)
  if (found.length === length) return found
  throw new RangeError(`it has ${found.length} bytes; it must have ${length}`)
}

function checked<T>(what: string, value: T, fits: boolean): T {
  if (fits) return value
  throw new TypeError(`it must be ${what}`)
}
