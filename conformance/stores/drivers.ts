/**
 * The users' own drivers, at fixed versions, from the cache: each with a store, and a table of effects beside it. An
 * effect is a row without a unique key, so that one that was written twice is there twice.
 */
import { createRequire } from 'node:module'
import path from 'node:path'
import type { IdStore } from '../../packages/consumer/src/ids/idempotent.ts'
import type { LeasedLock, Lock, LockBackend } from '../../packages/consumer/src/locks/lock.ts'
import { mysqlIds, exactlyOnce as onMysql } from '../../packages/consumer/src/mysql.ts'
import { createLock, exactlyOnce as onPostgres, postgresIds } from '../../packages/consumer/src/postgres.ts'
import { exactlyOnce as onSqlite } from '../../packages/consumer/src/sqlite.ts'
import type { ExactlyOnceOptions } from '../../packages/consumer/src/stores/options.ts'
import type { StoreUnderTest } from '../../packages/consumer/src/stores/store.case.ts'
import { npmPackage, npmPackageFolder } from '../tools.ts'

export const VERSIONS = { pg: '8.23.1', postgres: '3.4.9', mysql2: '3.24.6', 'better-sqlite3': '13.2.0', ioredis: '6.0.0' } as const

const CREATE = 'CREATE TABLE IF NOT EXISTS effects (value varchar(200) NOT NULL)'
/** More than a storm has handlers in a member. */
const CONNECTIONS_MAX = 70

const SELECT = 'SELECT value FROM effects ORDER BY value'
const INSERT = 'INSERT INTO effects (value) VALUES (?)'

export interface Database extends StoreUnderTest<any> {
  readonly ids: IdStore
  /** Undefined where `createLock` does not support the database. */
  readonly locks?: LockBackend
  /** Any statement, on a connection of its own. */
  query(sql: string): Promise<readonly Record<string, unknown>[]>
  /** Drops the tables, those of the store included. */
  clear(): Promise<void>
  close(): Promise<void>
}

export interface Where {
  readonly host: string
  readonly port: number
}

export type DriverName = 'pg' | 'postgres' | 'mysql2'
export const drivers: Readonly<
  Record<DriverName, (where: Where, options?: ExactlyOnceOptions, connectionsMax?: number) => Promise<Database>>
> = {
  async pg({ host, port }, options, max = CONNECTIONS_MAX) {
    const { Pool } = npmPackage<any>('pg', VERSIONS.pg)
    const pool = new Pool({ host, port, user: 'shop', database: 'postgres', max, connectionTimeoutMillis: 5_000 })
    pool.on('error', () => {}) // idle connections are lost with the server
    const query = async (sql: string, values: unknown[] = []): Promise<any[]> => (await pool.query(sql.replace('?', '$1'), values)).rows
    await query(CREATE)
    return {
      store: onPostgres(pool, options),
      ids: postgresIds(pool),
      locks: lockBackendOf(createLock(pool)),
      write: async (tx, value) => void (await tx.query(INSERT.replace('?', '$1'), [value])),
      prefix: 'tidemark.',
      send: async (tx, statement) => void (await tx.query(statement)),
      effects: async () => (await query(SELECT)).map((row) => row.value),
      inbox: async () => Number((await query('SELECT count(*) AS n FROM tidemark.tidemark_inbox'))[0].n),
      query,
      clear: async () => void (await query('DROP TABLE effects; DROP SCHEMA IF EXISTS tidemark CASCADE')),
      close: () => pool.end(),
    }
  },

  async postgres({ host, port }, options, max = CONNECTIONS_MAX) {
    const postgres = npmPackage<any>('postgres', VERSIONS.postgres)
    const settings = { host, port, user: 'shop', database: 'postgres', max, connect_timeout: 5, onnotice: () => {} }
    // Nothing awaits the driver's own query for array types: a server that ends at that moment would end this process.
    const sql = postgres({ ...settings, fetch_types: false })
    const query = (text: string): Promise<any[]> => sql.unsafe(text).simple()
    await query(CREATE)
    return {
      store: onPostgres(sql, options),
      ids: postgresIds(sql),
      locks: lockBackendOf(createLock(sql)),
      write: async (tx, value) => void (await tx`INSERT INTO effects (value) VALUES (${value})`),
      prefix: 'tidemark.',
      send: async (tx, statement) => void (await tx.unsafe(statement)),
      effects: async () => [...(await query(SELECT))].map((row) => row.value),
      inbox: async () => Number((await query('SELECT count(*) AS n FROM tidemark.tidemark_inbox'))[0].n),
      query,
      clear: async () => void (await query('DROP TABLE effects; DROP SCHEMA IF EXISTS tidemark CASCADE')),
      close: () => sql.end({ timeout: 1 }),
    }
  },

  async mysql2({ host, port }, options, max = CONNECTIONS_MAX) {
    const mysql = npmPackage<any>('mysql2', VERSIONS.mysql2)
    const pool = mysql.createPool({ host, port, user: 'root', database: 'mysql', connectionLimit: max }).promise()
    const query = async (sql: string, values?: unknown[]): Promise<any[]> => (await pool.query(sql, values))[0]
    await query(CREATE)
    return {
      store: onMysql(pool, options),
      ids: mysqlIds(pool),
      write: async (tx, value) => void (await tx.query(INSERT, [value])),
      prefix: '',
      send: async (tx, statement) => void (await tx.query(statement)),
      effects: async () => (await query(SELECT)).map((row) => row.value),
      inbox: async () => Number((await query('SELECT count(*) AS n FROM tidemark_inbox'))[0].n),
      query,
      clear: async () => void (await query('DROP TABLE IF EXISTS effects, tidemark_fence, tidemark_progress, tidemark_inbox, tidemark_id')),
      close: () => pool.end(),
    }
  },
}

/** What a lock asks, one call at a time. */
const lockBackendOf = (lock: Lock): LockBackend => (lock as LeasedLock).backend

export function redisOf({ host, port }: Where): any {
  const { Redis } = npmPackage<any>('ioredis', VERSIONS.ioredis)
  const redis = new Redis({ host, port, maxRetriesPerRequest: 1, retryStrategy: () => 50 })
  redis.on('error', () => {}) // told by each request
  return redis
}

export function betterSqlite(file: string): Omit<Database, 'query' | 'clear' | 'ids'> {
  const folder = npmPackageFolder('better-sqlite3', VERSIONS['better-sqlite3'], { scripts: process.env })
  const Sqlite = createRequire(path.join(folder, 'package.json'))('better-sqlite3')
  const db = new Sqlite(file)
  db.exec(CREATE)
  return {
    store: onSqlite(db),
    write: async (tx, value) => void tx.prepare(INSERT).run(value),
    prefix: '',
    send: async (tx, statement) => void (await tx.exec(statement)),
    effects: async () =>
      db
        .prepare(SELECT)
        .all()
        .map((row: { value: string }) => row.value),
    inbox: async () => db.prepare('SELECT count(*) AS n FROM tidemark_inbox').get().n,
    close: async () => db.close(),
  }
}
