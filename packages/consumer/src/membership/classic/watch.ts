/**
 * What the leader of a group watches after it has assigned: whether the assignment still fits. Topics of any member
 * may come, go or grow; where members say their racks, replicas may move to other ones (KIP-881); and a partition that
 * was to move may come to nobody, when its old owner died between giving it up and joining again, and had a static name
 * with which it came back to its old place without a rebalance (KIP-345).
 *
 * Invariant: while the leader lives, a partition that nobody has is assigned again: at the latest when giving it up
 * may take no longer.
 */
import { type Cluster, keyOf } from '@tidemark/client/internal'
import type { Timer } from '@tidemark/platform'
import type { ReplicaRacks, TopicPartition } from './assignors/assignor.ts'
import { haveSameRacks, replicaRacks } from './replica-racks.ts'

export type PartitionCounts = ReadonlyMap<string, number>

export class AssignmentWatch {
  readonly #cluster: Pick<Cluster, 'topic' | 'rackOf' | 'options'>
  /** How long a member may take to give partitions up. */
  readonly #giveUpMs: number
  readonly #outdated: () => void
  #counts: PartitionCounts | undefined
  #racks: ReplicaRacks = new Map()
  #timer: Timer | undefined

  constructor(cluster: Pick<Cluster, 'topic' | 'rackOf' | 'options'>, giveUpMs: number, outdated: () => void) {
    this.#cluster = cluster
    this.#giveUpMs = giveUpMs
    this.#outdated = outdated
  }

  /** This member has assigned, or leads a group whose assignment stands. What nobody has is waited for. */
  begin(counts: PartitionCounts, racks: ReplicaRacks, assigned: Iterable<TopicPartition>): void {
    this.end()
    this.#counts = counts
    this.#racks = racks
    if (!isWhole(counts, assigned)) {
      this.#timer = this.#cluster.options.platform.clock.schedule(this.#giveUpMs, () => this.#outdated())
    }
  }

  /** Somebody leads who is not this member, or a new assignment is under way. */
  end(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#counts = undefined
  }

  /** The view of the cluster is another one. */
  clusterChanged(): void {
    const counts = this.#counts
    if (counts === undefined) return
    const hasSameCounts = [...counts].every(([topic, count]) => count === countOf(this.#cluster, topic))
    const fits = hasSameCounts && haveSameRacks(this.#racks, replicaRacks(this.#cluster, this.#racks.keys()))
    if (!fits) this.#outdated()
  }
}

export const countOf = (cluster: Pick<Cluster, 'topic'>, topic: string): number => cluster.topic(topic)?.partitions.length ?? 0

/** Whether every partition has somebody. */
export function isWhole(counts: PartitionCounts, assigned: Iterable<TopicPartition>): boolean {
  const owned = new Set<string>()
  for (const p of assigned) if (p.partition < (counts.get(p.topic) ?? 0)) owned.add(keyOf(p))
  let all = 0
  for (const count of counts.values()) all += count
  return owned.size === all
}
