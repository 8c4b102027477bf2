/**
 * Which node a partition is read from (KIP-392): its leader, or the replica that the leader named because it is
 * nearer, until metadata is due again, an error, or a change of leaders. Kafka: `Fetcher.selectReadReplica`.
 */
import type { Cluster } from '../cluster/cluster.ts'
import type { PartitionRequest } from './request.ts'
import type { Tracked } from './tracked.ts'

export interface PreferredReplica {
  readonly nodeId: number
  /** Of the leader that named it: another leader may name another one. */
  readonly leaderEpoch: number
  /** When the leader is asked again. */
  readonly untilMs: number
}

/** Forgets a replica whose time is over. */
export function nodeToRead(t: Tracked<unknown>, leader: number, leaderEpoch: number, nowMs: number): number {
  const { replica } = t
  if (replica === undefined) return leader
  if (replica.leaderEpoch === leaderEpoch && replica.untilMs > nowMs) return replica.nodeId
  t.replica = undefined
  return leader
}

/** The answer to a request names a replica; one that is not in the view of the cluster is ignored. */
export function preferReplica(cluster: Cluster, { tracked, epoch, nodeId }: PartitionRequest<unknown>, replicaId: number): void {
  if (replicaId === nodeId || !cluster.nodes().some((node) => node.nodeId === replicaId)) return
  const untilMs = cluster.options.platform.clock.monotonic() + cluster.options.metadataMaxAgeMs
  tracked.replica = { nodeId: replicaId, leaderEpoch: epoch, untilMs }
}

/** True: the request went to a replica, which may be behind or gone, and the leader is asked next. */
export function leaveReplica({ tracked, nodeId }: PartitionRequest<unknown>): boolean {
  if (tracked.replica?.nodeId !== nodeId) return false
  tracked.replica = undefined
  return true
}
