/** Against records that other libraries wrote: `avsc`, `protobufjs`, and the registry client for kafkajs. */
import { SchemaRegistry as ForeignRegistry } from '@kafkajs/confluent-schema-registry'
import avsc from 'avsc'
import protobuf from 'protobufjs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startRegistry, type TestRegistry, type TestSchema, withId } from '../testing/registry.ts'
import { createSchemaRegistry, type DecodedPart, type SchemaRegistry } from './schema-registry.ts'

let server: TestRegistry
let registry: SchemaRegistry

beforeAll(async () => {
  server = await startRegistry()
  registry = createSchemaRegistry({ url: server.url })
})
afterAll(() => server.close())

const record = (value: Uint8Array | null, headers: { key: string; value: Buffer | null }[] = [], key: Uint8Array | null = null) => ({
  key,
  value,
  headers,
})

async function decoded(value: Uint8Array, headers: { key: string; value: Buffer | null }[] = []): Promise<DecodedPart> {
  const { value: found } = await registry.decode(record(value, headers))
  // What is shown goes through JSON.
  return JSON.parse(JSON.stringify(found))
}

async function dataOf(value: Uint8Array): Promise<unknown> {
  const found = await decoded(value)
  if (found.kind === 'undecoded') throw new Error(found.problem)
  return found.data
}

const foreign = async (schema: TestSchema, payload: unknown): Promise<Buffer> => {
  const client = new ForeignRegistry({ host: server.url })
  return client.encode(server.add(schema), payload)
}

describe('what names no schema is left alone', () => {
  it.each([null, Buffer.from('text'), Buffer.alloc(0), Buffer.from([0, 0, 0, 1]), Buffer.from([1, 0, 0, 0, 1, 2])])('%o', async (bytes) => {
    expect(await registry.decode(record(bytes, [{ key: '__value_schema_id', value: Buffer.from('x') }], bytes))).toEqual({})
  })
})

const avro = (type: unknown): TestSchema => ({ schema: JSON.stringify(type) })
const fields = (types: Record<string, unknown>, name = 'R') => ({
  type: 'record',
  name,
  namespace: 'n',
  fields: Object.entries(types).map(([it, type]) => ({ name: it, type })),
})

