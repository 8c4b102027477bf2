import type { GroupPosition, GroupPositions } from '@tidemark/offsets'

export type Certainty = 'exact' | 'bounded' | 'estimated'
export interface Measured {
  readonly value: number
  readonly certainty: Certainty
  readonly reason: string | null
}
export interface PartitionLag extends GroupPosition {
  readonly doneRanges?: readonly (readonly [from: number, to: number])[]
  readonly committedAtMs: number | null
  readonly ageMs: Measured | null
  readonly spanMs: Measured | null
  readonly etaMs: Measured | null
  readonly runwayMs: Measured | null
  readonly handledPerSecond: number | null
  readonly arrivingPerSecond: number | null
}
export interface GroupLag {
  readonly group: string
  readonly kind: string
  readonly state: string
  readonly members: GroupPositions['members']
  readonly partitions: readonly PartitionLag[]
  readonly lag: number | null
  readonly open: number | null
  readonly ageMs: Measured | null
  readonly spanMs: Measured | null
  readonly etaMs: Measured | null
  readonly runwayMs: Measured | null
  readonly atMs: number
}
