/**
 * The connection of a transaction as a handler has it. The store alone ends the transaction and gives the connection
 * back: a handler that did so would part its writes from the mark of its record. Once the handler has ended, or the
 * transaction was lost, everything is refused: the connection belongs to another transaction by then, or to none.
 *
 * Invariant: what a handler sends is part of its own transaction, or is not sent.
 */

export interface BorrowRules {
  /** Methods that would end the transaction, or give the connection away. */
  readonly withheld: readonly PropertyKey[]
  /** Statements that end a transaction in this database, besides the common ones. */
  readonly ending?: RegExp
  /** Methods whose argument is a function that gets a connection in its turn. */
  readonly nested?: readonly PropertyKey[]
  /** Told of each error of a statement. */
  readonly onError?: (error: unknown) => void
}

const OVER = 'the handler has ended, and its transaction with it: wait in the handler for everything that uses tx'

export class Borrowed<C extends object> {
  readonly tx: C
  readonly #rules: BorrowRules
  #refusal: string | undefined

  constructor(connection: C, rules: BorrowRules) {
    this.#rules = rules
    this.tx = this.#guarded(connection)
  }

  /** The handler has ended. */
  end(): void {
    this.refuse(OVER)
  }

  /** From now on everything is refused with this text. */
  refuse(why: string): void {
    this.#refusal ??= why
  }

  #guarded<T extends object>(target: T): T {
    return new Proxy(target, {
      apply: (to, self, values) => {
        this.#check(values[0])
        return this.#watched(Reflect.apply(to as never, self, values))
      },
      get: (from, name) => {
        const member = Reflect.get(from, name)
        // A driver takes its listeners off when a statement is over.
        if (typeof member !== 'function' || name === 'constructor' || name === 'removeListener' || name === 'off') return member
        return (...values: unknown[]) => {
          if (this.#rules.withheld.includes(name)) throw new Error(ofStore(`${String(name)}()`))
          this.#check(values[0])
          return this.#watched(member.apply(from, this.#rules.nested?.includes(name) ? values.map((v) => this.#nested(v)) : values))
        }
      },
    })
  }

  #nested(value: unknown): unknown {
    return typeof value === 'function' ? (inner: object) => value(this.#guarded(inner)) : value
  }

  #check(statement: unknown): void {
    if (this.#refusal !== undefined) throw new Error(this.#refusal)
    const text = textOf(statement)
    if (text !== undefined && (ENDING.test(text) || this.#rules.ending?.test(text))) throw new Error(ofStore(text.trim().slice(0, 60)))
  }

  /** A query of `postgres` runs when it is first awaited: it must not be looked at before. */
  #watched<R>(result: R): R {
    if (this.#rules.onError !== undefined && result instanceof Promise) result.catch(this.#rules.onError)
    return result
  }
}

const ofStore = (what: string): string =>
  `'${what}' is refused on tx: the transaction of a handler is committed with the mark of its record, when the handler has ended; use a savepoint for a part of it`

/** At the beginning of a statement, after comments; or at the end of several. */
const ENDING =
  /^(?:\s|--[^\n]*\n|\/\*(?:[^*]|\*(?!\/))*\*\/)*(?:commit|end|abort|begin(?!\s+atomic)|rollback(?!(?:\s+(?:work|transaction))?\s+to\b)|start\s+transaction|prepare\s+transaction)\b|;\s*(?:commit|rollback)\s*;?\s*$/is

/** Of a call with a text, with `{ text }` or `{ sql }`, or of a template. */
function textOf(statement: unknown): string | undefined {
  if (typeof statement === 'string') return statement
  if (Array.isArray(statement)) return 'raw' in statement ? String(statement[0]) : undefined
  const { text, sql } = (statement ?? {}) as { text?: unknown; sql?: unknown }
  return [text, sql].find((t) => typeof t === 'string') as string | undefined
}
