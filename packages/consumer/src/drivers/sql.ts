/** A database as the parts of this package use it, whatever the driver. */

export type SqlValue = string | number
export type Row = Readonly<Record<string, unknown>>

export interface SqlResult {
  readonly rows: readonly Row[]
  /** Rows that the statement inserted, changed or deleted; 0 where the driver does not tell. */
  readonly changed: number
}

/** A transaction that is open on a connection of its own. */
export interface SqlSession<Tx> {
  /** What the user's handler works with. */
  readonly tx: Tx
  query(sql: string, values?: readonly SqlValue[]): Promise<SqlResult>
}

/** A driver. Its errors are its own. */
export interface SqlConnector<Tx> {
  /**
   * Opens a transaction, begins it with `first` (statements without values; in one round trip if the driver can), runs
   * `body` with the result of the last of them, and commits. Rolls back if `body` rejects, and rejects with its error.
   * Rejects with `ConnectionLost` if nobody knows how the transaction ended. Each statement of ours may take `limitMs`;
   * a connection on which one took longer is closed.
   */
  transaction<T>(first: readonly string[], body: (session: SqlSession<Tx>, result: SqlResult) => Promise<T>, limitMs: number): Promise<T>
}

/** The connection is gone, or did not answer in time: whether the transaction was committed is not known. */
export class ConnectionLost extends Error {
  constructor(cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause })
  }
}

/** A number in a statement's text. */
export function int(value: number): string {
  if (!Number.isSafeInteger(value)) throw new RangeError(`${value} is not a safe integer`)
  return String(value)
}
