import { useEffect, useState } from 'react'
import type { CommitEvent, PositionsAt } from '../../../src/shapes.ts'
import { count, plural, time } from '../format.ts'
import { usePlanning } from '../moves/make-plan.ts'
import { Action, Failure, Panel, Time } from '../parts/parts.tsx'
import { Scroll } from '../parts/scroll.tsx'
import { useLoaded } from '../state/api.ts'
import { useInfo } from '../state/info.ts'

const SETTLE_MS = 250
const STEPS = 1_000

/** Where the group stood at a time: a slider over what the log of commits still holds. */
export function Scrubber({ group, events }: { group: string; events: readonly CommitEvent[] }) {
  const info = useInfo()
  const [nowMs] = useState(() => Date.now())
  const firstMs = Math.min(...events.map((e) => e.atMs), nowMs - 60_000)
  const [step, setStep] = useState(STEPS)
  const atMs = Math.round(firstMs + ((nowMs - firstMs) * step) / STEPS)
  const settled = useSettled(atMs)
  const { data, error } = useLoaded<PositionsAt>(`/api/groups/${encodeURIComponent(group)}/positions-at?at=${settled}`)
  const { error: refused, isPlanning, restore } = usePlanning()
  const rows = data?.positions ?? []
  const why = info?.readOnly
    ? 'this console is read-only'
    : rows.length === 0
      ? 'nothing is known of this time'
      : isPlanning
        ? 'the plan is being made'
        : null
  return (
    <Panel title="Where it stood" header={<span className="dim small">as far back as the log of commits goes</span>}>
      <div className="say">
        <label>
          <span className="visually-hidden">Time</span>
          <input
            className="scrub"
            type="range"
            min={0}
            max={STEPS}
            value={step}
            aria-valuetext={time(atMs)}
            onChange={(e) => setStep(Number(e.target.value))}
          />
        </label>
        <Marks events={events} firstMs={firstMs} lastMs={nowMs} />
        <p>
          <Time atMs={atMs} /> <span className="dim">{data !== undefined && plural(rows.length, 'partition')}</span>
        </p>
      </div>
      {error !== undefined && <Failure error={error} />}
      {rows.length > 0 && (
        <Scroll label="Where it stood">
          <table>
            <thead>
              <tr>
                <th>Partition</th>
                <th className="n">Committed then</th>
                <th>Since</th>
                <th>How sure</th>
              </tr>
            </thead>
            <tbody>
              {rows.map((p) => (
                <tr key={`${p.topic} ${p.partition}`}>
                  <td>
                    {p.topic}-{p.partition}
                  </td>
                  <td className="n">{p.offset === null ? <span className="dim">none</span> : count(p.offset)}</td>
                  <td>{p.committedAtMs !== null && <Time atMs={p.committedAtMs} />}</td>
                  <td>{p.certainty === 'exact' ? 'exact' : 'at most this: what was committed then was compacted away'}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
      {refused !== undefined && <Failure error={refused} />}
      <div className="act">
        <Action why={why} onPress={() => restore(group, settled, 'all')}>
          Plan a move back to there
        </Action>
      </div>
    </Panel>
  )
}

/** Where something happened, above the slider's track. */
function Marks({ events, firstMs, lastMs }: { events: readonly CommitEvent[]; firstMs: number; lastMs: number }) {
  const places = [...new Set(events.map((e) => Math.round(((e.atMs - firstMs) / Math.max(1, lastMs - firstMs)) * 200) / 2))]
  return (
    <div className="scrub-marks" aria-hidden="true">
      {places.map((place) => (
        <i key={place} style={{ left: `${place}%` }} />
      ))}
    </div>
  )
}

/** The value once it has stood still for a moment. */
function useSettled(value: number): number {
  const [settled, setSettled] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), SETTLE_MS)
    return () => clearTimeout(timer)
  }, [value])
  return settled
}
