/**
 * Protobuf's encoding as JSON, by the names that fields have in the schema. The types are those of `protobufjs`; its
 * own decoder is not used: it prints a function for every message of a schema that comes from elsewhere, and what it
 * makes is bounded by nothing but the bytes.
 *
 * As in Protobuf's own JSON, a field that was not sent has its default, unless it tracks its presence; fields that the
 * schema does not have are left out.
 */
import type { Enum, Field, OneOf, Type } from 'protobufjs'
import type { ByteReader } from '../byte-reader.ts'
import { Undecodable } from '../problem.ts'
import { doubleValue, exactNumber, floatValue } from '../values.ts'
import { trueName } from './reserved.ts'
import { wellKnown } from './well-known.ts'

const VARINT = 0
const FIXED_64 = 1
const LENGTH = 2
const GROUP = 3
const GROUP_END = 4
const FIXED_32 = 5

/** All of `reader`. Throws `Undecodable`. */
export const readProtobuf = (type: Type, reader: ByteReader): unknown => readMessage(type, reader, 0, undefined)

/** `group`: its field's number, until whose end it goes; undefined: to the end of the bytes. */
function readMessage(type: Type, reader: ByteReader, depth: number, group: number | undefined): unknown {
  const within = reader.deeper(depth)
  const values: SentFields = { byField: new Map(), ofOneof: new Map() }
  for (;;) {
    if (group === undefined && reader.isAtEnd) break
    const { id, wire } = tagOf(reader)
    if (wire === GROUP_END && id === group) break
    const field = Object.hasOwn(type.fieldsById, id) ? type.fieldsById[id]! : undefined
    if (field === undefined || !fits(field, wire)) skip(reader, id, wire, within)
    else readField(field, wire, values, reader, within)
  }
  const decode = (bytes: Buffer, of: Type): unknown => readMessage(of, reader.over(bytes), within, undefined)
  const known = wellKnown(type, values.byField, decode)
  return known === undefined ? objectOf(type, values.byField, reader) : known
}

interface SentFields {
  readonly byField: Map<Field, unknown>
  /** The one of its fields that was sent last. */
  readonly ofOneof: Map<OneOf, Field>
}

function tagOf(reader: ByteReader): { id: number; wire: number } {
  const tag = Number(reader.varint())
  const id = Math.floor(tag / 8)
  if (id === 0 || id > 0x1fff_ffff) throw new Undecodable(`it has a field of number ${id}`)
  return { id, wire: tag % 8 }
}

const SCALARS: Readonly<Record<string, number>> = {
  double: FIXED_64,
  float: FIXED_32,
  int32: VARINT,
  uint32: VARINT,
  sint32: VARINT,
  fixed32: FIXED_32,
  sfixed32: FIXED_32,
  int64: VARINT,
  uint64: VARINT,
  sint64: VARINT,
  fixed64: FIXED_64,
  sfixed64: FIXED_64,
  bool: VARINT,
  string: LENGTH,
  bytes: LENGTH,
}

const isMessage = (field: Field): boolean => field.resolvedType !== null && 'fieldsById' in field.resolvedType
const wireOf = (field: Field): number => {
  if (isMessage(field)) return field.delimited ? GROUP : LENGTH
  return field.resolvedType === null ? (SCALARS[field.type] ?? LENGTH) : VARINT
}

/**
 * A field of another wire type is one that the schema does not have. Numbers in a list may be packed, whatever the
 * schema says.
 */
function fits(field: Field, wire: number): boolean {
  if (field.map) return wire === LENGTH
  const own = wireOf(field)
  return wire === own || (field.repeated && wire === LENGTH && own !== GROUP)
}

function readField(field: Field, wire: number, { byField: values, ofOneof }: SentFields, reader: ByteReader, depth: number): void {
  if (field.map) {
    const map = (values.get(field) ?? Object.create(null)) as Record<string, unknown>
    values.set(field, map)
    const [key, value] = entryOf(field, lengthDelimited(reader), depth)
    reader.spendName(key)
    map[key] = value
  } else if (field.repeated) {
    const list = (values.get(field) ?? []) as unknown[]
    values.set(field, list)
    if (wire !== LENGTH || wireOf(field) === LENGTH) list.push(fieldValue(field, reader, depth))
    else for (const packed = lengthDelimited(reader); !packed.isAtEnd; ) list.push(fieldValue(field, packed, depth))
  } else {
    if (field.partOf !== null) {
      const before = ofOneof.get(field.partOf)
      if (before !== undefined) values.delete(before)
      ofOneof.set(field.partOf, field)
    }
    values.set(field, fieldValue(field, reader, depth))
  }
}

const lengthDelimited = (reader: ByteReader): ByteReader => reader.within(reader.length(reader.varint()))

