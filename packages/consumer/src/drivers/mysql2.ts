/** The driver `mysql2`: a transaction is a connection of the pool. */
import type { Clock } from '@tidemark/platform'
import { Borrowed } from './borrowed.ts'
import { codeOf } from './errors.ts'
import { ConnectionLost, type SqlConnector, type SqlResult, type SqlSession } from './sql.ts'
import { Connections, within } from './within.ts'

/** A pool of `mysql2/promise`. */
export interface MysqlPool {
  getConnection(): Promise<any>
}

interface MysqlConnection {
  query(sql: string, values?: any): Promise<any>
  release(): void
  destroy(): void
}

/** Those that commit implicitly, and those that choose how statements commit. */
const ENDING =
  /^(?:\s|#[^\n]*\n|--[^\n]*\n|\/\*(?:[^*]|\*(?!\/))*\*\/)*(?:(?:create|drop)\s+(?!temporary\b)|(?:alter|truncate|rename|lock|unlock|grant|revoke|analyze|optimize|repair|flush|xa)\b|set\s.*\bautocommit\b)/is

/** Of a server that became a replica. */
const READ_ONLY = ['ER_OPTION_PREVENTS_STATEMENT', 'ER_READ_ONLY_MODE']

const WITHHELD = ['release', 'destroy', 'end', 'beginTransaction', 'commit', 'rollback', 'reset', 'changeUser', Symbol.asyncDispose]

export class MysqlConnector<Tx> implements SqlConnector<Tx> {
  readonly #clock: Clock
  readonly #connections: Connections<MysqlConnection>

  constructor(pool: MysqlPool, clock: Clock) {
    this.#clock = clock
    this.#connections = new Connections(clock, () => pool.getConnection())
  }

  async transaction<T>(
    first: readonly string[],
    body: (session: SqlSession<Tx>, result: SqlResult) => Promise<T>,
    limitMs: number,
  ): Promise<T> {
    const connection: MysqlConnection = await this.#connections.take(limitMs)
    const query = async (sql: string, values?: readonly unknown[]): Promise<SqlResult> => {
      const [result] = await within(this.#clock, limitMs, connection.query(sql, values))
      return Array.isArray(result) ? { rows: result, changed: 0 } : { rows: [], changed: result.affectedRows ?? 0 }
    }
    // A deadlock ends the transaction: what a handler that caught the error sent next would be committed by itself.
    let deadlock: unknown
    const borrowed: Borrowed<MysqlConnection> = new Borrowed(connection, {
      withheld: WITHHELD,
      ending: ENDING,
      onError(error) {
        if (codeOf(error) !== 'ER_LOCK_DEADLOCK') return
        deadlock ??= error
        borrowed.refuse('a deadlock has ended the transaction of this handler, which is rolled back: nothing more can be written on it')
      },
    })
    let isBroken = true
    try {
      let begun = await query('START TRANSACTION')
      for (const statement of first) begun = await query(statement)
      const result = await body({ tx: borrowed.tx as Tx, query }, begun).finally(() => borrowed.end())
      if (deadlock !== undefined) throw deadlock
      await query('COMMIT').catch((error) => {
        throw isServerError(error) ? error : new ConnectionLost(error)
      })
      isBroken = false
      return result
    } catch (error) {
      if (error instanceof ConnectionLost) throw error
      await query('ROLLBACK').catch(() => {
        throw new ConnectionLost(error)
      })
      isBroken = READ_ONLY.includes(codeOf(error)) // others of the pool may be connections to the server that took its place
      throw error
    } finally {
      if (isBroken) connection.destroy()
      else connection.release()
    }
  }
}

/** The server answered. */
const isServerError = (error: unknown): boolean => /^ER_/.test(codeOf(error))
