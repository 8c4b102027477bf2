import type { MovePlan, MoveRecord } from '../../../src/shapes.ts'
import type { Ghost } from '../ruler/ruler.tsx'

/** Offsets that are planned on the rulers, by topic and partition. */
export type Targets = ReadonlyMap<string, { readonly topic: string; readonly partition: number; readonly offset: number }>
export const targetKey = (topic: string, partition: number): string => `${topic} ${partition}`

export function aimed(old: Targets, topic: string, partition: number, offset: number | null): Targets {
  const next = new Map(old)
  if (offset === null) next.delete(targetKey(topic, partition))
  else next.set(targetKey(topic, partition), { topic, partition, offset })
  return next
}

/** Where a plan goes. */
export const targetsOf = (plan: MovePlan): Targets =>
  new Map(
    plan.changes.flatMap(({ topic, partition, outcome, after }) =>
      outcome === 'moves' && after !== null ? [[targetKey(topic, partition), { topic, partition, offset: after.offset }] as const] : [],
    ),
  )

const GHOSTS_MAX = 8

/** Where a group stood before it was moved; the newest of each partition. */
export function ghostsOf(moves: readonly MoveRecord[]): ReadonlyMap<string, readonly Ghost[]> {
  const ghosts = new Map<string, Ghost[]>()
  for (const { atMs, changes } of moves) {
    for (const { topic, partition, before, state } of changes) {
      if (before === null || state === 'refused') continue
      const list = ghosts.get(targetKey(topic, partition)) ?? []
      if (list.length < GHOSTS_MAX) list.push({ offset: before.offset, atMs })
      ghosts.set(targetKey(topic, partition), list)
    }
  }
  return ghosts
}
