/**
 * Exactly once into PostgreSQL, with the user's own `pg` or `postgres`.
 *
 * ```ts
 * import { exactlyOnce } from '@tidemark/consumer/postgres'
 * const store = exactlyOnce(pool)
 * consumer.each('orders', { order: 'key', concurrency: 64, store }, async (order, { tx }) => {
 *   await tx.query('INSERT INTO payments (id, amount) VALUES ($1, $2)', [order.key, order.value])
 * })
 * ```
 */
import { checkOptions, describe, nodeClock, nodeRandom, TidemarkError } from '@tidemark/platform'
import { Database, kindWith } from './drivers/database.ts'
import { PgConnector, type PgPool } from './drivers/pg.ts'
import { PostgresJsConnector, type PostgresSql } from './drivers/postgres-js.ts'
import type { IdStore } from './ids/idempotent.ts'
import { postgresIds as idDialect, SqlIds } from './ids/sql.ts'
import { LeasedLock, LOCK_OPTIONS, type Lock, type LockOptions, lockOptions } from './locks/lock.ts'
import { PostgresLocks, postgresLockTables } from './locks/postgres.ts'
import { type ExactlyOnceOptions, storeOptions, TABLE_OPTIONS, type TableOptions } from './stores/options.ts'
import { postgresDialect } from './stores/postgres.ts'
import { SqlStore } from './stores/sql-store.ts'
import type { TransactionalStore } from './stores/store.ts'

export type { PgPool } from './drivers/pg.ts'
export type { PostgresSql } from './drivers/postgres-js.ts'
export type { IdState, IdStore } from './ids/idempotent.ts'
export type { AcquireOptions, HeldLock, Lock, LockOptions } from './locks/lock.ts'
export type { ExactlyOnceOptions, TableOptions } from './stores/options.ts'
export type { Holding, StoredPartition, StoredPosition, TakenOver, TransactionalStore } from './stores/store.ts'

/** The client that a pool of `pg` gives, or the transaction of `postgres`. */
export type PostgresTx<Db> = Db extends { begin(options: string, body: (sql: infer Sql) => any): any }
  ? Sql
  : Db extends { connect: { (): Promise<infer Client>; (callback: any): any } }
    ? Client
    : Db extends { connect(): Promise<infer Client> }
      ? Client
      : never

/**
 * The handler's writes and the record's place are one transaction (READ COMMITTED) on a connection of `db`: a pool of
 * `pg`, or the `sql` of `postgres`. The pool should have at least as many connections as the topic has handlers at
 * once. Tables are created in the schema `tidemark` unless told otherwise. Give `postgres` (3.4.9) the option
 * `fetch_types: false`: nothing awaits its query for array types, and a server that goes away meanwhile ends the
 * process with an unhandled rejection.
 *
 * Throws `TidemarkError` INVALID_OPTION, INVALID_ARGUMENT.
 */
export function exactlyOnce<Db extends PgPool | PostgresSql>(db: Db, options: ExactlyOnceOptions = {}): TransactionalStore<PostgresTx<Db>> {
  const { schema, takeOverTimeoutMs, ...limits } = storeOptions(options, 'tidemark', 'exactlyOnce()')
  const dialect = postgresDialect(schema!)
  return new SqlStore(dialect, new Database(dialect, connectorOf<PostgresTx<Db>>('exactlyOnce()', db), limits), takeOverTimeoutMs)
}

/**
 * A lock with a number, in the schema `tidemark` unless told otherwise. Throws `TidemarkError` INVALID_OPTION,
 * INVALID_ARGUMENT.
 */
export function createLock(db: PgPool | PostgresSql, options: LockOptions & TableOptions = {}): Lock {
  checkOptions<LockOptions & TableOptions>('createLock()', options, { ...LOCK_OPTIONS, ...TABLE_OPTIONS })
  const { ttlMs, waitMaxMs, retryDelayMs, ...tables } = options
  const resolved = lockOptions({ ttlMs, waitMaxMs, retryDelayMs } as LockOptions)
  const { schema, ...limits } = storeOptions(tables, 'tidemark', 'createLock()')
  const kind = kindWith(postgresDialect(schema!), postgresLockTables(schema!), `${schema}.tidemark_lock`)
  const database = new Database<unknown>(kind, connectorOf('createLock()', db), limits)
  return new LeasedLock(new PostgresLocks(database, schema!), resolved, nodeClock, nodeRandom)
}

/** For `idempotent`. Throws `TidemarkError` INVALID_OPTION, INVALID_ARGUMENT. */
export function postgresIds(db: PgPool | PostgresSql, options: TableOptions = {}): IdStore {
  const { schema, ...limits } = storeOptions(options, 'tidemark', 'postgresIds()')
  const dialect = idDialect(postgresDialect(schema!), schema!)
  return new SqlIds(dialect, new Database<unknown>(dialect.kind, connectorOf('postgresIds()', db), limits))
}

function connectorOf<Tx>(call: string, db: PgPool | PostgresSql): PgConnector<Tx> | PostgresJsConnector<Tx> {
  if (isFunction(db, 'begin') && isFunction(db, 'unsafe')) return new PostgresJsConnector(db as PostgresSql, nodeClock)
  if (isFunction(db, 'connect')) return new PgConnector(db as PgPool, nodeClock)
  throw new TidemarkError('INVALID_ARGUMENT', `the database of ${call} is ${describe(db)}; it must be a Pool of pg, or the sql of postgres`)
}

const isFunction = (value: unknown, name: string): boolean => typeof (value as Record<string, unknown> | null)?.[name] === 'function'
