/**
 * Locks in PostgreSQL: a row for each lock that is held, and a sequence that numbers them. The row goes with the lock;
 * the sequence never goes back.
 *
 * The number is drawn under an advisory lock on the name: a later holder of the lock has a greater one.
 */
import type { Database } from '../drivers/database.ts'
import type { LockBackend } from './lock.ts'

/** 'tidl' in ASCII. */
const LOCK_CLASS = 0x7469646c

export const postgresLockTables = (schema: string): string[] => [
  `CREATE SCHEMA IF NOT EXISTS ${schema}`,
  `CREATE TABLE IF NOT EXISTS ${schema}.tidemark_lock (
  name text PRIMARY KEY,
  token text NOT NULL,
  fence bigint NOT NULL,
  expires_at timestamptz NOT NULL
)`,
  `CREATE SEQUENCE IF NOT EXISTS ${schema}.tidemark_lock_fence`,
]

export class PostgresLocks implements LockBackend {
  readonly name = 'PostgreSQL'
  readonly #database: Database<unknown>
  readonly #table: string
  readonly #sequence: string

  constructor(database: Database<unknown>, schema: string) {
    this.#database = database
    this.#table = `${schema}.tidemark_lock`
    this.#sequence = `${schema}.tidemark_lock_fence`
  }

  async acquire(name: string, token: string, ttlMs: number): Promise<number | undefined> {
    await this.#database.prepare()
    return await this.#database.own('take a lock', [], async (session) => {
      await session.query(`SELECT pg_advisory_xact_lock(${LOCK_CLASS}, hashtext(?))`, [name])
      const { rows } = await session.query(
        `INSERT INTO ${this.#table} AS held (name, token, fence, expires_at)
         VALUES (?, ?, nextval('${this.#sequence}'), clock_timestamp() + ? * interval '1 millisecond')
         ON CONFLICT (name) DO UPDATE SET token = excluded.token, fence = excluded.fence, expires_at = excluded.expires_at
         WHERE held.expires_at < clock_timestamp() OR held.token = excluded.token
         RETURNING fence`,
        [name, token, ttlMs],
      )
      return rows[0] && Number(rows[0].fence)
    })
  }

  async renew(name: string, token: string, ttlMs: number): Promise<boolean> {
    return await this.#database.own('renew a lock', [], async (session) => {
      const { rows } = await session.query(
        `UPDATE ${this.#table} SET expires_at = clock_timestamp() + ? * interval '1 millisecond' WHERE name = ? AND token = ? RETURNING 1`,
        [ttlMs, name, token],
      )
      return rows.length > 0
    })
  }

  async release(name: string, token: string): Promise<void> {
    await this.#database.own('release a lock', [], (session) =>
      session.query(`DELETE FROM ${this.#table} WHERE name = ? AND token = ?`, [name, token]),
    )
  }
}
