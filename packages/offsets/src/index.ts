/** See where consumer groups stand. */
export { type GroupPosition, type GroupPositions, groupPositions, type Owner, type PositionError } from './read/group-positions.ts'
