/** A database with tables of ours: creates them when they are first needed, and gives its errors our names. */
import type { TidemarkError } from '@tidemark/platform'
import { failed, isStoreError, unavailable } from './errors.ts'
import { ConnectionLost, type SqlConnector, type SqlResult, type SqlSession } from './sql.ts'

/** What differs between databases. */
export interface DatabaseKind {
  /** For messages: 'PostgreSQL'. */
  readonly name: string
  /** Creates the tables unless they exist. */
  readonly tables: readonly string[]
  /** Succeeds if the tables exist. */
  readonly probe: string
  /** Whether this error may pass: no connection, a server that shuts down, a deadlock. */
  isPassing(error: unknown): boolean
  /** Whether this error says that the tables do not exist. */
  isMissing(error: unknown): boolean
}

/** A part of ours in a database of this kind: other tables, the same errors. */
export const kindWith = (
  kind: Pick<DatabaseKind, 'name' | 'isPassing' | 'isMissing'>,
  tables: readonly string[],
  table: string,
): DatabaseKind => ({
  name: kind.name,
  isPassing: kind.isPassing,
  isMissing: kind.isMissing,
  tables,
  probe: `SELECT 1 FROM ${table} WHERE 1 = 0`,
})

export interface DatabaseLimits {
  readonly createTables: boolean
  readonly statementTimeoutMs: number
}

const CREATE_ATTEMPTS = 3

export class Database<Tx> {
  readonly #kind: DatabaseKind
  readonly #connector: SqlConnector<Tx>
  readonly #limits: DatabaseLimits
  #ready: Promise<void> | undefined

  constructor(kind: DatabaseKind, connector: SqlConnector<Tx>, limits: DatabaseLimits) {
    this.#kind = kind
    this.#connector = connector
    this.#limits = limits
  }

  /** The tables exist; created by the first call that needs them, unless that was switched off. */
  prepare(): Promise<void> {
    this.#ready ??= this.#createTables().catch((error) => {
      this.#ready = undefined
      throw error
    })
    return this.#ready
  }

  async #createTables(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const missing = await this.#findMissing()
      if (missing === undefined) return
      if (!this.#limits.createTables) throw this.named('find its tables', missing)
      try {
        await this.transaction([], async (session) => {
          for (const statement of this.#kind.tables) await session.query(statement)
        })
      } catch (error) {
        // Another member may have created them in this moment, which `IF NOT EXISTS` does not always notice.
        if (attempt === CREATE_ATTEMPTS) throw this.named('create its tables', error)
      }
    }
  }

  /** The error that says that tables are missing. */
  async #findMissing(): Promise<unknown> {
    try {
      await this.transaction([], (session) => session.query(this.#kind.probe))
      return undefined
    } catch (error) {
      if (this.#kind.isMissing(error)) return error
      throw this.named('find its tables', error)
    }
  }

  /**
   * Errors are the driver's own. A statement of ours may take `extraMs` longer than others: one that waits for a lock.
   */
  transaction<T>(first: readonly string[], body: (session: SqlSession<Tx>, result: SqlResult) => Promise<T>, extraMs = 0): Promise<T> {
    return this.#connector.transaction(first, body, this.#limits.statementTimeoutMs + extraMs)
  }

  /**
   * A transaction of our own: rejects with STORE_UNAVAILABLE, STORE_FAILED, or what `body` throws as `TidemarkError`
   * FENCED.
   */
  async own<T>(
    what: string,
    first: readonly string[],
    body: (session: SqlSession<Tx>, result: SqlResult) => Promise<T>,
    extraMs = 0,
  ): Promise<T> {
    try {
      return await this.transaction(first, body, extraMs)
    } catch (error) {
      throw this.named(what, error)
    }
  }

  mayPass(error: unknown): boolean {
    return error instanceof ConnectionLost || this.#kind.isPassing(error)
  }

  named(what: string, error: unknown): TidemarkError {
    if (isStoreError(error, 'FENCED')) return error
    return this.mayPass(error) ? unavailable(this.#kind.name, what, error) : failed(this.#kind.name, what, error)
  }
}
