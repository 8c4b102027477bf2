/** The driver `postgres`: a transaction is what `sql.begin` gives. */
import { type Clock, sleep } from '@tidemark/platform'
import { Borrowed } from './borrowed.ts'
import { codeOf } from './errors.ts'
import { numbered } from './pg.ts'
import { ConnectionLost, type SqlConnector, type SqlResult, type SqlSession, type SqlValue } from './sql.ts'
import { Connections, within } from './within.ts'

type Rows = readonly Record<string, unknown>[] & { readonly count?: number | null }

/** What is used of a transaction of `postgres`. */
interface PostgresTransaction {
  unsafe(sql: string, values?: any[]): Promise<any> & { simple(): Promise<any> }
}

export interface PostgresSql {
  begin(options: string, body: (sql: any) => any): Promise<unknown>
  unsafe(sql: string, values?: any[]): unknown
}

const RULES = { withheld: ['prepare', 'begin', 'end', 'close', 'release'], nested: ['savepoint'] }

export class PostgresJsConnector<Tx> implements SqlConnector<Tx> {
  readonly #clock: Clock
  readonly #begun: Connections<Begun>

  constructor(sql: PostgresSql, clock: Clock) {
    this.#clock = clock
    this.#begun = new Connections(clock, () => begin(sql, clock))
  }

  async transaction<T>(
    first: readonly string[],
    body: (session: SqlSession<Tx>, result: SqlResult) => Promise<T>,
    limitMs: number,
  ): Promise<T> {
    // The driver never gives up by itself, and would begin long after the call was tried again: what is left to it must
    // not know of the body.
    const begun = await this.#begun.take(limitMs)
    const { sql, ended } = begun
    const timed = <R>(promise: Promise<R>): Promise<R> => within(this.#clock, limitMs, promise)
    const run = async (): Promise<T> => {
      const answer = first.length === 0 ? [] : await timed(sql.unsafe(first.join('; ')).simple())
      const query = async (text: string, values: readonly SqlValue[] = []): Promise<SqlResult> =>
        resultOf(await timed(sql.unsafe(numbered(text), [...values])))
      return await body({ tx: begun.borrowed.tx as Tx, query }, resultOf(answer)).finally(() => begun.borrowed.end())
    }
    let result: T
    try {
      result = await Promise.race([run(), ended]) // it ends before the body does if the connection is lost
    } catch (error) {
      await begun.fail(error)
      return await timed(ended).catch(told)
    }
    begun.commit()
    await timed(ended).catch(told)
    return result
  }
}

/** A transaction that is open, and that the driver ends with what it is told of its body. */
class Begun {
  readonly sql: PostgresTransaction
  readonly borrowed: Borrowed<PostgresTransaction>
  /** Settles as the transaction ended; rejects at once if the connection is lost. */
  readonly ended: Promise<never>
  isLost = false
  readonly #body: PromiseWithResolvers<void>
  readonly #clock: Clock

  constructor(sql: PostgresTransaction, body: PromiseWithResolvers<void>, ended: Promise<never>, clock: Clock) {
    this.sql = sql
    this.borrowed = new Borrowed(sql, RULES)
    this.ended = ended
    this.#body = body
    this.#clock = clock
    ended.catch((error) => {
      this.isLost ||= isConnectionCode(error)
      // The driver connects again in the place of a connection that is lost, and would run there, outside of any
      // transaction or within another one, what a handler still sends.
      if (this.isLost) this.borrowed.refuse('the connection of this transaction is lost, and the transaction with it')
    })
  }

  commit(): void {
    this.#body.resolve()
  }

  /**
   * On a connection that is gone the driver would still send a rollback, which ends the process: once it has said that
   * the connection is closed, it must not hear how the body ended.
   */
  async fail(error: unknown): Promise<void> {
    if (isConnectionCode(error)) return
    await sleep(this.#clock, 0) // the driver's own word comes in the same turn
    if (!this.isLost) this.#body.reject(error)
  }

  /** Nobody wants it any more. */
  release(): void {
    void this.fail(new Error('nobody waits for this transaction any more'))
  }
}

/** Resolves once it is open. */
function begin(sql: PostgresSql, clock: Clock): Promise<Begun> {
  const begun = Promise.withResolvers<Begun>()
  const ended: Promise<never> = sql.begin('isolation level read committed', (transaction: PostgresTransaction) => {
    const body = Promise.withResolvers<void>()
    begun.resolve(new Begun(transaction, body, ended, clock))
    return body.promise
  }) as Promise<never>
  ended.catch(begun.reject)
  return begun.promise
}

/** How it ended is not known where the connection was lost. */
function told(error: unknown): never {
  throw isConnectionCode(error) ? new ConnectionLost(error) : error
}

/** Codes that say that the connection is gone: SQLSTATE, or the driver's own. */
const isConnectionCode = (error: unknown): boolean => /^(08|57P0|CONNECTION_|CONNECT_)/.test(codeOf(error))

function resultOf(result: Rows | readonly Rows[]): SqlResult {
  const rows = Array.isArray(result[0]) ? (result.at(-1) as Rows) : (result as Rows)
  return { rows, changed: rows.count ?? 0 }
}
