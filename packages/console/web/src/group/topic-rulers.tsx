import { useState } from 'react'
import type { Finding, PartitionView, TimeScale } from '../../../src/shapes.ts'
import { plural } from '../format.ts'
import { Link } from '../parts/link.tsx'
import { Failure, Panel, Segments } from '../parts/parts.tsx'
import { type Ghost, Ruler } from '../ruler/ruler.tsx'
import { isUnit, type Range, type Unit } from '../ruler/scale.ts'
import { useLoaded } from '../state/api.ts'
import { topicPath, useQueryValue } from '../state/router.ts'
import { Facts } from './facts.tsx'
import { type Targets, targetKey } from './targets.ts'

export type Aim = (topic: string, partition: number, offset: number | null) => void

interface TopicRulersProps {
  readonly group: string
  readonly findings: readonly Finding[]
  readonly topic: string
  readonly positions: readonly PartitionView[]
  readonly targets: Targets
  readonly ghosts: ReadonlyMap<string, readonly Ghost[]>
  readonly onTarget: Aim | null
}

const SHOWN = 50
const SCALES_AGAIN_MS = 30_000

/** The rulers of one topic's partitions. */
export function TopicRulers({ group, findings, topic, positions, targets, ghosts, onTarget }: TopicRulersProps) {
  const [unitText, setUnit] = useQueryValue('scale')
  const [rangeText, setRange] = useQueryValue('range')
  const [shown, setShown] = useState(SHOWN)
  const unit: Unit = isUnit(unitText) ? unitText : 'offset'
  const range: Range = rangeText === 'whole' ? 'whole' : 'near'
  const readable = positions.filter((p) => p.error === null).slice(0, shown)
  const query = readable.map((p) => p.partition).join(',')
  const scales = useLoaded<readonly TimeScale[]>(
    readable.length === 0 ? null : `/api/topics/${encodeURIComponent(topic)}/time-scales?partitions=${query}`,
    SCALES_AGAIN_MS,
  )
  return (
    <Panel
      title={topic}
      header={
        <>
          <span className="dim small">{plural(positions.length, 'partition')}</span>
          <Segments<Unit>
            label={`Scale of ${topic}`}
            value={unit}
            choices={[
              { value: 'offset', label: 'Offset' },
              { value: 'time', label: 'Time' },
            ]}
            onChange={(value) => setUnit(value === 'offset' ? null : value)}
          />
          <Segments<Range>
            label={`Range of ${topic}`}
            value={range}
            choices={[
              { value: 'whole', label: 'Whole log' },
              { value: 'near', label: 'Around the group' },
            ]}
            onChange={(value) => setRange(value === 'near' ? null : value)}
          />
          <Link href={topicPath(topic)} className="small">
            records
          </Link>
          <span className="dim small end">{onTarget === null ? '' : 'drag a committed mark, or use the arrow keys, to plan a move'}</span>
        </>
      }
    >
      {/* Without it the rulers go by offset, and look alike. */}
      {unit === 'time' && scales.error !== undefined && <Failure error={scales.error} />}
      <div className="rows">
        {positions.slice(0, shown).map((p) => {
          const target = targets.get(targetKey(topic, p.partition))?.offset ?? null
          const aim = onTarget === null ? null : (offset: number | null) => onTarget(topic, p.partition, offset)
          return (
            <div key={p.partition} className="row">
              <div className="p">{p.partition}</div>
              <Ruler
                position={p}
                unit={unit}
                range={range}
                times={scales.data?.find((s) => s.partition === p.partition)}
                ghosts={ghosts.get(targetKey(topic, p.partition)) ?? []}
                target={target}
                onTarget={aim}
              />
              <Facts
                group={group}
                finding={findings.find((f) => f.topic === topic && f.partition === p.partition)}
                position={p}
                target={target}
                onTarget={aim}
              />
            </div>
          )
        })}
        {shown < positions.length && (
          <button type="button" className="quiet" onClick={() => setShown(shown + SHOWN * 4)}>
            Show {plural(Math.min(SHOWN * 4, positions.length - shown), 'more partition')} of {positions.length}
          </button>
        )}
      </div>
      <Key />
    </Panel>
  )
}

const Key = () => (
  <div className="key">
    <span>
      <i className="gone" />
      deleted next by retention
    </span>
    <span>
      <i className="done" />
      done and committed
    </span>
    <span>
      <i className="ahead" />
      done above the commit
    </span>
    <span>
      <i className="open" />
      open
    </span>
    <span>○ earlier positions</span>
    <span>┆ planned</span>
  </div>
)
