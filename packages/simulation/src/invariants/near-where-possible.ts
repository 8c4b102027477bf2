import { type Fact, type Invariant, isFar, type Place, type RackedMember, topicOf, Violation } from '../facts.ts'

/**
 * A sticky leader assigns no more partitions to members in other racks than the best of the most even assignments does
 * (KIP-881). What is withheld until its owner has let it go cannot be seen, so that fewer may be far.
 */
export class NearWherePossible implements Invariant {
  readonly name = 'partitions are near to their members where that is as even'

  see(fact: Fact): void {
    if (fact.kind !== 'groupAssigned') return
    const { members, replicas, given, group } = fact
    if (members.every((m) => m.rack === undefined)) return
    const far = members.flatMap((m) => (given.get(m.memberId) ?? []).filter((place) => isFar(m, replicas.get(place))))
    if (far.length === 0) return
    const least = leastFar(members, replicas)
    if (far.length > least) throw new Violation(this.name, `group ${group}: ${far.join()} are in other racks, and ${least} need be`)
  }
}

/** Of all most even assignments, partition by partition: what can be had with so many partitions at each member. */
function leastFar(members: readonly RackedMember[], replicas: ReadonlyMap<Place, ReadonlySet<string>>): number {
  let reached = new Map<string, number>([[members.map(() => 0).join(), 0]])
  for (const [place, racks] of replicas) {
    const next = new Map<string, number>()
    for (const [key, far] of reached) {
      const counts = key.split(',').map(Number)
      members.forEach((member, i) => {
        if (!member.topics.includes(topicOf(place))) return
        const to = counts.with(i, counts[i]! + 1).join()
        next.set(to, Math.min(next.get(to) ?? Infinity, far + (isFar(member, racks) ? 1 : 0)))
      })
    }
    reached = next
  }
  const squares = (key: string): number => key.split(',').reduce((sum, count) => sum + Number(count) ** 2, 0)
  const evenest = Math.min(...[...reached.keys()].map(squares))
  return Math.min(...[...reached].filter(([key]) => squares(key) === evenest).map(([, far]) => far))
}
