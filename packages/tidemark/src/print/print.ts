/** Data goes to stdout and nothing else does; what is said about it goes to stderr. */
import Table from 'cli-table3'

type Cell = string | number | null | undefined

export type Row = Readonly<Record<string, Cell>>

/** A table for people, or an array of objects for programs. `columns` names the fields in order and their headings. */
export function printRows(rows: readonly Row[], columns: Readonly<Record<string, string>>, output: 'table' | 'json'): void {
  if (output === 'json') return printJson(rows)
  const fields = Object.keys(columns)
  const table = new Table({
    head: Object.values(columns),
    colAligns: fields.map((f) => (rows.some((r) => typeof r[f] === 'number') ? 'right' : 'left')),
    style: { head: [], border: [], compact: true, 'padding-left': 0, 'padding-right': 2 },
    chars: BARE,
  })
  for (const row of rows) table.push(fields.map((f) => String(row[f] ?? '-')))
  process.stdout.write(`${table.toString()}\n`)
}

/** A table without lines: columns alone. */
const BARE = Object.fromEntries(
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

export const printJson = (value: unknown): void => void process.stdout.write(`${JSON.stringify(value, null, 2)}\n`)

export const say = (text: string): void => void process.stderr.write(`${text}\n`)
