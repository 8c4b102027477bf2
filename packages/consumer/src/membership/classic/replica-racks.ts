/** In which racks the replicas of partitions are, as the cluster was last seen. */
import type { Cluster } from '@tidemark/client/internal'
import type { ReplicaRacks } from './assignors/assignor.ts'

export function replicaRacks(cluster: Pick<Cluster, 'topic' | 'rackOf'>, topics: Iterable<string>): ReplicaRacks {
  const racksOf = (replicas: readonly number[]): Set<string> =>
    new Set(replicas.map((node) => cluster.rackOf(node)).filter((rack) => rack !== null))
  return new Map(Array.from(topics, (topic) => [topic, (cluster.topic(topic)?.partitions ?? []).map((p) => racksOf(p.replicas))]))
}

/** Whether each partition has replicas in the same racks in both. */
export function haveSameRacks(a: ReplicaRacks, b: ReplicaRacks): boolean {
  const isSame = (some: ReadonlySet<string>, others: ReadonlySet<string>): boolean =>
    some.size === others.size && [...some].every((rack) => others.has(rack))
  return [...a].every(([topic, partitions]) => {
    const others = b.get(topic) ?? []
    return partitions.length === others.length && partitions.every((racks, p) => isSame(racks, others[p]!))
  })
}
