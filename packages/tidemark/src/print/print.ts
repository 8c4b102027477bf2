/** Data goes to stdout and nothing else does; what is said about it goes to stderr. */
import { outputWidth, write } from './output.ts'
import { type Cell, type Columns, plain, type Row, tableText } from './table.ts'

/** For people, or for programs: JSON, YAML (both whole), or CSV (rows alone). */
export const OUTPUTS = ['table', 'json', 'yaml', 'csv'] as const
export type Output = (typeof OUTPUTS)[number]

interface Printed {
  /** What JSON and YAML print. Default: the rows. */
  readonly data?: unknown
  /** What CSV prints of a row, in order. Default: the fields of the table. */
  readonly fields?: readonly string[]
}

/** `columns` names the fields of the table in their order, and their headings. */
export async function printRows(
  rows: readonly Row[],
  columns: Columns,
  output: Output,
  { data = rows, fields = Object.keys(columns) }: Printed = {},
): Promise<void> {
  switch (output) {
    case 'table':
      return write(tableText(rows, columns, outputWidth()))
    case 'json':
      return printJson(data)
    case 'yaml':
      return write((await import('yaml')).stringify(data, { aliasDuplicateObjects: false }))
    case 'csv':
      return write(csvText(rows, fields))
  }
}

/** On one line, and not longer than this. */
export function cut(text: string, max: number): string {
  const line = plain(text.replaceAll(/\s+/g, ' '))
  return line.length > max ? `${line.slice(0, max - 1)}…` : line
}

/** RFC 4180; null is an empty cell. The names of the fields are the first line, unless these rows follow others. */
export function csvText(rows: readonly Row[], fields: readonly string[], { isFirst = true } = {}): string {
  const lines = rows.map((row) => fields.map((field) => row[field]))
  return [...(isFirst ? [fields] : []), ...lines].map((cells) => `${cells.map(csvCell).join(',')}\n`).join('')
}

function csvCell(cell: Cell): string {
  const text = String(cell ?? '')
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

export const printJson = (value: unknown): Promise<void> => write(`${JSON.stringify(value, null, 2)}\n`)

let quiet = false
let before = ''

/** From now on `say` prints nothing. */
export function beQuiet(): void {
  quiet = true
}

export const isQuiet = (): boolean => quiet

/** From now on `say` first writes this: what takes away an unfinished line. */
export function sayAbove(erase: string): void {
  before = erase
}

/** One line: names and reasons of others are in it. */
export function say(text: string): void {
  if (!quiet) process.stderr.write(`${before}${plain(text)}\n`)
}
