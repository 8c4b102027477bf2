/**
 * Makes an assignment as even as the subscriptions allow, and gives partitions to members in the rack of one of their
 * replicas as far as that stays even (KIP-881). Kafka's sticky assignors rank alike: balance, then racks, then what
 * members own (`AbstractStickyAssignor`). They are greedy; this is exact.
 *
 * Members that read the same topics in the same rack are of one kind: the same partitions are near to all of them.
 * Which partitions a kind gets is a flow of least cost, found by cancelling cycles of negative cost: each cycle takes a
 * partition from each kind on it to the next one, or, through `COUNT`, gives one kind more partitions and another
 * fewer. Within a kind members keep what they own.
 *
 * Invariant: no other assignment is more even; of those that are as even, none has fewer partitions that are far from
 * their member; and of those, none takes fewer partitions to another kind. So a group that says that it owns what it
 * was given is given the same again.
 */
import { keyOf } from '@tidemark/client/internal'
import { type Assignment, comparePartitions, isLocal, type MemberSubscription, type ReplicaRacks, type TopicPartition } from './assignor.ts'
import { negativeCycle } from './negative-cycle.ts'

/** With more kinds of members the assignment stays as it is: the time it takes grows with their square. */
const KINDS_MAX = 32

interface Kind {
  readonly rack: string | undefined
  readonly topics: ReadonlySet<string>
  /** In Kafka's order. */
  readonly members: MemberSubscription[]
  /** By level: how many members own at least so many partitions that could stay. */
  readonly owning: number[]
  count: number
}

/** Partitions that are alike: it costs the same to give them to a kind. */
interface Lot {
  /** By kind; Infinity: it does not read the topic. */
  readonly costs: readonly number[]
  /** Those that each kind has. */
  readonly at: readonly TopicPartition[][]
}

/** `assignment`: complete, and even among members of one kind. `owners`: member ids by partition. */
export function evenAndNear(
  assignment: Assignment,
  ordered: readonly MemberSubscription[],
  owners: ReadonlyMap<string, string>,
  racks: ReplicaRacks,
): Assignment {
  const kinds = kindsOf(ordered)
  if (kinds.length === 1 || kinds.length > KINDS_MAX) return assignment
  // The leader's list of members has no order: the assignment must not depend on it.
  const inOrder = ordered.map(({ memberId }) => [memberId, assignment.get(memberId)!] as const)
  const lots = lotsOf(inOrder, kinds, owners, racks)
  countOwned(kinds, ordered, owners)
  improve(kinds, lots)
  return new Map(
    kinds.flatMap((kind, k) =>
      spread(
        kind,
        lots.flatMap(({ at }) => at[k]!),
        owners,
      ),
    ),
  )
}

function kindsOf(ordered: readonly MemberSubscription[]): Kind[] {
  const groups = Map.groupBy(ordered, ({ rack, topics }) => JSON.stringify([rack ?? null, [...new Set(topics)].sort()]))
  return [...groups.values()].map((members) => {
    const { rack, topics } = members[0]!
    return { rack, topics: new Set(topics), members, owning: [], count: 0 }
  })
}

/**
 * What matters less never outweighs what matters more: on a cycle each kind is once at most, so that `kinds + 1`
 * partitions move, and two places change.
 */
function weightsFor({ length }: readonly Kind[]): { readonly far: number; readonly level: number } {
  const far = length + 4
  return { far, level: far * (length + 4) }
}

function lotsOf(
  assignment: Iterable<readonly [string, readonly TopicPartition[]]>,
  kinds: readonly Kind[],
  owners: ReadonlyMap<string, string>,
  racks: ReplicaRacks,
): Lot[] {
  const weights = weightsFor(kinds)
  const kindOf = new Map(kinds.flatMap(({ members }, k) => members.map((m) => [m.memberId, k] as const)))
  const lots = new Map<string, Lot>()
  for (const [memberId, partitions] of assignment) {
    for (const p of partitions) {
      const of = racks.get(p.topic)?.[p.partition]
      const owner = kindOf.get(owners.get(keyOf(p)) ?? '')
      const costs = kinds.map((kind, k) => {
        if (!kind.topics.has(p.topic)) return Infinity
        return (isLocal(kind, of) ? 0 : weights.far) + (owner === undefined || owner === k ? 0 : 1)
      })
      const key = costs.join()
      const lot = lots.get(key) ?? { costs, at: kinds.map(() => []) }
      lots.set(key, lot)
      const k = kindOf.get(memberId)!
      lot.at[k]!.push(p)
      kinds[k]!.count++
    }
  }
  return [...lots.values()]
}

