/** What a handler may send on the connection of its transaction; the rest is in stores/store.case.ts. */
import { expect, test } from 'vitest'
import { Borrowed } from './borrowed.ts'

const connection = () => ({
  query: (statement: unknown) => statement,
  release: () => 'released',
  emit: () => 'told',
  removeListener: () => 'off',
})

test.each([
  'COMMIT',
  'end',
  'ABORT',
  'BEGIN',
  'rollback work',
  'start  transaction read only',
  "PREPARE TRANSACTION 'x'",
  '-- a\n /* b */ /* c ** */ commit',
  'UPDATE t SET n = 1; commit',
  { text: 'COMMIT', values: [] },
  { sql: 'ROLLBACK' },
  Object.assign(['commit'], { raw: ['commit'] }),
])('%j is refused', (statement) => {
  const { tx } = new Borrowed(connection(), { withheld: [] })
  expect(() => tx.query(statement)).toThrow(/is refused on tx/)
})

test.each([
  'SELECT 1',
  'ROLLBACK TO part',
  'rollback transaction to savepoint part',
  'SAVEPOINT part',
  'endless()',
  'CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; END',
  "INSERT INTO t VALUES ('COMMIT')",
  { text: 'SELECT 1' },
  [['commit']],
  undefined,
])('%j is sent', (statement) => {
  const { tx } = new Borrowed(connection(), { withheld: [] })
  expect(tx.query(statement)).toBe(statement)
})

test('after its end nothing is sent, but listeners are taken off', () => {
  const borrowed = new Borrowed(connection(), { withheld: ['release'] })
  expect(() => borrowed.tx.release()).toThrow("'release()' is refused on tx")
  expect(borrowed.tx.emit()).toBe('told')
  borrowed.end()
  expect(() => borrowed.tx.query('SELECT 1')).toThrow(/the handler has ended/)
  expect(borrowed.tx.removeListener()).toBe('off')
})
