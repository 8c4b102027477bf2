/** A group's sample as a row of the list. */
import type { GroupLag } from '@tidemark/offsets'
import type { GroupRow } from '../shapes.ts'
import { thinned } from './trend.ts'

/** Of the drawing in a row. */
const SPARKLINE_POINTS = 24

export function rowOf(lag: GroupLag, trend: readonly number[]): GroupRow {
  const open = lag.partitions.map((p) => p.open ?? 0)
  const sum = open.reduce((a, b) => a + b, 0)
  return {
    group: lag.group,
    kind: lag.kind,
    state: lag.state,
    members: lag.members.length,
    partitions: lag.partitions.length,
    topics: [...new Set(lag.partitions.map((p) => p.topic))],
    lag: lag.lag,
    open: lag.open,
    ageMs: lag.ageMs,
    etaMs: lag.etaMs,
    runwayMs: lag.runwayMs,
    skew: sum === 0 ? null : Math.max(...open) / (sum / open.length),
    trend: thinned(trend, SPARKLINE_POINTS),
    unreadable: lag.partitions.filter((p) => p.error !== null).length + (lag.error === null ? 0 : 1),
  }
}
