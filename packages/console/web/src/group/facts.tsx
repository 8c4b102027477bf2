import type { Finding, PartitionView } from '../../../src/shapes.ts'
import { count, plural, rate } from '../format.ts'
import { Link } from '../parts/link.tsx'
import { Duration } from '../parts/parts.tsx'
import { groupPath } from '../state/router.ts'

interface FactsProps {
  readonly group: string
  readonly position: PartitionView
  /** What the doctor says of it. */
  readonly finding: Finding | undefined
  readonly target: number | null
  readonly onTarget: ((offset: number | null) => void) | null
}

/** Beside the ruler, in words: how much, since when, who, how fast, and why. */
export function Facts({ group, position: p, finding, target, onTarget }: FactsProps) {
  return (
    <div className="facts">
      <b>{p.open === null ? 'not known' : `${count(p.open)} open`}</b>
      <span>{p.open === 0 ? 'now' : <Duration measured={p.ageMs} none="" />}</span>
      <span className="dim">{p.owner?.clientId ?? 'no owner'}</span>
      <span className="dim">{p.handledPerSecond === null ? '' : rate(p.handledPerSecond)}</span>
      <span className="why">
        {finding?.message ?? reasonOf(p)}
        {p.committed !== null && p.open !== null && p.open > 0 && (
          <>
            {' '}
            · <Link href={`${groupPath(group)}?peek=${encodeURIComponent(`${p.topic}:${p.partition}`)}`}>look at the record</Link>
          </>
        )}
      </span>
      {target !== null && onTarget !== null && (
        <label className="plan">
          <span>plan</span>
          <input
            type="number"
            min={p.start ?? 0}
            max={p.end ?? undefined}
            value={target}
            onChange={(e) => onTarget(e.target.value === '' ? null : Number(e.target.value))}
            aria-label={`Planned offset of ${p.topic}, partition ${p.partition}`}
          />
          <button
            type="button"
            className="quiet small"
            onClick={() => onTarget(null)}
            aria-label={`Drop the plan of partition ${p.partition}`}
          >
            drop
          </button>
        </label>
      )}
    </div>
  )
}

function reasonOf(p: PartitionView): string {
  if (p.error !== null) return p.error.message
  if (p.reason === 'nothing-committed' || p.committed === null) return 'nothing is committed here: a member begins by auto.offset.reset'
  if (p.reason === 'below-start') return `${count(p.start! - p.committed)} records were deleted unread`
  if (p.reason === 'beyond-end') return `committed ${count(p.committed - p.end!)} beyond the end: the log was cut, or the topic made anew`
  if (p.open === 0) return 'everything is done and committed'
  const retry = p.retries.find((r) => r.offset === p.committed)
  if (retry?.isCondemned)
    return `offset ${count(retry.offset)} is not handled any more: ${plural(retry.deaths, 'process', 'processes')} died of it`
  const above = p.doneAbove > 0 ? `; ${count(p.doneAbove)} records above the commit are done` : ''
  if (retry !== undefined && retry.attempts > 0)
    return `offset ${count(retry.offset)} failed ${plural(retry.attempts, 'time')} and is tried again${above}`
  if (p.owner === null) return `nobody reads it${above}`
  if (p.handledPerSecond === 0) return `no commit since it was first looked at${above}`
  return p.handledPerSecond === null ? `being read${above}` : `being read; the commit moves${above}`
}
