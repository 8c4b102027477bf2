/** What PostgreSQL's entry refuses before it asks the database; the rest is tested in conformance/. */
import { expect, test } from 'vitest'
import { createLock } from './postgres.ts'

test('createLock() knows the options of the lock and of its tables', () => {
  const pool = { connect: async () => undefined } as never
  expect(() => createLock(pool, { ttl: 1_000 } as never)).toThrow("unknown option 'ttl' of createLock(); did you mean 'ttlMs'?")
  expect(() => createLock(pool, { quux: 1 } as never)).toThrow(
    'it has ttlMs, waitMaxMs, retryDelayMs, createTables, statementTimeoutMs, schema',
  )
})
