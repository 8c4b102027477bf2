/** The driver `postgres`: a transaction is what `sql.begin` gives. */
import { type Clock, sleep } from '@tidemark/platform'
import { codeOf } from './errors.ts'
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
    let isLost = false
    const run = async (sql: PostgresTransaction): Promise<T> => {
      const begun = first.length === 0 ? [] : await timed(sql.unsafe(first.join('; ')).simple())
      limit.cancel()
      const session: SqlSession<Tx> = {
        tx: guarded(sql, () => isLost) as Tx,
        query: async (text, values = []) => resultOf(await timed(sql.unsafe(numbered(text), [...values]))),
      }
      try {
        return await body(session, resultOf(begun))
      } finally {
        limit = this.#clock.schedule(limitMs, () => over.reject(tooLong(limitMs)))
      }
    }
    // On a connection that is gone the driver would still send a rollback, or a commit, which ends the process: once it
    // has said that the connection is closed, it must not hear how the body ended.
    const silenced = async (sql: PostgresTransaction): Promise<T> => {
      try {
        const result = await run(sql)
        return isLost ? await never : result
      } catch (error) {
        if (!isConnectionCode(error)) await sleep(this.#clock, 0) // its own word comes in the same turn
        if (isLost || isConnectionCode(error)) return await never
        throw error
      }
    }
    try {
      const transaction = this.#sql.begin('isolation level read committed', silenced).catch((error) => {
        isLost ||= isConnectionCode(error)
        throw error
      })
      return await Promise.race([transaction, over.promise])
    } catch (error) {
      if (isConnectionCode(error) || error instanceof TooLong) throw new ConnectionLost(error)
      throw error
    } finally {
      limit.cancel()
    }
  }
}

/**
 * The driver connects again in the place of a connection that is lost, and would run there, outside of any transaction
 * or within another one, what a handler still sends: from then on its transaction refuses everything.
 */
function guarded<S extends object>(sql: S, isLost: () => boolean): S {
  const check = (): void => {
    if (isLost()) throw new Error('the connection of this transaction is lost, and the transaction with it')
  }
  const passed = (name: string | symbol, value: unknown): unknown =>
    name === 'savepoint' && typeof value === 'function' ? (inner: S) => value(guarded(inner, isLost)) : value
  return new Proxy(sql, {
    apply(target, self, values) {
      check()
      return Reflect.apply(target as never, self, values)
    },
    get(target, name) {
      const member = Reflect.get(target, name)
      if (typeof member !== 'function') return member
      return (...values: unknown[]) => {
        check()
        return member.apply(
          target,
          values.map((value) => passed(name, value)),
        )
      }
    },
  })
}

const never = new Promise<never>(() => {})

/** Codes that say that the connection is gone: SQLSTATE, or the driver's own. */
const isConnectionCode = (error: unknown): boolean => /^(08|57P0|CONNECTION_|CONNECT_)/.test(codeOf(error))

class TooLong extends Error {}
const tooLong = (limitMs: number): TooLong => new TooLong(`no answer within ${limitMs} ms`)

function resultOf(result: Rows | readonly Rows[]): SqlResult {
  const rows = Array.isArray(result[0]) ? (result.at(-1) as Rows) : (result as Rows)
  return { rows, changed: rows.count ?? 0 }
}