describe('Avro', () => {
  it('of the registry client for kafkajs', async () => {
    const schema = avro({ ...fields({ id: 'long', name: ['null', 'string'], tags: { type: 'array', items: 'string' } }), doc: 'x' })
    const bytes = await foreign(schema, { id: 7, name: 'ä', tags: ['a', 'b'] })
    expect(await decoded(bytes)).toEqual({
      kind: 'decoded',
      schemaId: bytes.readInt32BE(1),
      schemaType: 'AVRO',
      name: 'n.R',
      data: { id: 7, name: 'ä', tags: ['a', 'b'] },
    })
  })

  it.each<[string, unknown, unknown, unknown]>([
    ['null', 'null', null, null],
    ['boolean', 'boolean', true, true],
    ['int', 'int', -2_147_483_648, -2_147_483_648],
    ['long', 'long', 9_007_199_254_740_990, 9_007_199_254_740_990],
    ['float', 'float', Math.fround(0.1), 0.1],
    ['double', 'double', 0.1, 0.1],
    ['not a number', 'double', Number.NaN, 'NaN'],
    ['infinity', 'float', Number.NEGATIVE_INFINITY, '-Infinity'],
    ['bytes', 'bytes', Buffer.from([0, 255]), 'AP8='],
    ['string', 'string', '日本', '日本'],
    ['fixed', { type: 'fixed', name: 'F', size: 2 }, Buffer.from([1, 2]), 'AQI='],
    ['enum', { type: 'enum', name: 'E', symbols: ['A', 'B'] }, 'B', 'B'],
    ['map', { type: 'map', values: 'int' }, { a: 1, __proto: 2 }, { a: 1, __proto: 2 }],
    ['a union with null', ['null', 'string'], 'x', 'x'],
    ['a union with null, which it is', ['null', 'string'], null, null],
    ['a union of more', ['null', 'string', 'int'], 7, { int: 7 }],
    ['date', { type: 'int', logicalType: 'date' }, 20_779, '2026-11-22'],
    ['a date before 1970', { type: 'int', logicalType: 'date' }, -1, '1969-12-31'],
    ['time-millis', { type: 'int', logicalType: 'time-millis' }, 50_400_250, '14:00:00.250'],
    ['time-micros', { type: 'long', logicalType: 'time-micros' }, 1, '00:00:00.000001'],
    ['timestamp-millis', { type: 'long', logicalType: 'timestamp-millis' }, 1_795_356_000_250, '2026-11-22T14:00:00.250Z'],
    ['timestamp-micros', { type: 'long', logicalType: 'timestamp-micros' }, -1, '1969-12-31T23:59:59.999999Z'],
    ['local-timestamp-millis', { type: 'long', logicalType: 'local-timestamp-millis' }, 0, '1970-01-01T00:00:00.000'],
    ['a time out of every calendar', { type: 'long', logicalType: 'timestamp-millis' }, 9_007_199_254_740_990, 9_007_199_254_740_990],
    ['decimal', { type: 'bytes', logicalType: 'decimal', precision: 4, scale: 2 }, Buffer.from([0xfb, 0x2e]), '-12.34'],
    ['decimal of nothing', { type: 'bytes', logicalType: 'decimal', precision: 4, scale: 2 }, Buffer.alloc(0), '0.00'],
    ['decimal in fixed', { type: 'fixed', name: 'D', size: 2, logicalType: 'decimal', precision: 4 }, Buffer.from([0, 5]), '5'],
    ['a decimal without a valid scale', { type: 'bytes', logicalType: 'decimal', scale: -1 }, Buffer.from([5]), 'BQ=='],
    ['uuid', { type: 'string', logicalType: 'uuid' }, 'abc', 'abc'],
    [
      'uuid in fixed',
      { type: 'fixed', name: 'U', size: 16, logicalType: 'uuid' },
      Buffer.from('8979176223364186967429 9b90a802e2'.replace(' ', ''), 'hex'),
      '89791762-2336-4186-9674-299b90a802e2',
    ],
    [
      'duration',
      { type: 'fixed', name: 'L', size: 12, logicalType: 'duration' },
      Buffer.from([1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0]),
      { months: 1, days: 2, milliseconds: 3 },
    ],
    ['an unknown logical type', { type: 'int', logicalType: 'phase-of-moon' }, 3, 3],
  ])('%s', async (_, schema, value, shown) => {
    const id = server.add(avro(schema))
    const type = avsc.Type.forSchema(schema as avsc.Schema, { wrapUnions: 'never' })
    expect(await dataOf(withId(id, type.toBuffer(value)))).toEqual(shown)
  })

  it('keeps a long that a number cannot hold', async () => {
    const id = server.add(avro('long'))
    const most = [...Buffer.alloc(9, 0xff), 1]
    expect(await dataOf(withId(id, [0xfe, ...most.slice(1)]))).toBe('9223372036854775807')
    expect(await dataOf(withId(id, most))).toBe('-9223372036854775808')
  })

  it('reads a type that contains itself, and blocks with their length', async () => {
    const schema = fields({ next: ['null', 'n.R'], of: { type: 'array', items: 'int' } })
    const id = server.add(avro(schema))
    const inner = [0, 0]
    expect(await dataOf(withId(id, [2, ...inner, 3, 4, 2, 4, 0]))).toEqual({ next: { next: null, of: [] }, of: [1, 2] })
  })

  it('takes a schema that Java takes', async () => {
    const schema = {
      ...fields({ a: { type: { type: 'string', 'avro.java.string': 'String' } } }),
      aliases: ['no such-name'],
      fields: [{ name: 'a', type: { type: 'string', 'avro.java.string': 'String' }, default: null, aliases: ['1'] }],
    }
    expect(await dataOf(withId(server.add(avro(schema)), [2, 0x61]))).toEqual({ a: 'a' })
  })

  it('finds types that are defined elsewhere', async () => {
    server.add({ subject: 'money', ...avro(fields({ units: 'long' }, 'Money')) })
    server.add({
      subject: 'item',
      ...avro(fields({ price: 'n.Money' }, 'Item')),
      references: [{ name: 'n.Money', subject: 'money', version: 1 }],
    })
    const references = [
      { name: 'n.Item', subject: 'item', version: 1 },
      { name: 'n.Money', subject: 'money', version: 1 },
    ]
    const id = server.add({ ...avro(fields({ item: 'Item', total: 'n.Money' }, 'Order')), references })
    expect(await dataOf(withId(id, [2, 4]))).toEqual({ item: { price: { units: 1 } }, total: { units: 2 } })
  })
})

