/** Registries, schemas and records that are wrong or mean harm: each is told in a line, in bounded time and memory. */
import { nodeClock } from '@tidemark/platform'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { startRegistry, type TestRegistry, withId } from '../testing/registry.ts'
import { createSchemaRegistry, registryOf, type SchemaRegistry } from './schema-registry.ts'

let server: TestRegistry
let nowMs = 0
const clock = { ...nodeClock, now: () => nodeClock.now(), monotonic: () => nowMs }

beforeAll(async () => {
  server = await startRegistry()
})
afterEach(() => {
  server.answer = undefined
})
afterAll(() => server.close())

const fresh = (options = {}): SchemaRegistry => registryOf({ url: server.url, ...options }, clock)

async function problemOf(value: Buffer, registry = fresh()): Promise<string> {
  const { value: found } = await registry.decode({ key: null, value, headers: [] })
  return found?.kind === 'undecoded' ? found.problem : `decoded: ${JSON.stringify(found)?.slice(0, 200)}`
}

const many = (text: (i: number) => string, count = 2_001): string => Array.from({ length: count }, (_, i) => text(i + 1)).join('')

const add = (schema: string, schemaType = 'AVRO'): number => server.add({ schema, schemaType })

describe('a registry that', () => {
  it('does not know the id', async () => {
    expect(await problemOf(withId(9_999))).toBe(
      `schema 9999 cannot be read: the schema registry ${server.url} answers 404: Schema 9999 not found`,
    )
    expect(await problemOf(withId(-1))).toMatch(/^schema -1 cannot be read: .* 404/)
  })

  it.each<[string, number, string | Buffer, RegExp]>([
    ['answers garbage', 200, '\u0000<html>', /something other than a JSON object/],
    ['answers a list', 200, '[]', /something other than a JSON object/],
    ['answers without a schema', 200, '{"schema":7}', /has no schema/],
    ['answers with references that are not a list', 200, '{"schema":"x","references":{}}', /references that are not a list/],
    ['answers with a reference that lacks its subject', 200, '{"schema":"x","references":[{"name":"a"}]}', /a reference without/],
    ['answers with another type', 200, '{"schema":"x","schemaType":"X\\nY"}', /its type is X Y, and not AVRO, PROTOBUF or JSON/],
    ['answers 10 MB', 200, Buffer.alloc(10 * 1024 * 1024, ' '), /more than 1048576 bytes/],
    ['refuses', 401, '{"message":"no"}', /refuses access \(401\); check the user name and password, or the token/],
    ['forbids', 403, '', /refuses access \(403\)/],
    ['fails', 500, 'x'.repeat(9_999), /answers 500$/],
    ['is busy', 429, '', /answers 429/],
  ])('%s', async (_, status, body, problem) => {
    server.answer = (_request, response) => response.writeHead(status).end(body)
    expect(await problemOf(withId(1))).toMatch(problem)
  })

  it('redirects is not followed', async () => {
    server.answer = (_request, response) => response.writeHead(302, { location: `${server.url}/elsewhere` }).end()
    const before = server.requests.length
    expect(await problemOf(withId(1), fresh({ username: 'u', password: 'secret' }))).toMatch(/redirects \(302\), which is not followed/)
    expect(server.requests).toHaveLength(before + 1)
  })

  it('does not answer is given up after the time that it has', async () => {
    server.answer = () => {}
    expect(await problemOf(withId(1), fresh({ timeoutMs: 30 }))).toBe(
      `schema 1 cannot be read: the schema registry ${server.url} did not answer within 30 ms`,
    )
  })

  it('does not answer leaves time for its next address, which is asked first from then on', async () => {
    await using silent = await startRegistry()
    silent.answer = () => {}
    const registry = fresh({ url: `${silent.url},${server.url}`, timeoutMs: 400 })
    expect(await problemOf(withId(add('"string"'), [2, 0x61]), registry)).toMatch(/^decoded: .*"a"/)
    expect(await problemOf(withId(add('"string"'), [2, 0x62]), registry)).toMatch(/^decoded: .*"b"/)
    expect(silent.requests).toHaveLength(1)
  })

  it('closes a connection as the request comes is sent it once more', async () => {
    server.answer = ({ socket }) => {
      socket.destroy()
      server.answer = undefined
    }
    expect(await problemOf(withId(add('"string"'), [2, 0x61]))).toMatch(/^decoded: .*"a"/)
  })

  it('stops in the middle of its answer', async () => {
    server.answer = (_request, response) => {
      response.writeHead(200, { 'content-length': '1000' }).write('{"schema":')
      response.socket!.destroy()
    }
    expect(await problemOf(withId(1))).toMatch(/cannot be reached/)
  })

  it('is not there, until it is: the next is taken, and none is asked for a while', async () => {
    const id = add('"string"')
    expect(await problemOf(withId(id, [2, 0x61]), fresh({ url: `http://127.0.0.1:1,${server.url}` }))).toMatch(/^decoded: .*"a"/)
    const registry = fresh()
    server.answer = (_request, response) => response.writeHead(503).end()
    expect(await problemOf(withId(id, [2, 0x61]), registry)).toMatch(/answers 503/)
    server.answer = undefined
    const before = server.requests.length
    expect(await problemOf(withId(id, [2, 0x61]), registry)).toMatch(/answers 503/)
    expect(server.requests).toHaveLength(before)
    nowMs += 5_000
    expect(await problemOf(withId(id, [2, 0x61]), registry)).toMatch(/^decoded: .*"a"/)
  })

  it('learns a schema later is asked again', async () => {
    const registry = fresh()
    const id = add('"string"') + 1
    expect(await problemOf(withId(id, [2, 0x61]), registry)).toMatch(/404/)
    add('"string"')
    expect(await problemOf(withId(id, [2, 0x61]), registry)).toMatch(/404/)
    nowMs += 10_000
    expect(await problemOf(withId(id, [2, 0x61]), registry)).toMatch(/^decoded/)
  })

  it('is sent what it needs to know who asks, and nothing else', async () => {
    const id = add('"string"')
    const sent = async (options: object): Promise<string | undefined> => {
      await problemOf(withId(id), fresh(options))
      return server.requests.at(-1)!.authorization
    }
    const basic = `Basic ${Buffer.from('me:p@ss').toString('base64')}`
    expect(await sent({ url: server.url.replace('//', '//me:p%40ss@') })).toBe(basic)
    expect(await sent({ username: 'me', password: 'p@ss' })).toBe(basic)
    expect(await sent({ token: 'abc' })).toBe('Bearer abc')
    expect(await sent({})).toBeUndefined()
    expect(await sent({ url: `${server.url}/apis/ccompat/` })).toBeUndefined()
    expect(server.requests.at(-1)!.path).toBe(`/apis/ccompat/schemas/ids/${id}`)
  })
})