function entryOf(field: Field, entry: ByteReader, depth: number): [key: string, value: unknown] {
  const { keyType } = field as Field & { readonly keyType: string }
  let key: unknown
  let value: unknown
  while (!entry.isAtEnd) {
    const { id, wire } = tagOf(entry)
    if (id === 1 && wire === SCALARS[keyType]) key = scalarOf(keyType, entry)
    else if (id === 2 && wire === wireOf(field)) value = fieldValue(field, entry, depth)
    else skip(entry, id, wire, depth)
  }
  return [String(key ?? scalarDefault(keyType)), value ?? (isMessage(field) ? emptyOf(field, entry, depth) : defaultOf(field))]
}

const emptyOf = (field: Field, reader: ByteReader, depth: number): unknown =>
  readMessage(field.resolvedType as Type, reader.over(Buffer.alloc(0)), depth, undefined)

function fieldValue(field: Field, reader: ByteReader, depth: number): unknown {
  if (field.resolvedType === null) return scalarOf(field.type, reader)
  if (!isMessage(field)) return symbolOf(field.resolvedType as Enum, Number(BigInt.asIntN(32, reader.varint())), reader)
  const type = field.resolvedType as Type
  return field.delimited ? readMessage(type, reader, depth, field.id) : readMessage(type, lengthDelimited(reader), depth, undefined)
}

/** A number of which the schema has no name is shown as it is. */
function symbolOf({ valuesById }: Enum, number: number, reader: ByteReader): string | number {
  const name = Object.hasOwn(valuesById, number) ? valuesById[number]! : undefined
  reader.spend(name?.length ?? 0)
  return name === undefined ? number : trueName(name)
}

function scalarOf(type: string, reader: ByteReader): unknown {
  reader.spend(0)
  switch (type) {
    case 'double':
      return doubleValue(reader.take(8).readDoubleLE())
    case 'float':
      return floatValue(reader.take(4).readFloatLE())
    case 'int32':
      return Number(BigInt.asIntN(32, reader.varint()))
    case 'uint32':
      return Number(BigInt.asUintN(32, reader.varint()))
    case 'sint32':
    case 'sint64':
      return exactNumber(reader.zigzag())
    case 'fixed32':
      return reader.take(4).readUInt32LE()
    case 'sfixed32':
      return reader.take(4).readInt32LE()
    case 'int64':
      return exactNumber(BigInt.asIntN(64, reader.varint()))
    case 'uint64':
      return exactNumber(reader.varint())
    case 'fixed64':
      return exactNumber(reader.take(8).readBigUInt64LE())
    case 'sfixed64':
      return exactNumber(reader.take(8).readBigInt64LE())
    case 'bool':
      return reader.varint() !== 0n
    case 'string':
      return reader.text(reader.length(reader.varint()))
    case 'bytes':
      return reader.take(reader.length(reader.varint())).toString('base64')
    default:
      throw new Undecodable(`its schema has a type '${type}'`)
  }
}

const scalarDefault = (type: string): unknown => (type === 'string' || type === 'bytes' ? '' : type === 'bool' ? false : 0)

function defaultOf(field: Field): unknown {
  if (field.resolvedType === null) return scalarDefault(field.type)
  const type = field.resolvedType as Enum
  const known = firstSymbols.get(type)
  if (known !== undefined) return known
  const [name] = Object.keys(type.values)
  const first = name === undefined ? 0 : trueName(name)
  firstSymbols.set(type, first)
  return first
}

/** Of enums that have thousands of symbols, for messages that leave millions of them out. */
const firstSymbols = new WeakMap<Enum, string | number>()

const tracksPresence = (field: Field): boolean => field.hasPresence || (isMessage(field) && !field.repeated && !field.map)

function objectOf(type: Type, values: ReadonlyMap<Field, unknown>, reader: ByteReader): object {
  const shown: Record<string, unknown> = Object.create(null)
  for (const field of type.fieldsArray) {
    const isSent = values.has(field)
    if (!isSent && tracksPresence(field)) continue
    const name = trueName(field.name)
    reader.spendName(name)
    shown[name] = isSent ? values.get(field) : field.map ? {} : field.repeated ? [] : defaultOf(field)
  }
  return shown
}

function skip(reader: ByteReader, id: number, wire: number, depth: number): void {
  if (wire === VARINT) reader.varint()
  else if (wire === FIXED_64) reader.take(8)
  else if (wire === FIXED_32) reader.take(4)
  else if (wire === LENGTH) reader.take(reader.length(reader.varint()))
  else if (wire === GROUP) skipGroup(reader, id, reader.deeper(depth))
  else throw new Undecodable(`it has a field of wire type ${wire}`)
}

function skipGroup(reader: ByteReader, group: number, depth: number): void {
  for (;;) {
    const { id, wire } = tagOf(reader)
    if (wire === GROUP_END && id === group) return
    skip(reader, id, wire, depth)
  }
}
