/** Data goes to stdout and nothing else does; what is said about it goes to stderr. */
import Table from 'cli-table3'
import { write } from './output.ts'

type Cell = string | number | null | undefined

export type Row = Readonly<Record<string, Cell>>

/** A table for people, or an array of objects for programs. `columns` names the fields in order and their headings. */
export function printRows(rows: readonly Row[], columns: Readonly<Record<string, string>>, output: 'table' | 'json'): Promise<void> {
  if (output === 'json') return printJson(rows)
  const fields = Object.keys(columns)
  const table = new Table({
    head: Object.values(columns),
    colAligns: fields.map((f) => (rows.some((r) => typeof r[f] === 'number') ? 'right' : 'left')),
    style: { head: [], border: [], compact: true, 'padding-left': 0, 'padding-right': 2 },
    chars: WITHOUT_LINES,
  })
  for (const row of rows) table.push(fields.map((f) => String(row[f] ?? '-')))
  return write(`${table.toString()}\n`)
}

/** A table of columns alone. */
const WITHOUT_LINES = Object.fromEntries(
  [
    'top',
    'top-mid',
    'top-left',
    'top-right',
    'bottom',
    'bottom-mid',
    'bottom-left',
    'bottom-right',
    'left',
    'left-mid',
    'mid',
    'mid-mid',
    'right',
    'right-mid',
    'middle',
  ].map((name) => [name, '']),
)

export const printJson = (value: unknown): Promise<void> => write(`${JSON.stringify(value, null, 2)}\n`)

let isQuiet = false

/** From now on `say` and `warn` print nothing. */
export function beQuiet(): void {
  isQuiet = true
}

export function say(text: string): void {
  if (!isQuiet) process.stderr.write(`${text}\n`)
}

/** `count('record', 2)` is `2 records`. */
export const counted = (noun: string, n: number): string => `${n} ${noun}${n === 1 ? '' : 's'}`