describe('a schema that', () => {
  it.each<[string, string, string, RegExp]>([
    ['is not JSON', '{', 'AVRO', /not a valid Avro schema: it is not JSON/],
    ['is null', 'null', 'AVRO', /not a valid Avro schema/],
    [
      'has an unknown type',
      '{"type":"record","name":"R","fields":[{"name":"a","type":"n.Missing"}]}',
      'AVRO',
      /undefined type name: n.Missing/,
    ],
    ['names what every object has', '"toString"', 'AVRO', /not a valid Avro schema/],
    ['is of the type of every object', '{"type":"constructor"}', 'AVRO', /not a valid Avro schema|its schema has a type/],
    ['nests', `${'{"type":"array","items":'.repeat(5_000)}"int"${'}'.repeat(5_000)}`, 'AVRO', /nests more than 200 deep/],
    ['has too many fields', `syntax="proto3"; message A { /*{*/ ${'x;'.repeat(2_001)} }`, 'PROTOBUF', /more than 2000 fields/],
    [
      'has a oneof for each of its fields',
      `syntax="proto3"; message A { ${many((i) => `oneof/**/o${i}{int32 f${i}=${i};}`)} }`,
      'PROTOBUF',
      /2000 fields/,
    ],
    ['has groups for fields', `syntax="proto2"; message A { ${many((i) => `optional group G${i} = ${i} {}`)} }`, 'PROTOBUF', /2000 fields/],
    [
      'is extended again and again',
      `syntax="proto2"; message A { extensions 1 to max; } ${many((i) => `extend A { optional int32 f${i} = ${i}; }`)}`,
      'PROTOBUF',
      /2000 fields/,
    ],
    [
      'looks for what it extends among many messages',
      `syntax="proto2"; package p; message A { extensions 1 to max; } ${many((i) => `message M${i} { extend p.A { optional int32 f = ${i}; } }`, 1_000)}`,
      'PROTOBUF',
      /too many extensions, 1000, for one with 2001/,
    ],
    [
      'reserves all numbers',
      `syntax="proto3"; message A { reserved ${Array.from({ length: 2_001 }, (_, i) => i + 1)}; }`,
      'PROTOBUF',
      /reserves more than 2000/,
    ],
    [
      'has its fields between texts',
      `syntax="proto3"; message A { option (a)="\n"; ${'x;'.repeat(2_001)} option (b)=""; }`,
      'PROTOBUF',
      /2000 fields/,
    ],
    // A text that does not end was looked for again from each of its quotes: a minute for these.
    ['is a text without end', `syntax="proto3"; ${'"\\\\\\'.repeat(100_000)}`, 'PROTOBUF', /not a valid Protobuf schema/],
    ['is another after __proto__', `syntax="proto3"; __proto__ ${'"\\\\\\'.repeat(100_000)}`, 'PROTOBUF', /not a valid Protobuf schema/],
    ['is a comment without end', `syntax="proto3"; ${'/*'.repeat(200_000)}`, 'PROTOBUF', /not a valid Protobuf schema/],
    ['is not Protobuf', 'message {', 'PROTOBUF', /not a valid Protobuf schema/],
    ['nests in Protobuf', `syntax="proto3";${'message A {'.repeat(5_000)}${'}'.repeat(5_000)}`, 'PROTOBUF', /not a valid Protobuf schema/],
    [
      'imports what nobody has',
      'syntax="proto3"; import "x.proto"; message A {}',
      'PROTOBUF',
      /imports 'x.proto', which the schema registry does not name/,
    ],
    ['uses what nobody has', 'syntax="proto3"; message A { Missing a = 1; }', 'PROTOBUF', /Missing/],
    ['sets what every object has', 'syntax="proto3"; option (a).constructor.prototype.polluted = "yes"; message A {}', 'PROTOBUF', /./],
  ])('%s', async (_, schema, type, problem) => {
    expect(await problemOf(withId(add(schema, type), [0, 0]))).toMatch(problem)
    expect(({} as { polluted?: string }).polluted).toBeUndefined()
  })

  // Each name was looked for in all messages, and kept as not found in them: 13 s.
  it('names thousands of messages in part', async () => {
    const messages = many(
      (i) => `message M${i} { b.c.M${1 + ((i * 7) % 4_000)} a = 1; } service S${i} { rpc r(c.M${i}) returns (c.M1); }`,
      4_000,
    )
    const id = add(`syntax="proto3"; package a.b.c; ${messages}`, 'PROTOBUF')
    expect(await problemOf(withId(id, [0, 0x0a, 0]))).toMatch(/^decoded: .*"a\.b\.c\.M1","data":\{"a":\{\}\}/)
  })

  it('refers to itself in a circle, or without end', async () => {
    server.answer = (request, response) => {
      const n = Number(/\d+/.exec(request.url!)![0])
      response.end(JSON.stringify({ schema: '"int"', references: [{ name: 'n', subject: `s${n + 1}`, version: 1 }] }))
    }
    expect(await problemOf(withId(1))).toMatch(/refers to schemas that refer to others, more than 30 deep/)
    const references = Array.from({ length: 200 }, (_, i) => ({ name: `n${i}`, subject: 's', version: i }))
    server.answer = (_request, response) => response.end(JSON.stringify({ schema: '"int"', references }))
    expect(await problemOf(withId(1))).toMatch(/more than 100 schemas|more than 30 deep/)
    const circle = [{ name: 'n', subject: 's', version: 1 }]
    server.answer = (_request, response) => response.end(JSON.stringify({ schema: '"int"', references: circle }))
    expect(await problemOf(withId(1, [2]))).toMatch(/^decoded: .*1/)
  })
})

