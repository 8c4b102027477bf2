/** The options that all stores have. */
import { checkOptions, describe, durationOption, flagOption, type OptionNames, TidemarkError } from '@tidemark/platform'
import type { DatabaseLimits } from '../drivers/database.ts'

export interface TableOptions {
  /**
   * Whether tables that do not exist are created; if not, run the migration in the package's folder `sql`. Default:
   * true.
   */
  readonly createTables?: boolean
  /** How long a statement of the store's own may take, until its connection is given up. Default: 30,000. */
  readonly statementTimeoutMs?: number
  /**
   * Where the tables are. Default: in PostgreSQL the schema `tidemark`, in MySQL the connection's database, in SQLite
   * `main`.
   */
  readonly schema?: string
}

export interface ExactlyOnceOptions extends TableOptions {
  /**
   * How long a takeover waits for the transactions of the member that had the partition before, until the database is
   * asked to end them. Default: 30,000.
   */
  readonly takeOverTimeoutMs?: number
}

export const TABLE_OPTIONS: OptionNames<TableOptions> = { createTables: true, statementTimeoutMs: true, schema: true }
const OPTIONS: OptionNames<ExactlyOnceOptions> = { ...TABLE_OPTIONS, takeOverTimeoutMs: true }

/** Throws `TidemarkError` INVALID_OPTION. */
export function storeOptions(
  given: ExactlyOnceOptions,
  defaultSchema: string | undefined,
  call: 'exactlyOnce()' | (string & {}),
): DatabaseLimits & { readonly takeOverTimeoutMs: number; readonly schema: string | undefined } {
  checkOptions<ExactlyOnceOptions>(call, given, call === 'exactlyOnce()' ? OPTIONS : (TABLE_OPTIONS as typeof OPTIONS))
  return {
    createTables: flagOption('createTables', given.createTables ?? true),
    takeOverTimeoutMs: durationOption('takeOverTimeoutMs', given.takeOverTimeoutMs ?? 30_000),
    statementTimeoutMs: durationOption('statementTimeoutMs', given.statementTimeoutMs ?? 30_000),
    schema: given.schema === undefined ? defaultSchema : identifier('schema', given.schema),
  }
}

/** A name that needs no quotes in any database. */
function identifier(option: string, value: unknown): string {
  if (typeof value === 'string' && /^[a-z_][a-z0-9_]{0,62}$/i.test(value)) return value
  throw new TidemarkError('INVALID_OPTION', `option '${option}' is ${describe(value)}; it must be a name of letters, digits and '_'`)
}
