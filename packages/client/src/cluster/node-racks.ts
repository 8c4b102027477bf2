/**
 * Where nodes are. The rack of a node that is down is remembered: its replicas come back with it, and a group that
 * assigned anew at each restart of a node would read from far for as long as that takes, twice. (Kafka's own client
 * forgets the rack, and rebalances.)
 */
export class NodeRacks {
  /** By node id: as many as the cluster has had while this client lives. */
  readonly #racks = new Map<number, string>()

  /** Of the nodes of an answer. True: one is in another rack than before, or has come with one. */
  take(nodes: readonly { readonly nodeId: number; readonly rack: string | null }[]): boolean {
    let changed = false
    for (const { nodeId, rack } of nodes) {
      changed ||= rack !== this.of(nodeId)
      if (rack === null) this.#racks.delete(nodeId)
      else this.#racks.set(nodeId, rack)
    }
    return changed
  }

  of(nodeId: number): string | null {
    return this.#racks.get(nodeId) ?? null
  }
}
