import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bytes, double, int, json, long, nullable, text, uuid } from './codecs.ts'
import { SchemaMismatch, type StandardSchema } from './standard-schema.ts'
import { type Codec, topic } from './topic.ts'

const written = <T>(codec: Codec<T, unknown>, value: T): Buffer => Buffer.from(codec.encode(value) as Uint8Array)
const hex = <T>(codec: Codec<T, unknown>, value: T): string => written(codec, value).toString('hex')

test('the formats are those of the serializers of Kafka’s own client', () => {
  expect(hex(int(), 1)).toBe('00000001')
  expect(hex(int(), -2)).toBe('fffffffe')
  expect(hex(long(), 258n)).toBe('0000000000000102')
  expect(hex(double(), 1.5)).toBe('3ff8000000000000')
  expect(hex(text(), 'é')).toBe('c3a9')
  expect(written(uuid(), '8d9ef7a1-0c3b-4c37-9e0e-1b1f5a5f6f70').toString()).toBe('8d9ef7a1-0c3b-4c37-9e0e-1b1f5a5f6f70')
})

test('what is written is read back', () => {
  const isReadBack = <T>(codec: Codec<T>, value: T): void => {
    expect(codec.decode(written(codec, value))).toEqual(value)
  }
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (value) => isReadBack(text(), value)))
  fc.assert(fc.property(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), (value) => isReadBack(int(), value)))
  fc.assert(fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => isReadBack(long(), value)))
  fc.assert(fc.property(fc.double(), (value) => isReadBack(double(), value)))
  fc.assert(fc.property(fc.uuid(), (value) => isReadBack(uuid(), value)))
  fc.assert(fc.property(fc.jsonValue(), (value) => isReadBack(json(), JSON.parse(JSON.stringify(value)))))
  expect(bytes().decode(Buffer.from([1, 255]))).toEqual(Buffer.from([1, 255]))
})

test.each([
  ['text', () => text().decode(Buffer.from([0xff])), '1 bytes are not UTF-8'],
  ['int', () => int().decode(Buffer.from([1])), 'it has 1 bytes; it must have 4'],
  ['int above', () => int().encode(2 ** 31), 'it must be a whole number of 32 bits'],
  ['int fraction', () => int().encode(0.5), 'it must be a whole number of 32 bits'],
  ['long above', () => long().encode(2n ** 63n), 'it must be a bigint of 64 bits'],
  ['double', () => double().encode('1' as never), 'it must be a number'],
  ['uuid', () => uuid().decode(Buffer.from('x')), 'it must be a UUID'],
  ['json', () => json().decode(Buffer.from('{')), 'JSON'],
  ['json of nothing', () => json().encode(undefined), 'it must be what JSON can write'],
  ['null', () => text().decode(null), 'it is null (a tombstone); nullable() reads these'],
  ['no schema', () => json({} as never), "it has no '~standard'"],
  ['no codec', () => topic('t', { value: {} as never }), "option 'value' of topic() is an object; it must be a codec"],
  ['no name', () => topic(''), 'the name of the topic is ""'],
  ['misspelt', () => topic('t', { values: text() } as never), "did you mean 'value'?"],
])('%s: what does not fit is refused', (_, act, message) => {
  expect(act).toThrow(message)
})

test('nullable() passes tombstones in both directions', () => {
  const codec = nullable(int())
  expect([codec.encode(null), codec.decode(null)]).toEqual([null, null])
  expect(codec.decode(written(codec, 7))).toBe(7)
})

const even: StandardSchema<number, string> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: (value) =>
      typeof value === 'number' && value % 2 === 0
        ? { value: `even ${value}` }
        : { issues: [{ message: 'not even', path: ['a', { key: 0 }] }, { message: 'b' }, { message: 'c' }, { message: 'd' }] },
  },
}

test('json(schema) reads what the schema returns, and writes what it accepts', () => {
  expect(json(even).decode(Buffer.from('4'))).toBe('even 4')
  expect(json(even).encode(4)).toBe('4')
  expect(() => json(even).encode(3)).toThrow(SchemaMismatch)
  expect(() => json(even).decode(Buffer.from('3'))).toThrow('it does not match the schema: a.0: not even; b; c; and 1 more')
})

test('an asynchronous schema reads, and does not write', async () => {
  const slow: StandardSchema<number, number> = {
    '~standard': { version: 1, vendor: 'test', validate: async (value) => ({ value: Number(value) }) },
  }
  expect(await json(slow).decode(Buffer.from('4'))).toBe(4)
  expect(() => json(slow).encode(4)).toThrow('its schema is asynchronous')
})
