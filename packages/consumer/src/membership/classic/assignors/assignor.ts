/**
 * Assignors: pure functions that the group's leader uses to share out partitions. Names and results are those of
 * Kafka's own, so that a group of mixed clients agrees on them.
 */
export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

export interface MemberSubscription {
  readonly memberId: string
  /** The static name, if the member has one: it orders members where Kafka does so. */
  readonly groupInstanceId: string | undefined
  readonly topics: readonly string[]
  /** What the member says it holds; empty from a member that gave up everything before it joined. */
  readonly owned: readonly TopicPartition[]
  /** The generation in which it got them; -1 from a member that does not say. */
  readonly generation: number
  /** Where the member is (KIP-881); undefined: it does not say. */
  readonly rack?: string | undefined
}

/** The racks of the replicas of each partition, by topic and in the order of their numbers. */
export type ReplicaRacks = ReadonlyMap<string, readonly ReadonlySet<string>[]>

export type Assignment = ReadonlyMap<string, readonly TopicPartition[]>

export interface Assignor {
  readonly name: string
  /** Whether a member keeps what it holds while it joins again (KIP-429). */
  readonly cooperative: boolean
  /** `racks`: none for an assignment that does not look at them. */
  assign(members: readonly MemberSubscription[], partitionCounts: ReadonlyMap<string, number>, racks?: ReplicaRacks): Assignment
}

/**
 * Kafka's order of members: static ones by their instance id and before the others, which come by member id
 * (MemberInfo).
 */
export function inOrder(members: readonly MemberSubscription[]): MemberSubscription[] {
  return [...members].sort((a, b) => {
    if (a.groupInstanceId !== undefined && b.groupInstanceId !== undefined) return compare(a.groupInstanceId, b.groupInstanceId)
    if (a.groupInstanceId !== undefined) return -1
    if (b.groupInstanceId !== undefined) return 1
    return compare(a.memberId, b.memberId)
  })
}

/** Whether the member reads from its own rack, if it has one. */
export const isLocal = ({ rack }: Pick<MemberSubscription, 'rack'>, racks: ReadonlySet<string> | undefined): boolean =>
  rack === undefined || racks?.has(rack) === true

export const comparePartitions = (a: TopicPartition, b: TopicPartition): number => compare(a.topic, b.topic) || a.partition - b.partition

export const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

export const subscribedTopics = (members: readonly MemberSubscription[]): string[] =>
  [...new Set(members.flatMap((m) => m.topics))].sort(compare)

export function emptyAssignment(members: readonly MemberSubscription[]): Map<string, TopicPartition[]> {
  return new Map(members.map((m) => [m.memberId, []]))
}
