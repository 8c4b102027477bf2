import { expect, test } from 'vitest'
import { csvText, cut } from './print.ts'
import { tableText } from './table.ts'

const rows = [
  { topic: 'orders', lag: 5, age: '~1 min 5 s' },
  { topic: 'a,"b"', lag: null, age: null },
]

test('a table has aligned columns, and a dash where there is nothing', () => {
  const lines = tableText(rows, { topic: 'TOPIC', lag: 'LAG', age: 'AGE' }).split('\n')
  expect(lines).toEqual(['TOPIC   LAG         AGE', 'orders    5  ~1 min 5 s', 'a,"b"     -           -', ''])
})

test('CSV quotes what needs it, and leaves out what is null', () => {
  expect(csvText(rows, ['topic', 'lag'])).toBe('topic,lag\norders,5\n"a,""b""",\n')
  expect(csvText([], ['topic', 'lag'])).toBe('topic,lag\n')
  expect(csvText(rows.slice(0, 1), ['topic', 'lag'], { isFirst: false })).toBe('orders,5\n')
})

test('what would move the cursor of a terminal is not printed', () => {
  expect(tableText([{ topic: 'a\u001b[2Jb\u0007' }], { topic: 'TOPIC' })).toBe('TOPIC\na\u{fffd}[2Jb\u{fffd}\n')
  expect(cut('one\n two\u001b three', 10)).toBe('one two\u{fffd} …')
})