const PROTO = `syntax = "proto3";
package shop.v1;
import "google/protobuf/timestamp.proto";
import "google/protobuf/duration.proto";
import "google/protobuf/struct.proto";
import "google/protobuf/wrappers.proto";
import "google/protobuf/any.proto";
import "google/protobuf/field_mask.proto";
import "google/protobuf/descriptor.proto";
import "confluent/meta.proto";
import "confluent/type/decimal.proto";
extend google.protobuf.FieldOptions { string pii = 50001; }
enum State { UNKNOWN = 0; OPEN = 1; }
message Unused { message Inner { string text = 1; } message Second { bool yes = 1; } }
message Order {
  int64 order_id = 1 [(pii) = "no"];
  uint64 unsigned = 2;
  sint32 zig = 3;
  fixed64 fixed = 4;
  float ratio = 5;
  bool open = 6;
  string name = 7;
  bytes raw = 8;
  State state = 9;
  repeated int32 counts = 10;
  repeated string tags = 11;
  map<string, Line> lines = 12;
  map<int32, State> states = 13;
  oneof payment { string card = 14; Line cash = 15; }
  optional int32 maybe = 16;
  google.protobuf.Timestamp at = 17;
  google.protobuf.Duration took = 18;
  google.protobuf.Struct extra = 19;
  google.protobuf.StringValue note = 20;
  google.protobuf.Any any = 21;
  google.protobuf.FieldMask mask = 22;
  confluent.type.Decimal total = 23;
  message Line { string sku = 1; Order parent = 2; }
}`

const { Long } = protobuf.util as unknown as { Long: { fromString(text: string, isUnsigned?: boolean): number } }

const EMPTY_ORDER = {
  order_id: 0,
  unsigned: 0,
  zig: 0,
  fixed: 0,
  ratio: 0,
  open: false,
  name: '',
  raw: '',
  state: 'UNKNOWN',
  counts: [],
  tags: [],
  lines: {},
  states: {},
}

/** `protobufjs` as the writer: of the same file without Confluent's, which it does not know. */
function writer(): protobuf.Type {
  const root = new protobuf.Root()
  const text = PROTO.replaceAll(/^import "(confluent|google\/protobuf\/descriptor).*$|^extend.*$|\[\(pii\).*?\]/gm, '').replace(
    'confluent.type.Decimal',
    'Decimal',
  )
  for (const name of protobuf.parse(text, root, { keepCase: true }).imports ?? []) root.addJSON(protobuf.common.get(name)!.nested!)
  protobuf.parse('syntax = "proto3"; package shop.v1; message Decimal { bytes value = 1; uint32 precision = 2; int32 scale = 3; }', root)
  return root.lookupType('shop.v1.Order')
}

