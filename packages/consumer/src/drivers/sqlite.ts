/** `node:sqlite` and `better-sqlite3`: one connection, whose transactions are taken in turn. */
import { type Clock, sleep } from '@tidemark/platform'
import { Borrowed } from './borrowed.ts'
import { ConnectionLost, type Row, type SqlConnector, type SqlResult, type SqlSession } from './sql.ts'
import { turnsOf } from './turns.ts'

/** What is used of a connection of `node:sqlite` or `better-sqlite3`. */
export interface SqliteDatabase {
  prepare(sql: string): { all(...values: any[]): unknown[]; run(...values: any[]): unknown }
  exec(sql: string): unknown
}

const RULES = { withheld: ['close', Symbol.dispose] }

/** Between two looks at a file that another process writes to. */
const BUSY_RETRY_MS = 5

export class SqliteConnector<Db extends SqliteDatabase> implements SqlConnector<Db> {
  readonly #db: Db
  readonly #clock: Clock

  constructor(db: Db, clock: Clock) {
    this.#db = db
    this.#clock = clock
  }

  transaction<T>(first: readonly string[], body: (session: SqlSession<Db>, result: SqlResult) => Promise<T>, limitMs: number): Promise<T> {
    return turnsOf(this.#db).take(() => this.#transaction(first, body, limitMs))
  }

  async #transaction<T>(
    first: readonly string[],
    body: (session: SqlSession<Db>, result: SqlResult) => Promise<T>,
    limitMs: number,
  ): Promise<T> {
    await this.#patiently('BEGIN IMMEDIATE', limitMs)
    const borrowed = new Borrowed(this.#db, RULES)
    try {
      let begun: SqlResult = { rows: [], changed: 0 }
      for (const statement of first) begun = this.#query(statement, [])
      const query = async (sql: string, values: readonly (string | number)[] = []): Promise<SqlResult> => this.#query(sql, values)
      const result = await body({ tx: borrowed.tx, query }, begun).finally(() => borrowed.end())
      await this.#patiently('COMMIT', limitMs) // readers of a file without a write-ahead log hold it up
      return result
    } catch (error) {
      try {
        this.#db.exec('ROLLBACK')
      } catch (cause) {
        // SQLite may have rolled back by itself (a full disk); else the connection is of no use.
        if (!/no transaction is active/.test(String((cause as Error).message))) throw new ConnectionLost(error)
      }
      throw error
    }
  }

  #query(sql: string, values: readonly (string | number)[]): SqlResult {
    const statement = this.#db.prepare(sql)
    if (/^\s*SELECT|RETURNING/i.test(sql)) return { rows: statement.all(...values) as Row[], changed: 0 }
    const { changes } = statement.run(...values) as { readonly changes: number | bigint }
    return { rows: [], changed: Number(changes) }
  }

  async #patiently(sql: string, limitMs: number): Promise<void> {
    const untilMs = this.#clock.monotonic() + limitMs
    for (;;) {
      try {
        this.#db.exec(sql)
        return
      } catch (error) {
        if (!/database is locked|SQLITE_BUSY/.test(String((error as Error).message)) || this.#clock.monotonic() >= untilMs) throw error
      }
      await sleep(this.#clock, BUSY_RETRY_MS)
    }
  }
}
