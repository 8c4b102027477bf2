/**
 * Avro's binary encoding as JSON. The types are those of `avsc`; its own decoder is not used: it rounds a `long`, and
 * it takes a count for true, so that ten bytes become an array of two billion nulls.
 */
import type { Type, types } from 'avsc'
import type { ByteReader } from '../byte-reader.ts'
import { Undecodable } from '../problem.ts'
import { dateText, decimalText, doubleValue, exactNumber, floatValue, instantText, signedInteger, timeOfDayText } from '../values.ts'
import type { Logical } from './schema.ts'

/** All of `reader`. Throws `Undecodable`. */
export function readAvro(type: Type, reader: ByteReader): unknown {
  const value = read(type, reader, 0)
  if (!reader.isAtEnd) throw new Undecodable(`${reader.left} bytes are left over at its end`)
  return value
}

function read(type: Type, reader: ByteReader, depth: number): unknown {
  reader.spend(0)
  switch (type.typeName) {
    case 'null':
      return null
    case 'boolean':
      return reader.byte() !== 0
    case 'int':
    case 'long':
      return exactNumber(reader.zigzag())
    case 'float':
      return floatValue(reader.take(4).readFloatLE())
    case 'double':
      return doubleValue(reader.take(8).readDoubleLE())
    case 'bytes':
      return bytesOf(reader).toString('base64')
    case 'string':
      return reader.text(reader.length(reader.zigzag()))
    case 'fixed':
      return reader.take((type as types.FixedType).size).toString('base64')
    case 'enum':
      return symbolOf((type as types.EnumType).symbols, reader)
    case 'array':
      return arrayOf((type as types.ArrayType).itemsType, reader, reader.deeper(depth))
    case 'map':
      return mapOf((type as types.MapType).valuesType as Type, reader, reader.deeper(depth))
    case 'record':
    case 'error':
      return recordOf(type as types.RecordType, reader, reader.deeper(depth))
    case 'union:wrapped':
    case 'union:unwrapped':
      return branchOf((type as types.WrappedUnionType).types, reader, depth)
    default:
      if (type.typeName?.startsWith('logical:')) return logicalOf(type as Logical, reader, depth)
      throw new Undecodable(`its schema has a type '${String(type.typeName)}'`)
  }
}

const bytesOf = (reader: ByteReader): Buffer => reader.take(reader.length(reader.zigzag()))

function symbolOf(symbols: readonly string[], reader: ByteReader): string {
  const index = Number(reader.zigzag())
  const symbol = symbols[index]
  if (symbol === undefined) throw new Undecodable(`it has symbol ${index} of an enum of ${symbols.length}`)
  reader.spend(symbol.length)
  return symbol
}

/** Blocks: a count, then as many; a negative count is followed by the length of the block. The count 0 ends. */
function* itemsOf(reader: ByteReader): Generator<void> {
  for (;;) {
    let count = reader.zigzag()
    if (count === 0n) return
    if (count < 0n) {
      count = -count
      reader.zigzag()
    }
    for (let i = 0n; i < count; i++) yield
  }
}

function arrayOf(type: Type, reader: ByteReader, depth: number): unknown[] {
  const values: unknown[] = []
  for (const _ of itemsOf(reader)) values.push(read(type, reader, depth))
  return values
}

function mapOf(type: Type, reader: ByteReader, depth: number): object {
  const values: Record<string, unknown> = Object.create(null)
  for (const _ of itemsOf(reader)) {
    const key = reader.text(reader.length(reader.zigzag()))
    reader.spendName(key)
    values[key] = read(type, reader, depth)
  }
  return values
}

function recordOf({ fields }: types.RecordType, reader: ByteReader, depth: number): object {
  const values: Record<string, unknown> = Object.create(null)
  for (const { name, type } of fields) {
    reader.spendName(name)
    values[name] = read(type, reader, depth)
  }
  return values
}

/** Bare where the value can only be of one type or null; else with the name of its type, as in Avro's own JSON. */
function branchOf(branches: readonly Type[], reader: ByteReader, depth: number): unknown {
  const index = Number(reader.zigzag())
  const branch = branches[index]
  if (branch === undefined) throw new Undecodable(`it has branch ${index} of a union of ${branches.length}`)
  if (branch.typeName === 'null' || !isOfSeveralTypes(branches)) return read(branch, reader, depth)
  const value = read(branch, reader, reader.deeper(depth))
  const name = branch.branchName ?? branch.typeName
  reader.spendName(name)
  return Object.assign(Object.create(null), { [name]: value })
}

/** Null is not counted. Of a union of thousands only the first are looked at: this runs for each of its values. */
function isOfSeveralTypes(branches: readonly Type[]): boolean {
  let count = 0
  for (const { typeName } of branches) {
    if (typeName !== 'null' && ++count > 1) return true
  }
  return false
}

/** What is out of the range of its logical type is shown as what it is stored as. */
function logicalOf(type: Logical, reader: ByteReader, depth: number): unknown {
  const { underlyingType: stored, scale } = type
  const name = type.typeName.slice('logical:'.length)
  if (stored.typeName === 'int' || stored.typeName === 'long') {
    const value = reader.zigzag()
    return integerText(name, value) ?? exactNumber(value)
  }
  if (stored.typeName !== 'bytes' && stored.typeName !== 'fixed') return read(stored, reader, depth)
  const bytes = stored.typeName === 'bytes' ? bytesOf(reader) : reader.take((stored as types.FixedType).size)
  if (name === 'decimal' && bytes.length <= DECIMAL_BYTES_MAX) {
    reader.spend(scale)
    return decimalText(signedInteger(bytes), scale)
  }
  if (name === 'uuid' && bytes.length === 16) return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
  if (name === 'duration' && bytes.length === 12) {
    return { months: bytes.readUInt32LE(0), days: bytes.readUInt32LE(4), milliseconds: bytes.readUInt32LE(8) }
  }
  return bytes.toString('base64')
}

/** The digits of a long integer take a time that grows with its square. */
const DECIMAL_BYTES_MAX = 1_024

function integerText(logicalType: string, value: bigint): string | undefined {
  switch (logicalType) {
    case 'date':
      return dateText(value)
    case 'time-millis':
      return timeOfDayText(value, 3)
    case 'time-micros':
      return timeOfDayText(value, 6)
    case 'timestamp-millis':
      return instantText(value, 3, 'Z')
    case 'timestamp-micros':
      return instantText(value, 6, 'Z')
    case 'timestamp-nanos':
      return instantText(value, 9, 'Z')
    case 'local-timestamp-millis':
      return instantText(value, 3, '')
    case 'local-timestamp-micros':
      return instantText(value, 6, '')
    case 'local-timestamp-nanos':
      return instantText(value, 9, '')
    default:
      return undefined
  }
}
