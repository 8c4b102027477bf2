/** One sample after the other, as `lag --watch` prints them. */

import type { GroupLag } from '@tidemark/offsets'
import { numberText } from '@tidemark/platform'
import { csvText, type Output } from '../print/print.ts'
import { tableText, tableTextOfLines } from '../print/table.ts'
import { LAG_FIELDS, type LagView, lagTable } from './lag-table.ts'

/** Of a terminal, in characters. */
export interface Screen {
  readonly rows?: number | undefined
  readonly columns?: number | undefined
}

const HOME_AND_CLEAR = '\u001b[H\u001b[J'

const timeOf = ([first]: readonly GroupLag[]): string => (first === undefined ? 'there are no groups' : new Date(first.atMs).toISOString())

/** In the place of the one before: as much of the table as the terminal has lines and columns for. */
export function liveText(groups: readonly GroupLag[], view: LagView, { rows: height = 24, columns: width = 80 }: Screen): string {
  const { rows, columns } = lagTable(groups, view)
  const lines = [timeOf(groups), ...tableTextOfLines(rows, columns, width).trimEnd().split('\n')]
  const shown = lines.length < height ? lines : [...lines.slice(0, height - 2), `… ${numberText(lines.length - height + 2)} more`]
  return `${HOME_AND_CLEAR}${shown.join('\n')}\n`
}

/** A line of JSON a sample, a document of YAML, rows of CSV, or a table under its time. */
export function sampleText(groups: readonly GroupLag[], view: LagView, output: Output, isFirst: boolean): string {
  const { rows, columns } = lagTable(groups, view)
  const at = timeOf(groups)
  switch (output) {
    case 'json':
      return `${JSON.stringify(groups)}\n`
    case 'yaml':
      return `---\n${JSON.stringify(groups)}\n` // JSON is YAML, and a sample stays a line
    case 'table':
      return `${at}\n${tableText(rows, columns)}\n`
    case 'csv':
      return csvText(
        rows.map((row) => ({ at, ...row })),
        ['at', ...LAG_FIELDS[view]],
        { isFirst },
      )
  }
}
