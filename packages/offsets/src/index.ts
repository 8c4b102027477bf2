/** See where consumer groups stand. */

export type { GroupLag } from './lag/group-lag.ts'
export { LagMeter, type LagMeterOptions } from './lag/lag-meter.ts'
export type { Certainty, Measured, PartitionLag } from './lag/measure.ts'
export { type GroupPositions, groupPositions } from './read/group-positions.ts'
export type { GroupKind, GroupSummary } from './read/kinds.ts'
export type { PositionError } from './read/limits.ts'
export { listGroups } from './read/list-groups.ts'
export type { GroupPosition, Owner, PositionReason } from './read/position.ts'
