/** Google's well-known types as Protobuf's JSON has them: a time as text, a wrapper as its value. */
import type { Field, Type } from 'protobufjs'
import { decimalText, instantText, signedInteger } from '../values.ts'

type Values = ReadonlyMap<Field, unknown>

/**
 * The fields that are calculated with, by their numbers. A schema may give these names to messages of its own, with
 * text where a number is expected.
 */
const CALCULATED: Readonly<Record<string, Readonly<Record<number, string>>>> = {
  '.google.protobuf.Timestamp': { 1: 'int64', 2: 'int32' },
  '.google.protobuf.Duration': { 1: 'int64', 2: 'int32' },
  '.google.protobuf.FieldMask': { 1: 'repeated string' },
  '.google.protobuf.Any': { 1: 'string', 2: 'bytes' },
  '.confluent.type.Decimal': { 1: 'bytes', 3: 'int32' },
}

const isAsPublished = (type: Type): boolean =>
  Object.entries(CALCULATED[type.fullName] ?? {}).every(([id, expected]) => typeTextOf(type.fieldsById[Number(id)]) === expected)

const typeTextOf = (field: Field | undefined): string =>
  field === undefined ? '' : field.map ? 'map' : field.repeated ? `repeated ${field.type}` : field.type

/**
 * Undefined: it is an ordinary message, or one that has only the name, or its values are out of range; its fields are
 * shown.
 */
export function wellKnown(type: Type, values: Values, decode: (bytes: Buffer, of: Type) => unknown): unknown {
  const name = type.fullName
  if (!isAsPublished(type)) return undefined
  if (!name.startsWith('.google.protobuf.')) return name === '.confluent.type.Decimal' ? decimalOf(type, values) : undefined
  const get = (id: number): any => values.get(type.fieldsById[id]!)
  switch (name.slice('.google.protobuf.'.length)) {
    case 'Timestamp':
      return timestampText(BigInt(get(1) ?? 0), BigInt(get(2) ?? 0))
    case 'Duration':
      return durationText(BigInt(get(1) ?? 0), BigInt(get(2) ?? 0))
    case 'FieldMask':
      return (get(1) ?? []).join(',')
    case 'Struct':
      return get(1) ?? {}
    case 'ListValue':
      return get(1) ?? []
    case 'Value':
      return kindOf(values)
    case 'Any':
      return anyOf(type, get(1) ?? '', get(2) ?? '', decode)
    case 'DoubleValue':
    case 'FloatValue':
    case 'Int64Value':
    case 'UInt64Value':
    case 'Int32Value':
    case 'UInt32Value':
      return get(1) ?? 0
    case 'BoolValue':
      return get(1) ?? false
    case 'StringValue':
    case 'BytesValue':
      return get(1) ?? ''
    default:
      return undefined
  }
}

const NANOS = 1_000_000_000n
/** Without zeros at the end, in groups of three digits. */
const shortened = (text: string): string => text.replace(/(?:\.000000000|000000|000)(?=Z?$)/, '')

function timestampText(seconds: bigint, nanos: bigint): string | undefined {
  const text = instantText(seconds * NANOS + nanos, 9, 'Z')
  return text && shortened(text)
}

function durationText(seconds: bigint, nanos: bigint): string {
  const total = seconds * NANOS + nanos
  return `${shortened(decimalText(total, 9))}s`
}

/** One of its kinds; null where it has none. The field of null is an enum with one name. */
function kindOf(values: Values): unknown {
  const [found] = values
  return found === undefined || found[0].name === 'null_value' || found[0].name === 'nullValue' ? null : found[1]
}

function anyOf(type: Type, url: string, base64: string, decode: (bytes: Buffer, of: Type) => unknown): object {
  const of = type.root.lookup(url.slice(url.lastIndexOf('/') + 1))
  if (url === '' || of === null || !('fieldsById' in of)) return { '@type': url, value: base64 }
  const value = decode(Buffer.from(base64, 'base64'), of as Type)
  // What has a form of its own in JSON may have a field '@type', or any other.
  const isMessage = typeof value === 'object' && value !== null && !of.fullName.startsWith('.google.protobuf.')
  return isMessage ? Object.assign(Object.create(null), { '@type': url }, value) : { '@type': url, value }
}

const BYTES_MAX = 1_024
const SCALE_MAX = 1_000

function decimalOf(type: Type, values: Values): string | undefined {
  const get = (id: number): unknown => values.get(type.fieldsById[id]!)
  const unscaled = Buffer.from((get(1) ?? '') as string, 'base64')
  const scale = (get(3) ?? 0) as number
  if (unscaled.length > BYTES_MAX || scale < 0 || scale > SCALE_MAX) return undefined
  return decimalText(signedInteger(unscaled), scale)
}
