/** Which groups stand in a topic, and where; those with most to do first. */
import type { GroupLag } from '@tidemark/offsets'
import type { StandingGroup } from '../shapes.ts'

export function groupsAt(topic: string, sample: readonly GroupLag[]): readonly StandingGroup[] {
  const found = sample.flatMap(({ group, state, partitions }) => {
    const own = partitions.filter((p) => p.topic === topic)
    if (own.length === 0) return []
    const places = own.map(({ partition, committed, open, ageMs }) => ({ partition, committed, open, ageMs }))
    return [{ group, state, open: own.reduce((sum, p) => sum + (p.open ?? 0), 0), places }]
  })
  return found.sort((a, b) => b.open - a.open || (a.group < b.group ? -1 : 1))
}
