/**
 * Members keep what they hold as far as balance allows, and a partition that moves is given to nobody until its owner
 * has let it go: it comes to its new owner in the rebalance that follows (KIP-429, `CooperativeStickyAssignor`).
 *
 * Balance: as even as the subscriptions allow; where all members want the same topics, counts differ by one at most.
 * Racks come after balance and before what members own (even-and-near.ts).
 *
 * Where two claim a partition, the newer generation counts: the older claim is out of date (KIP-792). An old claim
 * that nobody disputes counts, as in Kafka: a member may have missed the generation that a crash of the coordinator
 * took back, and still be at work.
 */
import { keyOf } from '@tidemark/client/internal'
import {
  type Assignment,
  type Assignor,
  compare,
  comparePartitions,
  emptyAssignment,
  inOrder,
  type MemberSubscription,
  type TopicPartition,
} from './assignor.ts'
import { evenAndNear } from './even-and-near.ts'

export const cooperativeSticky: Assignor = {
  name: 'cooperative-sticky',
  cooperative: true,
  assign(members, partitionCounts, racks = new Map()) {
    const owners = currentOwners(members, partitionCounts)
    const balanced = balance(members, partitionCounts, owners)
    return withholdMoved(evenAndNear(balanced, inOrder(members), owners, racks), owners)
  },
}

function currentOwners(members: readonly MemberSubscription[], partitionCounts: ReadonlyMap<string, number>): Map<string, string> {
  const claims = new Map<string, { readonly memberId: string | undefined; readonly generation: number }>()
  for (const { memberId, generation, ...m } of inOrder(members)) {
    for (const p of m.owned) {
      if (p.partition >= (partitionCounts.get(p.topic) ?? 0) || !m.topics.includes(p.topic)) continue
      const other = claims.get(keyOf(p))
      if (other === undefined || generation > other.generation) claims.set(keyOf(p), { memberId, generation })
      // Two members of one generation that both hold a partition: neither is believed.
      else if (generation === other.generation) claims.set(keyOf(p), { memberId: undefined, generation })
    }
  }
  const owners = new Map<string, string>()
  for (const [key, { memberId }] of claims) if (memberId !== undefined) owners.set(key, memberId)
  return owners
}

/** The assignment as it will be in the end, without regard to who has to let go first. */
function balance(
  members: readonly MemberSubscription[],
  partitionCounts: ReadonlyMap<string, number>,
  owners: ReadonlyMap<string, string>,
): Map<string, TopicPartition[]> {
  const out = emptyAssignment(members)
  const ordered = inOrder(members)
  const homeless: TopicPartition[] = []
  for (const topic of [...partitionCounts.keys()].sort(compare)) {
    for (let partition = 0; partition < partitionCounts.get(topic)!; partition++) {
      const owner = owners.get(keyOf({ topic, partition }))
      if (owner !== undefined) out.get(owner)!.push({ topic, partition })
      else if (ordered.some((m) => m.topics.includes(topic))) homeless.push({ topic, partition })
    }
  }
  for (const p of homeless) out.get(poorest(ordered, p.topic, out).memberId)!.push(p)
  level(ordered, out)
  return out
}

function poorest(
  ordered: readonly MemberSubscription[],
  topic: string,
  out: ReadonlyMap<string, readonly TopicPartition[]>,
): MemberSubscription {
  let best: MemberSubscription | undefined
  for (const m of ordered) {
    if (!m.topics.includes(topic)) continue
    if (best === undefined || out.get(m.memberId)!.length < out.get(best.memberId)!.length) best = m
  }
  return best!
}

/**
 * Moves single partitions from richer members to poorer ones until no move makes it more even. Ends: each move lowers
 * the sum of squares.
 */
function level(ordered: readonly MemberSubscription[], out: Map<string, TopicPartition[]>): void {
  for (let moved = true; moved; ) {
    moved = false
    const richFirst = [...ordered].sort((a, b) => out.get(b.memberId)!.length - out.get(a.memberId)!.length)
    for (const rich of richFirst) {
      const held = out.get(rich.memberId)!
      for (let i = held.length - 1; i >= 0; i--) {
        const poor = poorest(ordered, held[i]!.topic, out)
        if (held.length - out.get(poor.memberId)!.length < 2) continue
        out.get(poor.memberId)!.push(held[i]!)
        held.splice(i, 1)
        moved = true
      }
    }
  }
}

function withholdMoved(target: Assignment, owners: ReadonlyMap<string, string>): Assignment {
  const out = new Map<string, TopicPartition[]>()
  for (const [memberId, partitions] of target) {
    const given = partitions.filter((p) => (owners.get(keyOf(p)) ?? memberId) === memberId)
    out.set(memberId, given.sort(comparePartitions))
  }
  return out
}
