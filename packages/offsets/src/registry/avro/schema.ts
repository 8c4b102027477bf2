/**
 * An Avro schema as the types of `avsc`, which knows its names and namespaces. What a reader of records does not need
 * is left out before: `avsc` checks defaults more strictly than the Java programs that registered them.
 */
import type { Type } from 'avsc'
import { oneLine } from '../http.ts'
import { shapeOf } from '../json-text.ts'
import type { SchemaText } from '../lookup.ts'
import { Undecodable } from '../problem.ts'

type Avsc = typeof import('avsc')

const NESTING_MAX = 200
const ATTRIBUTES = ['name', 'namespace', 'items', 'values', 'symbols', 'size', 'logicalType', 'precision', 'scale']
/** Those that are shown as something else than what they are stored as. */
const LOGICAL = [
  'date',
  'decimal',
  'duration',
  'local-timestamp-micros',
  'local-timestamp-millis',
  'local-timestamp-nanos',
  'time-micros',
  'time-millis',
  'timestamp-micros',
  'timestamp-millis',
  'timestamp-nanos',
  'uuid',
]

/** A logical type, with the attributes of its schema. */
export interface Logical extends Type {
  readonly underlyingType: Type
  readonly scale: number
}

/** Throws `Undecodable`. */
export async function avroType({ text, references }: SchemaText): Promise<Type> {
  // Loaded with the first schema: programs without one do not pay for it.
  const { default: avsc } = await import('avsc')
  const logical = logicalTypes(avsc)
  const registry: Record<string, Type> = Object.create(null)
  const typeOf = (schema: string): Type => {
    const wanted = needed(parsed(schema)) as AvroSchema
    return avsc.Type.forSchema(wanted, { registry, logicalTypes: logical, wrapUnions: 'always', omitRecordMethods: true })
  }
  try {
    for (const reference of references) typeOf(reference.text)
    return typeOf(text)
  } catch (error) {
    // The library throws plain errors for whatever it finds wrong in a schema.
    if (!(error instanceof Error)) throw error
    throw error instanceof Undecodable ? error : new Undecodable(`it is not a valid Avro schema: ${oneLine(error.message)}`)
  }
}

type AvroSchema = Parameters<Avsc['Type']['forSchema']>[0]

function logicalTypes({
  types,
}: Avsc): Record<string, new (schema: AvroSchema, options?: unknown) => InstanceType<Avsc['types']['LogicalType']>> {
  class Kept extends types.LogicalType {
    readonly scale: number

    constructor(schema: AvroSchema, options?: unknown) {
      super(schema, options)
      const { scale = 0 } = schema as unknown as { scale?: unknown }
      // Without a valid scale the logical type is to be ignored: what is thrown here is caught by the library.
      if (!Number.isInteger(scale) || (scale as number) < 0 || (scale as number) > SCALE_MAX) throw new Error('invalid scale')
      this.scale = scale as number
    }
  }
  return Object.fromEntries(LOGICAL.map((name) => [name, Kept]))
}

const SCALE_MAX = 1_000

function parsed(text: string): unknown {
  if (shapeOf(text).deepest > NESTING_MAX) throw new Undecodable(`its schema nests more than ${NESTING_MAX} deep`)
  try {
    return JSON.parse(text)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error // what JSON.parse throws for text that is not JSON
    throw new Undecodable('it is not a valid Avro schema: it is not JSON')
  }
}

type Json = Readonly<Record<string, unknown>>
const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)

/** Without defaults, aliases and documentation. */
function needed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(needed)
  if (!isObject(schema)) return schema
  // {"type": {"type": "string"}}: Java takes it.
  if (typeof schema.type === 'object') return needed(schema.type)
  const kept: Record<string, unknown> = { type: schema.type }
  for (const name of ATTRIBUTES) if (Object.hasOwn(schema, name)) kept[name] = schema[name]
  if (kept.items !== undefined) kept.items = needed(kept.items)
  if (kept.values !== undefined) kept.values = needed(kept.values)
  if (Array.isArray(schema.fields)) {
    kept.fields = schema.fields.map((field) => (isObject(field) ? { name: field.name, type: needed(field.type) } : field))
  }
  return kept
}
