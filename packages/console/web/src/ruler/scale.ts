/** From an offset to a place on the ruler, and back. Pure. */
import type { PartitionView, TimeScale } from '../../../src/shapes.ts'

export type Range = 'whole' | 'near'
export type Unit = 'offset' | 'time'
export const isUnit = (text: string | null): text is Unit => text === 'offset' || text === 'time'

export interface Scale {
  /** The offsets at the two ends. */
  readonly from: number
  readonly to: number
  /** 0 to 1; what lies outside is at the end that it is nearest to. */
  place(offset: number): number
  offsetAt(place: number): number
}

const clamp = (value: number, min: number, max: number): number => Math.min(max, Math.max(min, value))

/** `shown`: an offset that has to be on it. Null: the log cannot be read, so that there is nothing to draw. */
export function scaleOf(p: PartitionView, range: Range, unit: Unit, times: TimeScale | undefined, shown: number | null): Scale | null {
  if (p.start === null || p.end === null) return null
  const { from, to } = boundsOf(p.start, p.end, p.committed, range, shown)
  if (unit === 'time' && times !== undefined && times.points.length > 1) return byTime(from, to, times)
  const width = Math.max(1, to - from)
  return {
    from,
    to,
    place: (offset) => clamp((offset - from) / width, 0, 1),
    offsetAt: (place) => Math.round(from + clamp(place, 0, 1) * width),
  }
}

/** Around the group: what is behind the end, and as much again before the committed offset. */
function boundsOf(start: number, end: number, committed: number | null, range: Range, shown: number | null): { from: number; to: number } {
  if (range === 'whole' || committed === null) return { from: start, to: end }
  const behind = Math.max(end - committed, 20)
  const near = committed - Math.ceil(behind * 1.5)
  const from = shown === null ? near : Math.min(near, shown - Math.ceil(behind * 0.2))
  return { from: clamp(from, start, end), to: end }
}

function byTime(from: number, to: number, { points }: TimeScale): Scale {
  const [begin, stop] = [timeOf(points, from), timeOf(points, to)]
  const width = Math.max(1, stop - begin)
  return {
    from,
    to,
    place: (offset) => clamp((timeOf(points, offset) - begin) / width, 0, 1),
    offsetAt: (place) => clamp(Math.round(offsetOf(points, begin + clamp(place, 0, 1) * width)), from, to),
  }
}

type Points = TimeScale['points']

/** Between two points of the scale a straight line. */
export function timeOf(points: Points, offset: number): number {
  const after = points.findIndex((p) => p.offset >= offset)
  if (after < 0) return points.at(-1)!.atMs
  const [a, b] = [points[after - 1], points[after]!]
  if (a === undefined || b.offset === a.offset) return b.atMs
  return a.atMs + ((b.atMs - a.atMs) * (offset - a.offset)) / (b.offset - a.offset)
}

function offsetOf(points: Points, atMs: number): number {
  const after = points.findIndex((p) => p.atMs >= atMs)
  if (after < 0) return points.at(-1)!.offset
  const [a, b] = [points[after - 1], points[after]!]
  if (a === undefined || b.atMs === a.atMs) return b.offset
  return a.offset + ((b.offset - a.offset) * (atMs - a.atMs)) / (b.atMs - a.atMs)
}
