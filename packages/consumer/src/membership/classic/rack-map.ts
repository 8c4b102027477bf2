/**
 * Where the replicas of partitions are. The rack of a node that is down is remembered: its replicas come back with it,
 * and a group that assigned anew at each restart of a node would read from far for as long as that takes, twice.
 * (Kafka's own client forgets the rack, and rebalances.)
 */
import type { Cluster } from '@tidemark/client/internal'
import type { ReplicaRacks } from './assignors/assignor.ts'

export class RackMap {
  readonly #cluster: Pick<Cluster, 'nodes' | 'topic'>
  /** By node id: as many as the cluster has had while this member lives. */
  readonly #racks = new Map<number, string>()

  constructor(cluster: Pick<Cluster, 'nodes' | 'topic'>) {
    this.#cluster = cluster
  }

  /** Takes in what is known of the nodes now. */
  learn(): void {
    for (const { nodeId, rack } of this.#cluster.nodes()) {
      if (rack === null) this.#racks.delete(nodeId)
      else this.#racks.set(nodeId, rack)
    }
  }

  of(topics: Iterable<string>): ReplicaRacks {
    this.learn()
    const racksOf = (replicas: readonly number[]): Set<string> =>
      new Set(replicas.map((node) => this.#racks.get(node)).filter((rack) => rack !== undefined))
    return new Map(Array.from(topics, (topic) => [topic, (this.#cluster.topic(topic)?.partitions ?? []).map((p) => racksOf(p.replicas))]))
  }
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
