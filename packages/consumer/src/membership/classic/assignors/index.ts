import type { Assignor } from './assignor.ts'
import { cooperativeSticky } from './cooperative-sticky.ts'
import { range } from './range.ts'
import { roundRobin } from './round-robin.ts'

export const assignors = { 'cooperative-sticky': cooperativeSticky, range, roundrobin: roundRobin } satisfies Record<string, Assignor>

export type AssignorName = keyof typeof assignors
