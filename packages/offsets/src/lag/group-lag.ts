/** The lag of a whole group, of those of its partitions. Pure. */
import { counted, numberText } from '@tidemark/platform'
import type { GroupPositions } from '../read/group-positions.ts'
import type { PositionError } from '../read/limits.ts'
import type { Measured, PartitionLag } from './measure.ts'

export interface GroupLag extends Omit<GroupPositions, 'positions'> {
  /** By topic and partition. */
  readonly partitions: readonly PartitionLag[]
  /** The sum of those that are known; null: none is. */
  readonly lag: number | null
  readonly open: number | null
  /**
   * The oldest of all; an estimate where the next record of one that lags is not known; null: of none that lags it is.
   */
  readonly ageMs: Measured | null
  /** The longest of all, with the same rule. */
  readonly spanMs: Measured | null
  /** The latest of all; null: one that lags is not measured yet, or does not catch up. */
  readonly etaMs: Measured | null
  /** The soonest of all; null: never, or not known. */
  readonly runwayMs: Measured | null
  /** When it was measured, in milliseconds since 1970. */
  readonly atMs: number
  /** Why what the group has committed is not known. */
  readonly error: PositionError | null
}

export function totals(partitions: readonly PartitionLag[]): Pick<GroupLag, 'lag' | 'open' | 'ageMs' | 'spanMs' | 'etaMs' | 'runwayMs'> {
  const lagging = partitions.filter((p) => p.lag !== null && p.lag > 0)
  return {
    lag: sum(partitions.map((p) => p.lag)),
    open: sum(partitions.map((p) => p.open)),
    ageMs: mostOf(partitions, lagging, (p) => p.ageMs),
    spanMs: mostOf(partitions, lagging, (p) => p.spanMs),
    etaMs: lagging.some((p) => p.etaMs === null) ? null : most(partitions.map((p) => p.etaMs)),
    runwayMs: most(
      partitions.map((p) => p.runwayMs),
      -1,
    ),
  }
}

function sum(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null)
  return known.length === 0 ? null : known.reduce((total, value) => total + value, 0)
}

/** A partition without a lag has an age of 0, which says nothing of one that lags and could not be looked at. */
function mostOf(
  partitions: readonly PartitionLag[],
  lagging: readonly PartitionLag[],
  of: (partition: PartitionLag) => Measured | null,
): Measured | null {
  if (lagging.length === 0) return most(partitions.map(of))
  const known = most(lagging.map(of))
  const missing = lagging.filter((p) => of(p) === null).length
  if (known === null || missing === 0) return known
  const reason = `of ${numberText(missing)} of ${counted(lagging.length, 'partition')} that lag it is not known, and may be more`
  return { value: known.value, certainty: 'estimated', reason }
}

/** The largest; with a sign of -1, the smallest. */
function most(values: readonly (Measured | null)[], sign: 1 | -1 = 1): Measured | null {
  let found: Measured | null = null
  for (const value of values) {
    if (value !== null && (found === null || value.value * sign > found.value * sign)) found = value
  }
  return found
}
