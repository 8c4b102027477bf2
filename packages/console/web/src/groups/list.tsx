import { memo } from 'react'
import type { FindingCounts, GroupRow } from '../../../src/shapes.ts'
import { count, plural } from '../format.ts'
import { Link } from '../parts/link.tsx'
import { useMedia } from '../parts/media.ts'
import { Chip, Duration, type Tone } from '../parts/parts.tsx'
import { Sparkline } from '../parts/sparkline.tsx'
import { useVirtualRows } from '../parts/virtual.ts'
import { groupPath } from '../state/router.ts'
import type { SortKey } from './rows.ts'

const COLUMNS: readonly { key: SortKey | null; label: string; className: string; says: string }[] = [
  { key: 'group', label: 'Group', className: '', says: 'by name' },
  { key: 'state', label: 'State', className: '', says: 'by state' },
  { key: 'open', label: 'Open', className: 'n', says: 'records to be handled, most first' },
  { key: null, label: 'Trend', className: '', says: '' },
  { key: 'age', label: 'Waits for', className: 'n', says: 'age of the next unread record, oldest first' },
  { key: 'eta', label: 'Caught up in', className: 'n wide', says: 'at the measured rate, longest first' },
  { key: 'runway', label: 'Runway', className: 'n wide', says: 'until retention deletes an unread record, soonest first' },
  { key: 'skew', label: 'Skew', className: 'n wide', says: 'the fullest partition beside the mean, worst first' },
]

export const toneOf = (state: string): Tone =>
  state === 'Stable' ? 'ok' : /Rebalanc|Assigning|Reconciling|NotReady/.test(state) ? 'warn' : 'plain'

interface GroupListProps {
  readonly rows: readonly GroupRow[]
  readonly findings: Readonly<Record<string, FindingCounts>> | undefined
  readonly sort: SortKey
  onSort(key: SortKey): void
}

/** Rows are drawn while they are on the screen: ten thousand scroll as ten do. */
export function GroupList({ rows, findings, sort, onSort }: GroupListProps) {
  const isNarrow = useMedia('(max-width: 820px)')
  const isHuge = useMedia('(min-width: 3000px)')
  const isLarge = useMedia('(min-width: 2200px)')
  const rowHeight = isNarrow ? 64 : isHuge ? 66 : isLarge ? 50 : 44
  const { ref, first, last } = useVirtualRows(rows.length, rowHeight)
  return (
    <div role="table" aria-label="Groups" aria-rowcount={rows.length + 1}>
      <div role="rowgroup">
        <div role="row" className="list-head" aria-rowindex={1}>
          {COLUMNS.map(({ key, label, className, says }) =>
            key === null ? (
              <div key={label} role="columnheader" className={`${className} small dim`}>
                {label}
              </div>
            ) : (
              <div key={label} role="columnheader" className={className} aria-sort={sort === key ? 'other' : 'none'}>
                <button type="button" title={says} onClick={() => onSort(sort === key ? 'worst' : key)}>
                  {label}
                  {sort === key ? ' ▾' : ''}
                </button>
              </div>
            ),
          )}
        </div>
      </div>
      <div role="rowgroup" className="list" ref={ref} style={{ height: rows.length * rowHeight }}>
        {rows.slice(first, last).map((row, i) => (
          <Row
            key={row.group}
            row={row}
            findings={findings !== undefined && Object.hasOwn(findings, row.group) ? findings[row.group] : undefined}
            index={first + i}
            height={rowHeight}
            isNarrow={isNarrow}
          />
        ))}
      </div>
    </div>
  )
}

interface RowProps {
  readonly row: GroupRow
  readonly findings: FindingCounts | undefined
  readonly index: number
  readonly height: number
  readonly isNarrow: boolean
}

const Row = memo(function Row({ row, findings, index, height, isNarrow }: RowProps) {
  const open = row.open === null ? <span className="dim">–</span> : count(row.open)
  const state = (
    <>
      <Chip tone={toneOf(row.state)}>{row.state}</Chip>
      {row.unreadable > 0 && (
        <Chip tone="bad" title="the log of some partitions cannot be read">
          {row.unreadable} unreadable
        </Chip>
      )}
    </>
  )
  return (
    <div role="row" className="list-row" aria-rowindex={index + 2} style={{ height, transform: `translateY(${index * height}px)` }}>
      <div role="cell">
        <Link href={groupPath(row.group)}>{row.group}</Link>
        <div className="dim small">
          {findings !== undefined && <Findings {...findings} />}
          {row.kind} · {row.members === 1 ? '1 member' : `${row.members} members`} · {row.topics.slice(0, 3).join(', ')}
          {row.topics.length > 3 && ` and ${row.topics.length - 3} more`}
        </div>
      </div>
      {isNarrow ? (
        <div role="cell" className="n">
          {state}
          <div className="small">{row.open === null ? '–' : `${count(row.open)} open`}</div>
        </div>
      ) : (
        <>
          <div role="cell">{state}</div>
          <div role="cell" className="n">
            {open}
          </div>
          <div role="cell">
            <Sparkline values={row.trend} />
          </div>
          <div role="cell" className="n">
            <Duration measured={row.open === 0 ? null : row.ageMs} none="–" />
          </div>
          <div role="cell" className="n wide">
            <Duration measured={row.open === 0 ? null : row.etaMs} none="–" />
          </div>
          <div role="cell" className="n wide">
            <Duration measured={row.runwayMs} none="–" bound="least" />
          </div>
          <div role="cell" className="n wide">
            {row.skew === null ? <span className="dim">–</span> : `${row.skew.toFixed(1)} ×`}
          </div>
        </>
      )}
    </div>
  )
})

/** What the doctor found. */
const Findings = ({ errors, warnings }: FindingCounts) => (
  <>
    <span className={errors > 0 ? 'alarm' : 'care'}>{errors > 0 ? plural(errors, 'error') : plural(warnings, 'warning')}</span>
    {' · '}
  </>
)
