/**
 * Topic by topic, each member gets a run of neighbouring partitions; the first ones get the odd partitions
 * (`RangeAssignor`).
 *
 * Where racks matter (KIP-881), a partition first goes to a member in the rack of one of its replicas, as far as the
 * counts of the runs allow, and what is left over is shared out as without racks. Topics with the same members and as
 * many partitions stay side by side: partition `p` of all of them goes to one member, which has to be in a rack of
 * each. The results are those of Kafka's class, which is greedy: a member early in the order can take what only a later
 * one has near.
 */
import {
  type Assignor,
  comparePartitions,
  emptyAssignment,
  inOrder,
  isLocal,
  type MemberSubscription,
  type ReplicaRacks,
  subscribedTopics,
  type TopicPartition,
} from './assignor.ts'

export const range: Assignor = {
  name: 'range',
  cooperative: false,
  assign(members, partitionCounts, racks = new Map()) {
    const out = emptyAssignment(members)
    const ordered = inOrder(members)
    const shares = subscribedTopics(members)
      .filter((topic) => (partitionCounts.get(topic) ?? 0) > 0)
      .map((topic) => new TopicShare(topic, partitionCounts.get(topic)!, ordered, racks, out))
    const nearFirst = shares.some((share) => share.racksMatter)
    if (nearFirst) giveNear(shares)
    for (const share of shares) share.giveRuns(() => true)
    if (nearFirst) for (const list of out.values()) list.sort(comparePartitions)
    return out
  },
}

/** One topic while it is shared out. */
class TopicShare {
  readonly takers: readonly MemberSubscription[]
  readonly partitions: number
  /** Of each partition; undefined: no taker says where it is. */
  readonly racks: readonly ReadonlySet<string>[] | undefined
  readonly racksMatter: boolean
  readonly #topic: string
  readonly #out: ReadonlyMap<string, TopicPartition[]>
  readonly #left: Set<number>
  readonly #given = new Map<string, number>()
  readonly #each: number
  #odd: number

  constructor(
    topic: string,
    partitions: number,
    ordered: readonly MemberSubscription[],
    racks: ReplicaRacks,
    out: ReadonlyMap<string, TopicPartition[]>,
  ) {
    this.#topic = topic
    this.#out = out
    this.partitions = partitions
    this.takers = ordered.filter((m) => m.topics.includes(topic))
    this.#left = new Set(Array.from({ length: partitions }, (_, p) => p))
    this.#each = Math.floor(partitions / this.takers.length)
    this.#odd = partitions % this.takers.length
    const of = racks.get(topic) ?? []
    this.racks = this.takers.some(({ rack }) => rack !== undefined) ? Array.from(this.#left, (p) => of[p] ?? new Set()) : undefined
    this.racksMatter = this.racks !== undefined && doRacksMatter(this.takers, this.racks)
  }

  isNear(member: MemberSubscription, partition: number): boolean {
    return isLocal(member, this.racks?.[partition])
  }

  /** How many more partitions the member may get. */
  room({ memberId }: MemberSubscription): number {
    return Math.max(0, this.#each + (this.#odd > 0 ? 1 : 0) - (this.#given.get(memberId) ?? 0))
  }

  give({ memberId }: MemberSubscription, partitions: readonly number[]): void {
    const given = (this.#given.get(memberId) ?? 0) + partitions.length
    this.#given.set(memberId, given)
    if (partitions.length > 0 && given > this.#each) this.#odd--
    for (const partition of partitions) {
      this.#left.delete(partition)
      this.#out.get(memberId)!.push({ topic: this.#topic, partition })
    }
  }

  giveRuns(mayGive: (member: MemberSubscription, partition: number) => boolean): void {
    for (const member of this.takers) {
      const room = this.room(member)
      const run: number[] = []
      for (const partition of this.#left) {
        if (run.length === room) break
        if (mayGive(member, partition)) run.push(partition)
      }
      this.give(member, run)
    }
  }
}

/** Somebody is in a rack that has replicas, and not every partition has replicas in all racks that have any. */
function doRacksMatter(takers: readonly MemberSubscription[], racks: readonly ReadonlySet<string>[]): boolean {
  const all = new Set(racks.flatMap((of) => [...of]))
  return takers.some(({ rack }) => rack !== undefined && all.has(rack)) && racks.some((of) => of.size < all.size)
}

function giveNear(shares: readonly TopicShare[]): void {
  const groups = Map.groupBy(
    shares.filter(({ racks }) => racks !== undefined),
    ({ takers, partitions }) => JSON.stringify([partitions, takers.map(({ memberId }) => memberId)]),
  )
  for (const group of groups.values()) {
    const [share] = group
    if (group.length > 1) giveSideBySide(group)
    else if (share!.racksMatter) share!.giveRuns((member, partition) => share!.isNear(member, partition))
  }
}

function giveSideBySide(shares: readonly TopicShare[]): void {
  const { takers, partitions } = shares[0]!
  const hungry = new Set(takers)
  for (let p = 0; p < partitions && hungry.size > 0; p++) {
    const taker = [...hungry].find((m) => shares.every((share) => share.isNear(m, p) && share.room(m) > 0))
    if (taker === undefined) continue
    for (const share of shares) share.give(taker, [p])
    if (shares.every((share) => share.room(taker) === 0)) hungry.delete(taker)
  }
}
