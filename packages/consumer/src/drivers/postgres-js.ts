/** The driver `postgres`: a transaction is what `sql.begin` gives. */
import type { Clock } from '@tidemark/platform'
import { numbered } from './pg.ts'
import { ConnectionLost, type SqlConnector, type SqlResult, type SqlSession } from './sql.ts'
import { within } from './within.ts'

type Rows = readonly Record<string, unknown>[] & { readonly count?: number | null }

/** What is used of a transaction of `postgres`. */
interface PostgresTransaction {
  unsafe(sql: string, values?: any[]): Promise<any> & { simple(): Promise<any> }
}

export interface PostgresSql {
  begin(options: string, body: (sql: any) => any): Promise<any>
  unsafe(sql: string, values?: any[]): unknown
}

export class PostgresJsConnector<Tx> implements SqlConnector<Tx> {
  readonly #sql: PostgresSql
  readonly #clock: Clock

  constructor(sql: PostgresSql, clock: Clock) {
    this.#sql = sql
    this.#clock = clock
  }

  async transaction<T>(
    first: readonly string[],
    body: (session: SqlSession<Tx>, result: SqlResult) => Promise<T>,
    limitMs: number,
  ): Promise<T> {
    const over = Promise.withResolvers<never>()
    over.promise.catch(() => {}) // nobody may be waiting for it any more
    // The driver ends the transaction by itself: the time for that runs from the end of the body, and to its beginning.
    let limit = this.#clock.schedule(limitMs, () => over.reject(tooLong(limitMs)))
    const timed = <R>(promise: Promise<R>): Promise<R> => within(this.#clock, limitMs, promise)
    const run = async (sql: PostgresTransaction): Promise<T> => {
      const begun = first.length === 0 ? [] : await timed(sql.unsafe(first.join('; ')).simple())
      limit.cancel()
      const session: SqlSession<Tx> = {
        tx: sql as Tx,
        query: async (text, values = []) => resultOf(await timed(sql.unsafe(numbered(text), [...values]))),
      }
      try {
        return await body(session, resultOf(begun))
      } finally {
        limit = this.#clock.schedule(limitMs, () => over.reject(tooLong(limitMs)))
      }
    }
    try {
      return await Promise.race([this.#sql.begin('isolation level read committed', run), over.promise])
    } catch (error) {
      if (isConnectionCode(error) || error instanceof TooLong) throw new ConnectionLost(error)
      throw error
    } finally {
      limit.cancel()
    }
  }
}

/** Codes that say that the connection is gone: SQLSTATE, or the driver's own. */
const isConnectionCode = (error: unknown): boolean =>
  /^(08|57P0|CONNECTION_|CONNECT_)/.test(String((error as { code?: unknown } | null)?.code ?? ''))

class TooLong extends Error {}
const tooLong = (limitMs: number): TooLong => new TooLong(`no answer within ${limitMs} ms`)

function resultOf(result: Rows | readonly Rows[]): SqlResult {
  const rows = Array.isArray(result[0]) ? (result.at(-1) as Rows) : (result as Rows)
  return { rows, changed: rows.count ?? 0 }
}
