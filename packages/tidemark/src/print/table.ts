/** A table of columns, for people. On a terminal no line is wider than it is; what is piped is never cut. */
import { fitted, widthOf } from './width.ts'

export type Cell = string | number | boolean | null | undefined

export type Row = Readonly<Record<string, Cell>>

export type Columns = Readonly<Record<string, string>>

/** A column of text is not made narrower than this. */
const TEXT_MIN = 12
const GAP = 2

/** `width` is that of a terminal: undefined where there is none. */
export function tableText(rows: readonly Row[], columns: Columns, width?: number): string {
  const table = tableOf(rows, columns)
  if (width === undefined) return aligned(table)
  const widths = widthsWithin(width, table)
  return widths === undefined ? asLists(table, width) : aligned(within(widths, table))
}

/** As `tableText`, but the last columns are left out where all of them do not fit: each row stays one line. */
export function tableTextOfLines(rows: readonly Row[], columns: Columns, width: number): string {
  const table = tableOf(rows, columns)
  const widths = widthsWithin(width, table)
  if (widths !== undefined) return aligned(within(widths, table))
  const fewer = Object.entries(columns).slice(0, -1)
  if (fewer.length === 0) return asLists(table, width)
  return tableTextOfLines(rows, Object.fromEntries(fewer), width)
}

interface CellTable {
  readonly heads: readonly string[]
  readonly cells: readonly (readonly string[])[]
  /** By column: numbers stand to the right, and are never cut. */
  readonly isNumber: readonly boolean[]
}

function tableOf(rows: readonly Row[], columns: Columns): CellTable {
  const fields = Object.keys(columns)
  return {
    heads: Object.values(columns),
    cells: rows.map((row) => fields.map((field) => plain(String(row[field] ?? '-')))),
    isNumber: fields.map((field) => isNumeric(rows.map((row) => row[field]))),
  }
}

const within = (widths: readonly number[], { cells, ...table }: CellTable): CellTable => ({
  ...table,
  cells: cells.map((row) => row.map((cell, i) => fitted(cell, widths[i]!))),
})

function aligned(table: CellTable): string {
  const widths = widthsOf(table)
  const lineOf = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => {
        const space = ' '.repeat(widths[i]! - widthOf(cell))
        return table.isNumber[i] ? space + cell : cell + space
      })
      .join(' '.repeat(GAP))
      .trimEnd()
  return `${[table.heads, ...table.cells].map(lineOf).join('\n')}\n`
}

/** Of the widest cell of each column. */
const widthsOf = ({ heads, cells }: CellTable): number[] =>
  heads.map((head, i) => cells.reduce((widest, row) => Math.max(widest, widthOf(row[i]!)), widthOf(head)))

/** The widest text gives way first. Undefined: the columns do not fit side by side. */
function widthsWithin(width: number, table: CellTable): number[] | undefined {
  const { heads, isNumber } = table
  const widths = widthsOf(table)
  const least = heads.map((head, i) => (isNumber[i] ? widths[i]! : Math.min(widths[i]!, Math.max(TEXT_MIN, widthOf(head)))))
  const gaps = GAP * (heads.length - 1)
  const total = (of: readonly number[]): number => of.reduce((sum, n) => sum + n, gaps)
  if (total(least) > width) return undefined
  for (let over = total(widths) - width; over > 0; over--) {
    const spare = widths.map((n, i) => (n > least[i]! ? n : 0))
    widths[spare.indexOf(Math.max(...spare))]!--
  }
  return widths
}

/** Each row as lines of a heading and its value, with an empty line between rows. */
function asLists({ heads, cells }: CellTable, width: number): string {
  const headWidth = Math.max(...heads.map(widthOf))
  const valueWidth = Math.max(1, width - headWidth - GAP)
  const lists = cells.map((row) => row.map((cell, i) => `${heads[i]!.padEnd(headWidth + GAP)}${fitted(cell, valueWidth)}\n`).join(''))
  return lists.join('\n')
}

/** Without what would move a terminal's cursor: names, keys and metadata are other people's text. */
export const plain = (text: string): string => text.replaceAll(/\p{Cc}/gu, '\u{fffd}')

/** Numbers, and durations such as `~1 min 5 s`. */
const isNumeric = (cells: readonly Cell[]): boolean =>
  cells.some((cell) => typeof cell === 'number') || cells.some((cell) => /^[~≥≤]?\d+(\.\d+)? (ms|s|min|h|d)\b/.test(String(cell)))
