/**
 * Ids in a table of a database, each statement a transaction of its own. Times are the database's, so that the clocks
 * of its users do not matter. Rows whose time is over are deleted along the way.
 */
import { sha256 } from '@tidemark/platform'
import { type Database, type DatabaseKind, kindWith } from '../drivers/database.ts'
import { int } from '../drivers/sql.ts'
import type { IdState, IdStore } from './idempotent.ts'

/** What differs between databases. */
export interface IdDialect {
  readonly kind: DatabaseKind
  readonly table: string
  /** Milliseconds since 1970, as an expression. */
  readonly nowMs: string
  /** Inserts (id, token, is_done, expires_ms), unless the id is there. */
  insert(table: string, values: string): string
  /** Deletes some rows whose time is over. */
  readonly sweep: string
}

/**
 * What a column of any of the databases holds and tells apart: MySQL cuts what is too long, and ignores spaces at the
 * end; PostgreSQL's index takes 2,700 bytes, and its texts no NUL. Any other id is kept as its hash.
 */
const PLAIN = /^(?!sha256:)[^\p{C}]{0,299}[^\p{C}\p{Z}]$/u

const keyOf = (id: string): string => (PLAIN.test(id) ? id : `sha256:${sha256(Buffer.from(id, 'utf16le')).toString('hex')}`)

/** Every so many ids. */
const SWEEP_EVERY = 100

export class SqlIds implements IdStore {
  readonly #dialect: IdDialect
  readonly #database: Database<unknown>
  #begun = 0

  constructor(dialect: IdDialect, database: Database<unknown>) {
    this.#dialect = dialect
    this.#database = database
  }

  async begin(id: string, token: string, leaseMs: number): Promise<IdState> {
    const key = keyOf(id)
    await this.#database.prepare()
    const { table, nowMs, insert, sweep } = this.#dialect
    if (this.#begun++ % SWEEP_EVERY === 0) await this.#query('forget old ids', sweep, [])
    const until = `${nowMs} + ${int(leaseMs)}`
    for (;;) {
      await this.#query('take an id', insert(table, `?, ?, 0, ${until}`), [key, token])
      const [row] = await this.#query('read an id', `SELECT token, is_done, expires_ms - ${nowMs} AS left_ms FROM ${table} WHERE id = ?`, [
        key,
      ])
      if (row === undefined) continue // it was swept in between
      if (row.token === token) return { kind: 'new' }
      const leftMs = Number(row.left_ms)
      if (leftMs > 0) return Number(row.is_done) === 1 ? { kind: 'done' } : { kind: 'in progress', leftMs }
      const take = `UPDATE ${table} SET token = ?, is_done = 0, expires_ms = ${until} WHERE id = ? AND token = ? AND expires_ms <= ${nowMs}`
      await this.#query('take an id', take, [token, key, String(row.token)])
    }
  }

  async renew(id: string, token: string, leaseMs: number): Promise<boolean> {
    return await this.#set(id, token, 0, leaseMs)
  }

  async finish(id: string, token: string, ttlMs: number): Promise<boolean> {
    return await this.#set(id, token, 1, ttlMs)
  }

  async forget(id: string, token: string): Promise<void> {
    await this.#query('forget an id', `DELETE FROM ${this.#dialect.table} WHERE id = ? AND token = ?`, [keyOf(id), token])
  }

  async #set(id: string, token: string, isDone: 0 | 1, forMs: number): Promise<boolean> {
    const { table, nowMs } = this.#dialect
    const key = keyOf(id)
    return await this.#database.own('mark an id', [], async (session) => {
      await session.query(`UPDATE ${table} SET is_done = ${isDone}, expires_ms = ${nowMs} + ${int(forMs)} WHERE id = ? AND token = ?`, [
        key,
        token,
      ])
      return (await session.query(`SELECT 1 FROM ${table} WHERE id = ? AND token = ?`, [key, token])).rows.length > 0
    })
  }

  #query(what: string, sql: string, values: readonly string[]): Promise<readonly Readonly<Record<string, unknown>>[]> {
    return this.#database.own(what, [], async (session) => (await session.query(sql, values)).rows)
  }
}

const columns = (text: string, big: string): string =>
  `(\n  id ${text} NOT NULL PRIMARY KEY,\n  token ${text} NOT NULL,\n  is_done integer NOT NULL,\n  expires_ms ${big} NOT NULL\n)`

const onConflict = (table: string, values: string): string =>
  `INSERT INTO ${table} (id, token, is_done, expires_ms) VALUES (${values}) ON CONFLICT (id) DO NOTHING`

export const postgresIdTables = (schema: string): string[] => [
  `CREATE SCHEMA IF NOT EXISTS ${schema}`,
  `CREATE TABLE IF NOT EXISTS ${schema}.tidemark_id ${columns('text', 'bigint')}`,
  `CREATE INDEX IF NOT EXISTS tidemark_id_expires ON ${schema}.tidemark_id (expires_ms)`,
]

export function postgresIds(database: DatabaseKind, schema: string): IdDialect {
  const table = `${schema}.tidemark_id`
  const nowMs = '(extract(epoch FROM clock_timestamp()) * 1000)::bigint'
  const sweep = `DELETE FROM ${table} WHERE id IN (SELECT id FROM ${table} WHERE expires_ms <= ${nowMs} LIMIT 1000 FOR UPDATE SKIP LOCKED)`
  return { kind: kindWith(database, postgresIdTables(schema), table), table, nowMs, insert: onConflict, sweep }
}

export const mysqlIdTables = (prefix: string): string[] => [
  `CREATE TABLE IF NOT EXISTS ${prefix}tidemark_id ${columns('varchar(400) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin', 'bigint').replace(/\n\)$/, ',\n  KEY tidemark_id_expires (expires_ms)\n)')} ENGINE=InnoDB`,
]

export function mysqlIds(database: DatabaseKind, schema: string | undefined): IdDialect {
  const prefix = schema === undefined ? '' : `${schema}.`
  const table = `${prefix}tidemark_id`
  const nowMs = 'CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)'
  const insert = (_: string, values: string): string => `INSERT IGNORE INTO ${table} (id, token, is_done, expires_ms) VALUES (${values})`
  const sweep = `DELETE FROM ${table} WHERE expires_ms <= ${nowMs} LIMIT 1000`
  return { kind: kindWith(database, mysqlIdTables(prefix), table), table, nowMs, insert, sweep }
}

export const sqliteIdTables = (schema: string): string[] => [
  `CREATE TABLE IF NOT EXISTS ${schema}.tidemark_id ${columns('text', 'integer')} WITHOUT ROWID`,
  `CREATE INDEX IF NOT EXISTS ${schema}.tidemark_id_expires ON tidemark_id (expires_ms)`,
]

export function sqliteIds(database: DatabaseKind, schema: string): IdDialect {
  const table = `${schema}.tidemark_id`
  const nowMs = "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)"
  const sweep = `DELETE FROM ${table} WHERE id IN (SELECT id FROM ${table} WHERE expires_ms <= ${nowMs} LIMIT 1000)`
  return { kind: kindWith(database, sqliteIdTables(schema), table), table, nowMs, insert: onConflict, sweep }
}
