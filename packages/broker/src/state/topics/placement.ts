/**
 * On which nodes the replicas of partitions are: Kafka's `StripedReplicaPlacer`, without chance, so that a test knows
 * where they are.
 */

/** The nodes of each partition's replicas, the preferred leader first. */
export type Placement = readonly { readonly nodes: number[] }[]

/** Where replicas can be. */
export interface PlacedNode {
  readonly id: number
  readonly rack: string | null
}

/**
 * Leaders take turns, and the next replica of each is on the next node. With several racks the leader of each
 * partition is in the next rack, and its other replicas in the racks after that one: two replicas are in one rack only
 * if there are more of them than racks. Nodes without a rack are a rack together.
 */
export function placed(count: number, replicationFactor: number, nodes: readonly PlacedNode[], firstPartition = 0): Placement {
  const racks = [...Map.groupBy(nodes, ({ rack }) => rack).values()].map((those) => those.map(({ id }) => id))
  return Array.from({ length: count }, (_, i) => ({ nodes: placeOne(firstPartition + i, replicationFactor, racks) }))
}

/** Goes round the racks, and at each round through them begins one node later in each. */
function placeOne(partition: number, replicationFactor: number, racks: readonly (readonly number[])[]): number[] {
  const placed: number[] = []
  const taken = racks.map(() => 0)
  const round = Math.floor(partition / racks.length)
  for (let i = partition; placed.length < replicationFactor; i++) {
    const rack = i % racks.length
    const ids = racks[rack]!
    if (taken[rack] === ids.length) continue
    placed.push(ids[(round + taken[rack]!) % ids.length]!)
    taken[rack]!++
  }
  return placed
}

/**
 * Why replicas cannot be on these nodes; undefined: they can. Kafka's
 * `ReplicationControlManager.validateManualPartitionAssignment`.
 */
export function assignmentFault(brokerIds: readonly number[], registered: readonly number[]): string | undefined {
  if (brokerIds.length === 0) return 'The manual partition assignment includes an empty replica list.'
  const twice = brokerIds.find((id, i) => brokerIds.indexOf(id) !== i)
  if (twice !== undefined) return `The manual partition assignment includes the broker ${twice} more than once.`
  const unknown = brokerIds.find((id) => !registered.includes(id))
  return unknown === undefined ? undefined : `The manual partition assignment includes broker ${unknown}, but no such broker is registered.`
}