describe('Protobuf', () => {
  it('of the registry client for kafkajs', async () => {
    const schema = 'syntax = "proto3"; package p; message A { string a = 1; } message B { string b = 1; }'
    const bytes = await foreign({ schemaType: 'PROTOBUF', schema }, { a: 'x' })
    expect(await decoded(bytes)).toMatchObject({ kind: 'decoded', schemaType: 'PROTOBUF', name: 'p.A', data: { a: 'x' } })
  })

  it('shows every kind of field', async () => {
    const id = server.add({ schemaType: 'PROTOBUF', schema: PROTO })
    const type = writer()
    const value = {
      order_id: Long.fromString('-9223372036854775808'),
      unsigned: Long.fromString('18446744073709551615', true),
      zig: -5,
      fixed: 7,
      ratio: 0.1,
      open: true,
      name: 'ä',
      raw: Buffer.from([255]),
      state: 1,
      counts: [1, -1, 300],
      tags: ['a', ''],
      lines: { __proto__x: { sku: 's' }, b: {} },
      states: { 7: 1 },
      cash: { sku: 'c', parent: { name: 'p' } },
      maybe: 0,
      at: { seconds: 1_795_356_000, nanos: 250_000_000 },
      took: { seconds: -1, nanos: -500_000_000 },
      extra: { fields: { a: { numberValue: 1.5 }, n: { nullValue: 0 }, l: { listValue: { values: [{ boolValue: true }] } } } },
      note: { value: 'n' },
      any: { type_url: 'type.googleapis.com/shop.v1.Order.Line', value: Buffer.from([0x0a, 1, 0x61]) },
      mask: { paths: ['a', 'b.c'] },
      total: { value: Buffer.from([0xfb, 0x2e]), precision: 4, scale: 2 },
    }
    const bytes = Buffer.from(type.encode(type.create(value)).finish())
    expect(await dataOf(withId(id, [2, 2], bytes))).toEqual({
      ...value,
      order_id: '-9223372036854775808',
      unsigned: '18446744073709551615',
      raw: '/w==',
      state: 'OPEN',
      lines: { __proto__x: { sku: 's' }, b: { sku: '' } },
      states: { 7: 'OPEN' },
      cash: { sku: 'c', parent: { ...EMPTY_ORDER, name: 'p' } },
      at: '2026-11-22T14:00:00.250Z',
      took: '-1.500s',
      extra: { a: 1.5, n: null, l: [true] },
      note: 'n',
      any: { '@type': 'type.googleapis.com/shop.v1.Order.Line', sku: 'a' },
      mask: 'a,b.c',
      total: '-12.34',
    })
  })

  it('shows what is called __proto__: a field, a message before others, a symbol', async () => {
    const schema = `syntax = "proto3"; package p; // of __proto__
      message __proto__ { string __proto__ = 1; __proto__ inner = 2; Kind kind = 3; string other = 4 [json_name = "__proto__"]; }
      enum Kind { A = 0; }
      message After { .p.__proto__ __proto__ = 1; }`
    const id = server.add({ schemaType: 'PROTOBUF', schema })
    const text = async (...parts: Parameters<typeof withId>) => JSON.stringify(await decoded(withId(...parts)))
    expect(await text(id, [2, 0], [0x0a, 1, 0x61, 0x12, 3, 0x0a, 1, 0x62])).toContain(
      '"name":"p.__proto__","data":{"__proto__":"a","inner":{"__proto__":"b","kind":"A","other":""},"kind":"A","other":""}',
    )
    expect(await text(id, [2, 2], [0x0a, 3, 0x0a, 1, 0x63])).toContain('"name":"p.After","data":{"__proto__":{"__proto__":"c",')
    const symbols = 'syntax = "proto3"; message M { K a = 1; K b = 2; } enum K { __proto__ = 0; B = 1; }'
    const ofSymbols = server.add({ schemaType: 'PROTOBUF', schema: symbols })
    expect(await text(ofSymbols, [0], [0x08, 0, 0x10, 1])).toContain('"data":{"a":"__proto__","b":"B"}')
  })

  it('takes messages by their indexes', async () => {
    const id = server.add({ schemaType: 'PROTOBUF', schema: PROTO })
    expect(await decoded(withId(id, [4, 0, 2], [0x08, 1]))).toMatchObject({ name: 'shop.v1.Unused.Second', data: { yes: true } })
    expect(await decoded(withId(id, [0]))).toMatchObject({ name: 'shop.v1.Unused', data: {} })
    expect(await decoded(withId(id, [2, 40]))).toMatchObject({ problem: expect.stringContaining('its schema has no message 20') })
    expect(await decoded(withId(id, [4, 0, 40]))).toMatchObject({ problem: expect.stringContaining('no message 0.20') })
  })

  it('shows what was not sent, numbers without a name, and leaves out what it does not know', async () => {
    const id = server.add({ schemaType: 'PROTOBUF', schema: PROTO })
    expect(await dataOf(withId(id, [2, 2]))).toEqual(EMPTY_ORDER)
    expect(await dataOf(withId(id, [2, 2], [0x48, 9], [0xf8, 0x3f, 1]))).toEqual({ ...EMPTY_ORDER, state: 9 })
    // A oneof's last, a list that is not packed, a field of another wire type.
    expect(await dataOf(withId(id, [2, 2], [0x7a, 0, 0x72, 1, 0x61], [0x50, 1, 0x50, 2], [0x3d, 0, 0, 0, 0]))).toEqual({
      ...EMPTY_ORDER,
      card: 'a',
      counts: [1, 2],
    })
  })

  it('reads proto2: groups, and fields that track their presence', async () => {
    const schema =
      'syntax = "proto2"; message M { required int32 a = 1; optional int32 b = 2; repeated group G = 3 { optional int32 c = 4; } }'
    const id = server.add({ schemaType: 'PROTOBUF', schema })
    const data = await dataOf(withId(id, [0], [0x08, 1], [0x1b, 0x20, 5, 0x1c], [0x2b, 0x08, 1, 0x2c]))
    expect(Object.values(data as object)).toEqual([1, [{ c: 5 }]])
  })

  it('follows imports, also in a circle, and counts the messages of its own file alone', async () => {
    const file = (imports: string, body: string) => `syntax = "proto3"; package same; import "${imports}"; ${body}`
    server.add({
      subject: 'b',
      schemaType: 'PROTOBUF',
      schema: file('a.proto', 'message B { string b = 1; }'),
      references: [{ name: 'a.proto', subject: 'a', version: 1 }],
    })
    server.add({
      subject: 'a',
      schemaType: 'PROTOBUF',
      schema: file('b.proto', 'message A { B b = 1; }'),
      references: [{ name: 'b.proto', subject: 'b', version: 1 }],
    })
    const id = server.add({
      schemaType: 'PROTOBUF',
      schema: file('a.proto', 'message C { A a = 1; }'),
      references: [{ name: 'a.proto', subject: 'a', version: 1 }],
    })
    expect(await decoded(withId(id, [0], [0x0a, 5, 0x0a, 3, 0x0a, 1, 0x78]))).toMatchObject({
      name: 'same.C',
      data: { a: { b: { b: 'x' } } },
    })
  })
})

