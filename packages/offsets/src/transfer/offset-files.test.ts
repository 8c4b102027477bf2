import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { offsetsCsv, offsetsOfGroup, parseOffsets } from './offset-files.ts'

const PLACE = { group: null, topic: 'orders', partition: 0, offset: 17 }

test.each<[string, string, unknown]>([
  ["Kafka's CSV", 'orders,0,17\n', [PLACE]],
  ["Kafka's CSV of several groups", 'billing,orders,0,17\r\n', [{ ...PLACE, group: 'billing' }]],
  ["rpk's", 'orders 0\t17\n', [PLACE]],
  ["kcl's", '[{"topic":"orders","partition":0,"offset":17}]', [PLACE]],
  [
    'ours',
    '[{"group":"g","topic":"orders","partition":0,"offset":17,"leaderEpoch":3,"metadata":"m"}]',
    [{ ...PLACE, group: 'g', leaderEpoch: 3, metadata: 'm' }],
  ],
  ['with a line of names', 'TOPIC,PARTITION,OFFSET\norders,0,17', [PLACE]],
  ['with a comment and an empty line', '# of 2026\n\norders,0,17', [PLACE]],
  ['with a byte order mark', '\uFEFForders,0,17', [PLACE]],
  ['of a group with a comma', '"a, ""b""",orders,0,17', [{ ...PLACE, group: 'a, "b"' }]],
])('%s is read', (_, text, offsets) => {
  expect(parseOffsets(text)).toEqual(offsets)
})

test.each<[string, RegExp]>([
  ['orders,0', /line 1 .* must be topic,partition,offset/],
  ['orders,0,17\norders,x,1', /line 2/],
  ['orders,0,-1', /line 1/],
  ['orders,0,99999999999999999', /line 1/],
  [',0,17', /line 1/],
  ['{"a":1}', /must be an array/],
  ['[1]', /entry 0 .* must have a topic/],
  ['[{"topic":"t","partition":0.5,"offset":1}]', /entry 0/],
  ['[', /is not JSON/],
])("'%s' is refused, with where", (text, message) => {
  expect(() => parseOffsets(text, 'f.csv')).toThrow(
    expect.objectContaining({ code: 'INVALID_ARGUMENT', message: expect.stringMatching(message) }),
  )
})

describe('a file that names groups', () => {
  it('is taken for the group alone', () => {
    const filed = parseOffsets('a,orders,0,1\nb,orders,0,2')
    expect(offsetsOfGroup(filed, 'b')).toEqual([{ topic: 'orders', partition: 0, offset: 2 }])
    expect(() => offsetsOfGroup(filed, 'c')).toThrow(/has offsets of a, b, and none of group 'c'/)
    expect(() => offsetsOfGroup([], 'c')).toThrow(/is empty/)
  })
})

test('what is written is read again', () => {
  const group = fc
    .string({ minLength: 1 })
    .filter(
      (text) => !/[\r\n]/.test(text) && text.trim() === text && !text.startsWith('#') && !text.startsWith('[') && !text.startsWith('{'),
    )
  const row = fc.record({ group, topic: fc.stringMatching(/^[a-z0-9._-]{1,9}$/), partition: fc.nat(), offset: fc.maxSafeNat() })
  fc.assert(
    fc.property(fc.uniqueArray(row, { minLength: 2, maxLength: 5, selector: (it) => it.group }), (rows) => {
      expect(parseOffsets(offsetsCsv(rows))).toEqual(rows)
    }),
  )
  expect(offsetsCsv([{ ...PLACE, group: 'g' }])).toBe('orders,0,17\n')
})
