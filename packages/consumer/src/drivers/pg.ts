/** The driver `pg`: a transaction is a client of the pool. */
import type { Clock } from '@tidemark/platform'
import { Borrowed } from './borrowed.ts'
import { codeOf } from './errors.ts'
import { ConnectionLost, type SqlConnector, type SqlResult, type SqlSession } from './sql.ts'
import { Connections, within } from './within.ts'

/** SQLSTATE of a server that became a standby. */
const READ_ONLY = '25006'

const RULES = { withheld: ['release', 'end', Symbol.asyncDispose] }

/** Each statement sees what was committed before it began. */
const BEGIN = 'BEGIN ISOLATION LEVEL READ COMMITTED'

interface PgResult {
  readonly rows: readonly Record<string, unknown>[]
  readonly rowCount?: number | null
}

/** What is used of a client of `pg`. */
export interface PgClient {
  query(sql: string, values?: any[]): Promise<any>
  release(destroy?: boolean | Error): void
  on(event: 'error', listener: (error: Error) => void): unknown
  removeListener(event: 'error', listener: (error: Error) => void): unknown
}

export interface PgPool {
  connect(): Promise<any>
  on?(event: 'acquire', listener: (client: any) => void): unknown
}

/**
 * A server that ends tells so in the very turn in which a connection becomes ready: before whoever waits for it can
 * listen, and an error that nobody listens to ends the process. The pool, and who uses the connection, hear of it too.
 */
const heard = new WeakSet<object>()
function hear(client: PgClient): void {
  if (heard.has(client)) return
  heard.add(client)
  client.on('error', () => {})
}

export class PgConnector<Tx> implements SqlConnector<Tx> {
  readonly #clock: Clock
  readonly #connections: Connections<PgClient>

  constructor(pool: PgPool, clock: Clock) {
    this.#clock = clock
    this.#connections = new Connections(clock, () => pool.connect())
    pool.on?.('acquire', hear)
  }

  async transaction<T>(
    first: readonly string[],
    body: (session: SqlSession<Tx>, result: SqlResult) => Promise<T>,
    limitMs: number,
  ): Promise<T> {
    const client: PgClient = await this.#connections.take(limitMs)
    let lost: Error | undefined
    const onError = (error: Error): void => void (lost ??= error)
    client.on('error', onError) // without a listener it would end the process
    const timed = <R>(promise: Promise<R>): Promise<R> => within(this.#clock, limitMs, promise)
    const borrowed = new Borrowed(client, RULES)
    const session: SqlSession<Tx> = {
      tx: borrowed.tx as Tx,
      query: async (sql, values) => resultOf(await timed(client.query(numbered(sql), values === undefined ? undefined : [...values]))),
    }
    let isBroken = true
    try {
      const begun: PgResult | PgResult[] = await timed(client.query([BEGIN, ...first].join('; '))).catch((error) => {
        throw new BeginFailed(error)
      })
      const result = await body(session, resultOf(begun)).finally(() => borrowed.end())
      const { command } = await timed(client.query('COMMIT')).catch((error) => {
        throw new CommitFailed(error)
      })
      // A statement failed, and the handler went on all the same: PostgreSQL answers the COMMIT with a rollback.
      if (command === 'ROLLBACK')
        throw new Error(
          'a statement of the handler failed, and the handler caught its error: nothing was written; use a savepoint for what may fail',
        )
      isBroken = lost !== undefined
      return result
    } catch (error) {
      if (error instanceof CommitFailed && !isServerError(error.cause)) throw new ConnectionLost(lost ?? error.cause)
      const cause = error instanceof CommitFailed || error instanceof BeginFailed ? error.cause : error
      await timed(client.query('ROLLBACK')).catch(() => {
        throw new ConnectionLost(lost ?? cause) // the server's own word, if it gave one: it does not wait for ever for a handler
      })
      // Others of the pool may be connections to the server that took its place.
      isBroken = lost !== undefined || codeOf(cause) === READ_ONLY
      throw cause
    } finally {
      client.removeListener('error', onError)
      client.release(isBroken)
    }
  }
}

class BeginFailed extends Error {
  constructor(cause: unknown) {
    super('BEGIN failed', { cause })
  }
}

class CommitFailed extends Error {
  constructor(cause: unknown) {
    super('COMMIT failed', { cause })
  }
}

/** The server answered, with a SQLSTATE: none begins with E, as the system's own codes do (`EPIPE`). */
const isServerError = (error: unknown): boolean => /^[0-9A-DF-Z][0-9A-Z]{4}$/.test(codeOf(error))

function resultOf(result: PgResult | PgResult[]): SqlResult {
  const last = Array.isArray(result) ? result.at(-1)! : result
  return { rows: last.rows ?? [], changed: last.rowCount ?? 0 }
}

/** `?` as PostgreSQL has it: $1, $2, … */
export function numbered(sql: string): string {
  let n = 0
  return sql.replaceAll('?', () => `$${++n}`)
}