describe('JSON Schema', () => {
  it('of the registry client for kafkajs', async () => {
    const bytes = await foreign({ schemaType: 'JSON', schema: '{"type":"object"}' }, { a: [1] })
    expect(await decoded(bytes)).toMatchObject({ kind: 'decoded', schemaType: 'JSON', name: null, data: { a: [1] } })
  })

  it('keeps an integer that a number cannot hold', async () => {
    const id = server.add({ schemaType: 'JSON', schema: '{}' })
    expect(await dataOf(withId(id, Buffer.from('{"a":12345678901234567890,"b":1e3,"c":"]"}')))).toEqual({
      a: '12345678901234567890',
      b: 1000,
      c: ']',
    })
    expect(await decoded(withId(id, Buffer.from('{')))).toMatchObject({ problem: `the value does not follow schema ${id}: it is not JSON` })
  })
})

it('takes ids and GUIDs from headers, where the whole value is data', async () => {
  const guid = '89791762-2336-4186-9674-299b90a802e2'
  const id = server.add({ ...avro('string'), guid })
  const named = { key: '__value_schema_id', value: Buffer.from(`01${guid.replaceAll('-', '')}`, 'hex') }
  expect(await decoded(Buffer.from([2, 0x61]), [named])).toMatchObject({ schemaId: guid, data: 'a' })
  expect(await decoded(Buffer.from([2, 0x61]), [{ ...named, value: withId(id) }])).toMatchObject({ schemaId: id, data: 'a' })
  const proto = server.add({ schemaType: 'PROTOBUF', schema: PROTO })
  const indexed = { ...named, value: withId(proto, [4, 0, 2]) }
  expect(await decoded(Buffer.from([0x08, 1]), [indexed])).toMatchObject({ name: 'shop.v1.Unused.Second', data: { yes: true } })
})

it('decodes keys as well as values, and asks once for a schema', async () => {
  const id = server.add(avro('string'))
  const before = server.requests.length
  const both = record(withId(id, [2, 0x62]), [], withId(id, [2, 0x61]))
  const found = await Promise.all([registry.decode(both), registry.decode(both), registry.decode(both)])
  expect(found[0]).toMatchObject({ key: { data: 'a' }, value: { data: 'b' } })
  expect(server.requests.slice(before)).toEqual([{ path: `/schemas/ids/${id}`, authorization: undefined }])
})
