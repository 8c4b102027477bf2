import { expect, test } from 'vitest'
import { tableText, tableTextOfLines } from './table.ts'
import { fitted, widthOf, wrapped } from './width.ts'

const rows = [
  { topic: 'orders-of-the-whole-world-and-beyond', partition: 0, committed: 1_234_567, note: 'a text that goes on, and on, and on' },
  { topic: '注文', partition: 10, committed: null, note: null },
]
const columns = { topic: 'TOPIC', partition: 'PARTITION', committed: 'COMMITTED', note: 'NOTE' }
const linesOf = (width?: number): string[] => tableText(rows, columns, width).trimEnd().split('\n')

test.each([40, 60, 80, 200])('no line is wider than a terminal of %i columns', (width) => {
  for (const line of linesOf(width)) expect(widthOf(line), line).toBeLessThanOrEqual(width)
})

test('the widest text gives way, numbers do not', () => {
  expect(linesOf(60)).toEqual([
    'TOPIC               PARTITION  COMMITTED  NOTE',
    'orders-of-the-who…          0    1234567  a text that goes …',
    '注文                       10          -  -',
  ])
})

test('columns that do not fit side by side are lines of each row', () => {
  expect(linesOf(40)).toEqual([
    'TOPIC      orders-of-the-whole-world-an…',
    ...['PARTITION  0', 'COMMITTED  1234567', 'NOTE       a text that goes on, and on,…', ''],
    ...['TOPIC      注文', 'PARTITION  10', 'COMMITTED  -', 'NOTE       -'],
  ])
})

test('a live table has a line a row: its last columns are left out', () => {
  const lines = tableTextOfLines(rows, columns, 40).trimEnd().split('\n')
  expect(lines).toEqual([
    'TOPIC               PARTITION  COMMITTED',
    'orders-of-the-who…          0    1234567',
    '注文                       10          -',
  ])
})

test('without a terminal nothing is cut', () => {
  expect(linesOf()[1]).toBe('orders-of-the-whole-world-and-beyond          0    1234567  a text that goes on, and on, and on')
})

test('a wide character takes two columns, also where a text is cut', () => {
  expect([widthOf('注文 a'), fitted('注文注文', 6), fitted('注文', 4)]).toEqual([6, '注文…', '注文'])
})

test('long text is wrapped between words', () => {
  expect(wrapped('  1.0 s  one two three four', 16, 9)).toEqual(['  1.0 s  one two', '         three', '         four'])
})
