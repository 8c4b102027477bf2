import { expect, test } from 'vitest'
import { bytes, count, duration, plural, rate } from './format.ts'

test.each([
  [0, '0 s'],
  [273, '273 ms'],
  [999.6, '1 s'],
  [1_000, '1 s'],
  [192_000, '3 min 12 s'],
  [3_600_000, '1 h'],
  [592_000_000, '6 d 20 h'],
  [-5_000, '-5 s'],
])('%i ms are %s', (ms, text) => {
  expect(duration(ms)).toBe(text)
})

test('figures', () => {
  expect([count(41_209), plural(1, 'record'), plural(2, 'record'), plural(2, 'process', 'processes')]).toEqual([
    '41,209',
    '1 record',
    '2 records',
    '2 processes',
  ])
  expect([rate(8.24), rate(820.4), bytes(999), bytes(1_900_000)]).toEqual(['8.2 /s', '820 /s', '999 B', '1.9 MB'])
})