function countOwned(kinds: readonly Kind[], ordered: readonly MemberSubscription[], owners: ReadonlyMap<string, string>): void {
  const owned = new Map(ordered.map((m) => [m.memberId, 0]))
  for (const owner of owners.values()) owned.set(owner, owned.get(owner)! + 1)
  for (const { members, owning } of kinds) {
    for (const { memberId } of members) {
      for (let level = 1; level <= owned.get(memberId)!; level++) owning[level] = (owning[level] ?? 0) + 1
    }
  }
}

/**
 * What the `n`th partition of a kind costs, wherever it comes from: the level to which it fills its member up, and
 * whether nobody owns so many already.
 */
function placeCost({ members, owning }: Kind, n: number, levelWeight: number): number {
  const level = Math.ceil(n / members.length)
  const place = n - (level - 1) * members.length
  return level * levelWeight + (place <= (owning[level] ?? 0) ? 0 : 1)
}

function improve(kinds: readonly Kind[], lots: readonly Lot[]): void {
  const COUNT = kinds.length
  for (;;) {
    const { weights, lotOf } = movesOf(kinds, lots)
    const cycle = negativeCycle(weights)
    if (cycle === undefined) return
    cycle.forEach((from, i) => {
      const to = cycle[(i + 1) % cycle.length]!
      if (from === COUNT) kinds[to]!.count--
      else if (to === COUNT) kinds[from]!.count++
      else lotOf[from]![to]!.at[to]!.push(lotOf[from]![to]!.at[from]!.pop()!)
    })
  }
}

/** The cheapest move from each kind to each other one, and what it costs to have fewer or more partitions. */
function movesOf(kinds: readonly Kind[], lots: readonly Lot[]): { readonly weights: number[][]; readonly lotOf: (Lot | undefined)[][] } {
  const { level } = weightsFor(kinds)
  const size = kinds.length + 1
  const weights = Array.from({ length: size }, () => new Array<number>(size).fill(Infinity))
  const lotOf = kinds.map(() => new Array<Lot | undefined>(kinds.length).fill(undefined))
  for (const lot of lots) {
    lot.at.forEach((held, from) => {
      if (held.length === 0) return
      lot.costs.forEach((cost, to) => {
        const weight = cost - lot.costs[from]!
        if (to === from || weight >= weights[from]![to]!) return
        weights[from]![to] = weight
        lotOf[from]![to] = lot
      })
    })
  }
  kinds.forEach((kind, k) => {
    weights[k]![kinds.length] = placeCost(kind, kind.count + 1, level)
    if (kind.count > 0) weights[kinds.length]![k] = -placeCost(kind, kind.count, level)
  })
  return { weights, lotOf }
}

/** The partitions of a kind, evenly: to their owners as far as that allows, the others to those with the fewest. */
function spread({ members }: Kind, partitions: readonly TopicPartition[], owners: ReadonlyMap<string, string>) {
  const sorted = [...partitions].sort(comparePartitions)
  const owned = Map.groupBy(sorted, (p) => owners.get(keyOf(p)))
  const each = Math.floor(sorted.length / members.length)
  let odd = sorted.length % members.length
  const kept = new Map<string, TopicPartition[]>()
  for (const { memberId } of members) {
    const own = owned.get(memberId) ?? []
    const quota = each + (own.length > each && odd > 0 ? 1 : 0)
    if (quota > each) odd--
    kept.set(memberId, own.slice(0, quota))
  }
  const stay = new Set([...kept.values()].flat())
  for (const p of sorted) {
    if (stay.has(p)) continue
    let fewest = members[0]!
    for (const m of members) if (kept.get(m.memberId)!.length < kept.get(fewest.memberId)!.length) fewest = m
    kept.get(fewest.memberId)!.push(p)
  }
  return [...kept]
}
