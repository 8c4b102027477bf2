/** The log of one partition, drawn to scale: what is deleted next, what is done, what is open, and who stands where. */
import { type CSSProperties, useMemo } from 'react'
import type { PartitionView, TimeScale } from '../../../src/shapes.ts'
import { count, time, utc } from '../format.ts'
import { Grip } from './grip.tsx'
import { type Range, scaleOf, type Unit } from './scale.ts'

export interface Ghost {
  readonly offset: number
  readonly atMs: number
}

export interface RulerProps {
  readonly position: PartitionView
  readonly range: Range
  readonly unit: Unit
  readonly times: TimeScale | undefined
  readonly ghosts: readonly Ghost[]
  readonly target: number | null
  readonly onTarget: ((offset: number | null) => void) | null
}

const percent = (place: number): string => `${(place * 100).toFixed(3)}%`
const sideOf = (place: number): 'left' | 'right' | 'middle' => (place < 0.08 ? 'right' : place > 0.9 ? 'left' : 'middle')

export function Ruler({ position: p, range, unit, times, ghosts, target, onTarget }: RulerProps) {
  // While a mark is dragged the scale stands still; a plan that is reviewed has to be seen.
  const shown = onTarget === null ? target : null
  const scale = useMemo(() => scaleOf(p, range, unit, times, shown), [p, range, unit, times, shown])
  if (scale === null) return <p className="dim">{p.error?.message ?? 'the log cannot be read'}</p>
  const { start, end, committed, stable } = { ...p, start: p.start!, end: p.end! }
  const at = (offset: number): string => percent(scale.place(offset))
  const between = (from: number, to: number): CSSProperties => ({
    left: at(from),
    width: percent(Math.max(0, scale.place(to) - scale.place(from))),
  })
  const done = committed ?? start
  const dueTo = times?.dueOffset == null ? start : Math.min(times.dueOffset, end)
  const words = [
    `Partition ${p.partition}: log ${count(start)} to ${count(end)}`,
    committed === null
      ? 'nothing committed'
      : `committed ${count(committed)}${p.committedAtMs === null ? '' : ` at ${time(p.committedAtMs)}`}`,
    ...(p.doneAbove > 0 ? [`${count(p.doneAbove)} done above it`] : []),
    ...(p.open !== null ? [`${count(p.open)} open`] : []),
    ...(target !== null ? [`planned ${count(target)}`] : []),
  ].join('; ')
  const placed = committed === null ? null : scale.place(committed)
  return (
    <fieldset className="ruler" aria-label={words}>
      <div className="band">
        <i className="done" style={between(start, done)} />
        <i className="open" style={between(Math.max(done, start), end)} />
        {p.doneRanges.map(([from, to]) => (
          <i key={from} className="ahead" style={between(from, to)} />
        ))}
        <i className="gone" style={between(start, Math.min(dueTo, Math.max(start, done)))} />
      </div>
      {ghosts
        .filter((g) => g.offset >= scale.from && g.offset <= scale.to)
        .map((g) => (
          <span
            key={`${g.offset} ${g.atMs}`}
            className="ghost"
            style={{ left: at(g.offset) }}
            title={`${time(g.atMs)} (${utc(g.atMs)}): ${count(g.offset)}`}
          />
        ))}
      {stable !== null && stable < end && (
        <span className="mark low lso" style={{ left: at(stable) }} title={`last stable offset ${count(stable)}: a transaction is open`}>
          <span data-side="left">LSO</span>
        </span>
      )}
      <span className="mark low" style={{ left: at(end) }}>
        <span data-side={sideOf(scale.place(end))}>{count(end)}</span>
      </span>
      {scale.from > start && <span className="visually-hidden">The drawing begins at {count(scale.from)}.</span>}
      {target !== null && (
        <span className="flag" style={{ left: at(target) }}>
          <span data-side={scale.place(target) > 0.8 ? 'left' : 'right'}>plan: {count(target)}</span>
        </span>
      )}
      {placed !== null && (
        <Grip
          partition={p}
          scale={scale}
          target={target}
          onTarget={onTarget}
          label={`${count(committed!)}${p.committedAtMs === null ? '' : ` · ${time(p.committedAtMs)}`}`}
          side={sideOf(placed)}
          left={percent(placed)}
        />
      )}
    </fieldset>
  )
}