describe('a record that', () => {
  const record = (fields: object) =>
    JSON.stringify({ type: 'record', name: 'R', fields: Object.entries(fields).map(([name, type]) => ({ name, type })) })

  it.each<[string, string, readonly number[], RegExp]>([
    ['is cut short', '"string"', [20, 0x61], /does not follow schema \d+: it is cut short: 9 bytes are missing at its end/],
    ['is empty', '"long"', [], /it is cut short/],
    ['has bytes left over', '"null"', [1, 2], /2 bytes are left over/],
    ['has a length below zero', '"string"', [1], /a length of -1/],
    ['has a number without end', '"long"', Array(12).fill(0xff), /more than 64 bits/],
    ['has an unknown symbol', '{"type":"enum","name":"E","symbols":["A"]}', [8], /symbol 4 of an enum of 1/],
    ['has an unknown branch', '["null"]', [1], /branch -1 of a union of 1/],
    [
      'is two billion nulls',
      '{"type":"array","items":"null"}',
      [0xfe, 0xff, 0xff, 0xff, 0x0f],
      /become more values than any true record has/,
    ],
    ['is a block of most nulls', '{"type":"array","items":"null"}', [...Array(9).fill(0xff), 1, 0], /become more values/],
    ['is itself without end', record({ r: 'R' }), [], /nest more than 100 deep/],
  ])('%s', async (_, schema, bytes, problem) => {
    expect(await problemOf(withId(add(schema), bytes))).toMatch(problem)
  })

  // These were gigabytes, and more elements than a list may have.
  it.each<[string, string]>([
    ['lists', '{"type":"array","items":"null"}'],
    ['objects', JSON.stringify({ type: 'array', items: JSON.parse(record({})) })],
  ])('is long, and becomes billions of values in %s', async (_, schema) => {
    expect(await problemOf(withId(add(schema), [0xfe, 0xff, 0xff, 0xff, 0x0f], Buffer.alloc(10_000_000)))).toMatch(
      /its 10000010 bytes become more values/,
    )
  })

  it('has many values of a union of many types', async () => {
    const items = Array.from({ length: 5_000 }, (_, i) => JSON.parse(record({}).replace('R', `R${i}`)))
    const id = add(JSON.stringify({ type: 'array', items }))
    expect(await problemOf(withId(id, [0xc0, 0x9a, 0x0c], Buffer.alloc(100_001)))).toMatch(/^decoded: .*"R0"/)
  })

  it('repeats the long names of its fields', async () => {
    const schema = JSON.stringify({ type: 'array', items: JSON.parse(record({ ['a'.repeat(10_000)]: 'null' })) })
    expect(await problemOf(withId(add(schema), [0x80, 0x89, 0x7a, 0]))).toMatch(/become more values/)
  })

  const PROTO = 'syntax="proto3"; message A { A a = 1; repeated A many = 2; string s = 3; fixed32 f = 4; }'
  it.each<[string, readonly number[], RegExp]>([
    ['is cut short', [0, 0x1a, 10, 0x61], /9 bytes are missing/],
    ['is cut in a number', [0, 0x25, 1], /it is cut short/],
    ['is cut in its indexes', [4, 0], /it is cut short/],
    ['ends a group that did not begin', [0, 0x0c], /a field of wire type 4/],
    ['has wire type 7', [0, 0x0f], /a field of wire type 7/],
    ['has an unknown group without end', [0, 0x7b], /it is cut short/],
    ['has unknown groups within each other', [0, ...Array(1_000).fill(0x7b)], /nest more than 100 deep/],
    ['has a length beyond all', [0, 0x1a, ...Array(9).fill(0xff), 1], /bytes are missing/],
  ])('in Protobuf %s', async (_, bytes, problem) => {
    expect(await problemOf(withId(add(PROTO, 'PROTOBUF'), bytes))).toMatch(problem)
  })

  it('in Protobuf nests, or becomes much', async () => {
    let bytes = Buffer.alloc(0)
    for (let i = 0; i < 150; i++)
      bytes = Buffer.from([0x0a, ...(bytes.length < 128 ? [bytes.length] : [(bytes.length & 127) | 128, bytes.length >> 7]), ...bytes])
    expect(await problemOf(withId(add(PROTO, 'PROTOBUF'), [0], bytes))).toMatch(/nest more than 100 deep/)
    const wide = `syntax="proto3"; message A { repeated A many = 1; ${Array.from({ length: 1_500 }, (_, i) => `int32 field_${i} = ${i + 2};`).join('')} }`
    expect(await problemOf(withId(add(wide, 'PROTOBUF'), [0], Buffer.alloc(20_000, Buffer.from([0x0a, 0]))))).toMatch(/become more values/)
  })

  it('in Protobuf names the fields of a long oneof again and again', async () => {
    const wide = `syntax="proto3"; message A { oneof o { ${Array.from({ length: 1_900 }, (_, i) => `int32 f${i} = ${i + 1};`).join('')} } }`
    expect(await problemOf(withId(add(wide, 'PROTOBUF'), [0], Buffer.alloc(1_000_000, Buffer.from([8, 1, 0x10, 2]))))).toMatch(
      /^decoded: .*\{"f1":2\}/,
    )
  })

  it('in Protobuf holds itself as any message', async () => {
    const any = (...data: number[]): number[] => [0x0a, 21, ...Buffer.from('x/google.protobuf.Any'), 0x12, data.length, ...data]
    const id = add('syntax="proto3"; import "google/protobuf/any.proto"; message A { google.protobuf.Any a = 1; }', 'PROTOBUF')
    const within = any(...any())
    expect(await problemOf(withId(id, [0, 0x0a, within.length, ...within]))).toContain(
      '{"a":{"@type":"x/google.protobuf.Any","value":{"@type":"x/google.protobuf.Any","value":{"@type":"","value":""}}}}',
    )
  })

  it.each<[string, string, string, readonly number[], string]>([
    ['google.protobuf', 'Timestamp', 'string seconds = 1;', [0x0a, 1, 0x78], '{"seconds":"x"}'],
    ['google.protobuf', 'Timestamp', 'repeated int64 seconds = 1; int32 nanos = 2;', [0x08, 1], '{"seconds":[1],"nanos":0}'],
    ['google.protobuf', 'Duration', 'Duration seconds = 1;', [0x0a, 0], '{"seconds":{}}'],
    ['google.protobuf', 'FieldMask', 'int32 paths = 1;', [0x08, 1], '{"paths":1}'],
    ['google.protobuf', 'Any', 'int32 type_url = 1; int32 value = 2;', [0x08, 1, 0x10, 2], '{"type_url":1,"value":2}'],
    ['confluent.type', 'Decimal', 'int32 value = 1; string scale = 3;', [0x08, 1, 0x1a, 1, 0x78], '{"value":1,"scale":"x"}'],
    [
      'confluent.type',
      'Decimal',
      'bytes value = 1; double scale = 3;',
      [0x0a, 1, 5, 0x19, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f],
      '{"value":"BQ==","scale":1.5}',
    ],
  ])('in Protobuf has only the name of %s.%s: %s', async (file, name, fields, bytes, data) => {
    const id = add(`syntax="proto3"; package ${file}; message ${name} { ${fields} }`, 'PROTOBUF')
    expect(await problemOf(withId(id, [0], Buffer.from(bytes)))).toContain(`"data":${data}`)
  })

  it('in JSON has millions of lists', async () => {
    expect(await problemOf(withId(add('{}', 'JSON'), Buffer.from(`[${'[],'.repeat(1_200_000)}1]`)))).toMatch(
      /more values than any true record/,
    )
  })

  it('in JSON nests', async () => {
    const id = add('{}', 'JSON')
    expect(await problemOf(withId(id, Buffer.from('['.repeat(1e6))))).toMatch(/nest more than 100 deep/)
  })
})

