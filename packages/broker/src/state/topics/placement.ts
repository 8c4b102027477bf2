/** On which nodes the replicas of partitions are: Kafka's `StripedReplicaPlacer`, for one rack. */

/** The nodes of each partition's replicas, the preferred leader first. */
export type Placement = readonly { readonly nodes: number[] }[]

/** Leaders take turns, and the next replica of each is on the next node. */
export function placed(count: number, replicationFactor: number, nodes: readonly number[], firstPartition = 0): Placement {
  return Array.from({ length: count }, (_, i) => ({
    nodes: Array.from({ length: replicationFactor }, (_, replica) => nodes[(firstPartition + i + replica) % nodes.length]!),
  }))
}

/** Why replicas cannot be on these nodes; undefined: they can. Kafka's `ReplicationControlManager.validateManualPartitionAssignment`. */
export function assignmentFault(brokerIds: readonly number[], registered: readonly number[]): string | undefined {
  if (brokerIds.length === 0) return 'The manual partition assignment includes an empty replica list.'
  const twice = brokerIds.find((id, i) => brokerIds.indexOf(id) !== i)
  if (twice !== undefined) return `The manual partition assignment includes the broker ${twice} more than once.`
  const unknown = brokerIds.find((id) => !registered.includes(id))
  return unknown === undefined ? undefined : `The manual partition assignment includes broker ${unknown}, but no such broker is registered.`
}
