/** See where consumer groups stand. */
export { type GroupPositions, groupPositions } from './read/group-positions.ts'
export type { GroupKind, GroupSummary } from './read/kinds.ts'
export type { PositionError } from './read/limits.ts'
export { listGroups } from './read/list-groups.ts'
export type { GroupPosition, Owner, PositionReason } from './read/position.ts'
