/** See where consumer groups stand. */
export { type GroupPosition, type GroupPositions, groupPositions, type Owner } from './read/group-positions.ts'
