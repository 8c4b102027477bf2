import type { Message } from '@tidemark/client'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parsed, printed } from './json.ts'

const bytes = fc.oneof(
  fc.uint8Array().map((b) => Buffer.from(b)),
  fc.string({ unit: 'binary' }).map((text) => Buffer.from(text)),
)
const nullable = fc.option(bytes)
const place = { topic: 'orders', offset: 7, leaderEpoch: 0 }

test('what is printed is read back byte for byte', () => {
  const headers = fc.array(fc.record({ key: fc.string({ unit: 'binary' }), value: nullable }))
  const record = fc.record({ key: nullable, value: nullable, headers, partition: fc.nat(), timestampMs: fc.nat() })
  fc.assert(
    fc.property(record, (given) => {
      const line = printed({ ...place, ...given } as Message)
      expect(line).not.toContain('\n')
      expect(parsed(Buffer.from(line), 1)).toEqual(given)
    }),
  )
})

test('a record without a time gets none', () => {
  const line = printed({ ...place, key: null, value: null, headers: [], partition: 0, timestampMs: -1 } as Message)
  expect(parsed(Buffer.from(line), 1)).not.toHaveProperty('timestampMs')
})

test.each([
  ['{"value":{"n":1}}', '{"n":1}'],
  ['{"value":[1, 2]}', '[1,2]'],
  ['{"value":{"id":12345678901234567890,"price":1.0}}', '{"id":12345678901234567890,"price":1.0}'],
  ['{"value":12345678901234567890}', '12345678901234567890'],
  ['{"value":true}', 'true'],
  ['{"value":{"base64":"//4="}}', '\xff\xfe'],
  ['{"value":"\\ufeffa"}', '\xef\xbb\xbfa'],
])('the value of %s is %s', (line, text) => {
  expect(parsed(Buffer.from(line), 1).value!.toString('latin1')).toBe(text)
})

test('headers may be an object', () => {
  expect(parsed(Buffer.from('{"value":null,"headers":{"a":"b","c":null}}'), 1).headers).toEqual([
    { key: 'a', value: Buffer.from('b') },
    { key: 'c', value: null },
  ])
})

describe('a line that is not a record is named by its number', () => {
  test.each<[string | Buffer, RegExp]>([
    ['nonsense', /^line 3 is not JSON: /],
    ['[]', /^line 3 is not an object/],
    ['{"key":"a"}', /^line 3 has no "value"/],
    ['{"value":"a","header":{}}', /^line 3 has an unknown field "header"; did you mean "headers"\?/],
    ['{"value":{"base64":"*"}}', /^line 3 has a "value" whose base64 is not valid/],
    ['{"value":{"base64":7}}', /^line 3 has a "value" whose base64 is not valid/],
    ['{"value":"\\ud800"}', /^line 3 has a "value" that cannot be written as UTF-8/],
    ['{"value":"a","partition":-1}', /^the partition of line 3 is -1/],
    ['{"value":"a","partition":"0"}', /^the partition of line 3 is "0"/],
    ['{"value":"a","timestampMs":1.5}', /^line 3 has a timestampMs of 1\.5/],
    ['{"value":"a","headers":"x"}', /^line 3 has headers that are "x"/],
    ['{"value":"a","headers":[["a","b"]]}', /^line 3 has a header that is not /],
    [Buffer.from([0x22, 0xff, 0x22]), /^line 3 is not UTF-8 text/],
  ])('%s', (line, text) => {
    expect(() => parsed(Buffer.from(line), 3)).toThrow(text)
  })
})