it.each<[object, RegExp]>([
  [{}, /option 'url'/],
  [{ url: 'nope' }, /option 'url' is "nope"; it must be the http or https address/],
  [{ url: 'ftp://me:secret@host' }, /option 'url' is "ftp:\/\/…@host"/],
  [{ url: 'http://a,' }, /option 'url' is ""/],
  [{ url: 'http://a:%zz@b' }, /%25/],
  [{ url: 'http://a:%ff@b' }, /not UTF-8/],
  [{ url: 'http://a,http://u:p@b' }, /those of the first go to all addresses/],
  [{ url: 'http://u:p@a,http://u:q@b' }, /those of the first go to all addresses/],
  [{ url: 'http://a', password: 'x' }, /'username' is missing/],
  [{ url: 'http://a', username: 'u', token: 't' }, /exclude each other/],
  [{ url: 'http://a', token: 'a\nb' }, /characters that no header may have/],
  [{ url: 'http://a', user: 'x' }, /unknown option 'user'/],
  [{ url: 'http://a', timeoutMs: 0 }, /timeoutMs/],
])('%o is refused, without its password', (options, message) => {
  expect(() => createSchemaRegistry(options as never)).toThrow(
    expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringMatching(message) }),
  )
})

it('a call that is aborted ends', async () => {
  server.answer = () => {}
  const stop = new AbortController()
  const call = fresh({ timeoutMs: 100 }).decode({ key: null, value: withId(1), headers: [] }, { signal: stop.signal })
  stop.abort()
  await expect(call).rejects.toMatchObject({ code: 'ABORTED' })
})
