import type { CommitEvent, MovePlan, MoveRecord } from '../../../src/shapes.ts'
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

/** Where a group stood before somebody moved it; the newest of each partition, none twice. */
export function ghostsOf(moves: readonly MoveRecord[], events: readonly CommitEvent[]): ReadonlyMap<string, readonly Ghost[]> {
  const ghosts = new Map<string, Ghost[]>()
  const add = (topic: string, partition: number, offset: number | null | undefined, atMs: number): void => {
    const list = ghosts.get(targetKey(topic, partition)) ?? []
    ghosts.set(targetKey(topic, partition), list)
    if (offset == null || list.length >= GHOSTS_MAX || list.some((ghost) => ghost.offset === offset)) return
    list.push({ offset, atMs })
  }
  for (const { atMs, changes } of moves) {
    for (const { topic, partition, before, state } of changes) if (state !== 'refused') add(topic, partition, before?.offset, atMs)
  }
  for (const { topic, partition, from, atMs } of events) add(topic, partition, from, atMs)
  return ghosts
}
