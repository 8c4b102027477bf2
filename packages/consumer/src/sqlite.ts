/**
 * Exactly once into SQLite, with `node:sqlite` or the user's own `better-sqlite3`.
 *
 * A database file has one writer at a time, and a connection one transaction: handlers run one after the other,
 * whatever `concurrency` says. Give the store a connection of its own: what else uses it would be part of a handler's
 * transaction.
 *
 * ```ts
 * import { DatabaseSync } from 'node:sqlite'
 * import { exactlyOnce } from '@tidemark/consumer/sqlite'
 * const store = exactlyOnce(new DatabaseSync('orders.db'))
 * consumer.each('orders', { store }, (order, { tx }) => tx.prepare('INSERT INTO orders …').run(order.key))
 * ```
 */
import { describe, nodeClock, TidemarkError } from '@tidemark/platform'
import { Database } from './drivers/database.ts'
import { SqliteConnector, type SqliteDatabase } from './drivers/sqlite.ts'
import type { IdStore } from './ids/idempotent.ts'
import { sqliteIds as idDialect, SqlIds } from './ids/sql.ts'
import { type ExactlyOnceOptions, storeOptions, type TableOptions } from './stores/options.ts'
import { SqlStore } from './stores/sql-store.ts'
import { sqliteDialect } from './stores/sqlite.ts'
import type { TransactionalStore } from './stores/store.ts'

export type { SqliteDatabase } from './drivers/sqlite.ts'
export type { IdState, IdStore } from './ids/idempotent.ts'
export type { ExactlyOnceOptions, TableOptions } from './stores/options.ts'
export type { Holding, StoredPartition, StoredPosition, TakenOver, TransactionalStore } from './stores/store.ts'

/**
 * The handler's writes and the record's place are one transaction on `db`. The tables are in the database `main`,
 * unless `schema` names an attached one.
 *
 * Throws `TidemarkError` INVALID_OPTION, INVALID_ARGUMENT.
 */
export function exactlyOnce<Db extends SqliteDatabase>(db: Db, options: ExactlyOnceOptions = {}): TransactionalStore<Db> {
  const { schema, takeOverTimeoutMs, ...limits } = storeOptions(options, 'main', 'exactlyOnce()')
  checkSqlite('exactlyOnce()', db)
  const dialect = sqliteDialect(schema!)
  return new SqlStore(dialect, new Database(dialect, new SqliteConnector(db, nodeClock), limits), takeOverTimeoutMs)
}

/** For `idempotent`. Throws `TidemarkError` INVALID_OPTION, INVALID_ARGUMENT. */
export function sqliteIds(db: SqliteDatabase, options: TableOptions = {}): IdStore {
  const { schema, ...limits } = storeOptions(options, 'main', 'sqliteIds()')
  checkSqlite('sqliteIds()', db)
  const dialect = idDialect(sqliteDialect(schema!), schema!)
  return new SqlIds(dialect, new Database<unknown>(dialect.kind, new SqliteConnector(db, nodeClock), limits))
}

function checkSqlite(call: string, db: SqliteDatabase): void {
  if (typeof db?.prepare !== 'function' || typeof db.exec !== 'function') {
    throw new TidemarkError(
      'INVALID_ARGUMENT',
      `the database of ${call} is ${describe(db)}; it must be a connection of node:sqlite or better-sqlite3`,
    )
  }
}
