/**
 * Exactly once into MySQL or MariaDB (InnoDB), with the user's own `mysql2`.
 *
 * ```ts
 * import { createPool } from 'mysql2/promise'
 * import { exactlyOnce } from '@tidemark/consumer/mysql'
 * const store = exactlyOnce(createPool(uri))
 * ```
 */
import { describe, nodeClock, TidemarkError } from '@tidemark/platform'
import { Database } from './drivers/database.ts'
import { MysqlConnector, type MysqlPool } from './drivers/mysql2.ts'
import type { IdStore } from './ids/idempotent.ts'
import { mysqlIds as idDialect, SqlIds } from './ids/sql.ts'
import { mysqlDialect } from './stores/mysql.ts'
import { type ExactlyOnceOptions, storeOptions, type TableOptions } from './stores/options.ts'
import { SqlStore } from './stores/sql-store.ts'
import type { TransactionalStore } from './stores/store.ts'

export type { MysqlPool } from './drivers/mysql2.ts'
export type { IdState, IdStore } from './ids/idempotent.ts'
export type { ExactlyOnceOptions, TableOptions } from './stores/options.ts'
export type { Holding, StoredPartition, StoredPosition, TakenOver, TransactionalStore } from './stores/store.ts'

/** The connection that a pool gives. */
export type MysqlTx<Db> = Db extends { getConnection(): Promise<infer Connection> } ? Connection : never

/**
 * The handler's writes and the record's place are one transaction on a connection of `pool`. The tables are in the
 * connection's database, unless `schema` names another one.
 *
 * Throws `TidemarkError` INVALID_OPTION, INVALID_ARGUMENT.
 */
export function exactlyOnce<Db extends MysqlPool>(pool: Db, options: ExactlyOnceOptions = {}): TransactionalStore<MysqlTx<Db>> {
  const { schema, takeOverTimeoutMs, ...limits } = storeOptions(options, undefined, 'exactlyOnce()')
  checkMysql('exactlyOnce()', pool)
  const dialect = mysqlDialect(schema)
  return new SqlStore(dialect, new Database(dialect, new MysqlConnector<MysqlTx<Db>>(pool, nodeClock), limits), takeOverTimeoutMs)
}

/** For `idempotent`. Throws `TidemarkError` INVALID_OPTION, INVALID_ARGUMENT. */
export function mysqlIds(pool: MysqlPool, options: TableOptions = {}): IdStore {
  const { schema, ...limits } = storeOptions(options, undefined, 'mysqlIds()')
  checkMysql('mysqlIds()', pool)
  const dialect = idDialect(mysqlDialect(schema), schema)
  return new SqlIds(dialect, new Database<unknown>(dialect.kind, new MysqlConnector(pool, nodeClock), limits))
}

function checkMysql(call: string, pool: MysqlPool): void {
  if (typeof pool?.getConnection !== 'function') {
    throw new TidemarkError('INVALID_ARGUMENT', `the database of ${call} is ${describe(pool)}; it must be a pool of mysql2/promise`)
  }
  if (typeof (pool as { promise?: unknown }).promise === 'function') {
    throw new TidemarkError(
      'INVALID_ARGUMENT',
      `the database of ${call} is a pool with callbacks; hand over pool.promise(), or create it with 'mysql2/promise'`,
    )
  }
}
