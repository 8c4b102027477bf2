/**
 * The nodes that this process is (decision 6). All of them serve the same logs and the same state: what differs is the
 * address, and which node leads a partition or coordinates a group. A client meets leaders that move and nodes that
 * stop as on a cluster; nothing is ever copied.
 *
 * Invariant: whenever a leader moves, all partitions are led in a higher epoch (KIP-320), and both are so from one
 * moment on, in which the epoch is durable. Changes therefore wait for each other.
 */
import { type Now, TidemarkError } from '@tidemark/platform'
import { partitionOfGroup } from '@tidemark/protocol'
import type { VirtualNode } from '../dispatch/request-context.ts'
import { after, attempt, isLater } from '../now.ts'
import { hasPartition } from '../state/cluster/metadata.ts'
import type { Topic } from '../state/cluster/records.ts'
import { OFFSETS_TOPIC } from '../state/topics/names.ts'
import { placed } from '../state/topics/placement.ts'
import type { Topics } from './topics.ts'

/** A partition that no node leads. */
export const NO_LEADER = -1

export class Nodes {
  readonly all: readonly VirtualNode[]
  readonly #ids: readonly number[]
  readonly #rackOf: ReadonlyMap<number, string | null>
  readonly #topics: Topics
  readonly #offsetsPartitions: number
  readonly #down = new Set<number>()
  /** Leaders that are not the first replica that is up: by topic id and partition. */
  readonly #moved = new Map<string, number>()
  /** Leaders of partitions that get other replicas: they lead until the epoch is raised. */
  readonly #staying = new Map<string, number>()
  /** Finished when the last change is. */
  #lastChange: Now<void> = undefined
  readonly #hooks: (() => void)[] = []

  constructor(all: readonly VirtualNode[], topics: Topics, offsetsPartitions: number) {
    this.all = all
    this.#ids = all.map(({ id }) => id)
    this.#rackOf = new Map(all.map(({ id, rack }) => [id, rack]))
    this.#topics = topics
    this.#offsetsPartitions = offsetsPartitions
  }

  /** Whether there is nothing to choose. */
  get areOne(): boolean {
    return this.all.length === 1
  }

  get up(): readonly VirtualNode[] {
    return this.#down.size === 0 ? this.all : this.all.filter(({ id }) => !this.#down.has(id))
  }

  isUp(id: number): boolean {
    return this.#ids.includes(id) && !this.#down.has(id)
  }

  /** The node that stands for the controller; the first one if none is up. */
  get controller(): number {
    return (this.up[0] ?? this.all[0]!).id
  }

  /** Calls `hook` after each change of leaders. */
  onChange(hook: () => void): void {
    this.#hooks.push(hook)
  }

  /** Of a topic that was made by more nodes than there are now, those that there are. */
  replicasOf(topic: Topic, index: number): readonly number[] {
    if (this.areOne) return this.#ids
    const known = topic.placement[index]?.nodes.filter((id) => this.#ids.includes(id)) ?? []
    return known.length > 0 ? known : [this.#ids[index % this.#ids.length]!]
  }

  inSyncOf(topic: Topic, index: number): readonly number[] {
    const replicas = this.replicasOf(topic, index)
    return this.#down.size === 0 ? replicas : replicas.filter((id) => !this.#down.has(id))
  }

  offlineOf(topic: Topic, index: number): readonly number[] {
    return this.#down.size === 0 ? [] : this.replicasOf(topic, index).filter((id) => this.#down.has(id))
  }

  /**
   * The replica that a client of this rack reads from by preference (KIP-392); undefined: the leader. Kafka's
   * `RackAwareReplicaSelector`: of several in-sync replicas of the rack, none of which lags behind, the highest id.
   */
  nearReplicaOf(topic: Topic, index: number, rack: string): number | undefined {
    const near = this.inSyncOf(topic, index).filter((id) => this.#rackOf.get(id) === rack)
    return near.length === 0 || near.includes(this.leaderOf(topic, index)) ? undefined : Math.max(...near)
  }

  /** `NO_LEADER`: none of its replicas is up. */
  leaderOf(topic: Topic, index: number): number {
    if (this.areOne) return this.#ids[0]!
    const staying = this.#staying.get(keyOf(topic, index))
    if (staying !== undefined) return staying
    const inSync = this.inSyncOf(topic, index)
    const moved = this.#moved.get(keyOf(topic, index))
    return moved !== undefined && inSync.includes(moved) ? moved : (inSync[0] ?? NO_LEADER)
  }

  /**
   * By whose configurations the log is kept: all nodes have the same one. The leader's; while there is none, the
   * preferred leader's.
   */
  keeperOf(topic: Topic, index: number): number {
    const leader = this.leaderOf(topic, index)
    return leader === NO_LEADER ? this.replicasOf(topic, index)[0]! : leader
  }

  /** The node that leads the group's partition of `__consumer_offsets`, or will lead it once that topic is made. */
  coordinatorOf(key: string): number {
    if (this.areOne) return this.#ids[0]!
    const index = partitionOfGroup(key, this.#offsetsPartitions)
    const topic = this.#topics.byName(OFFSETS_TOPIC)
    return topic === undefined ? placed(1, 1, this.up, index)[0]!.nodes[0]! : this.leaderOf(topic, index)
  }

  /** Throws or rejects with a `TidemarkError` INVALID_ARGUMENT for the last node that is up. */
  stop(id: number): Now<void> {
    return this.#inTurn(() => {
      if (!this.isUp(id)) return undefined
      if (this.up.length === 1)
        throw new TidemarkError('INVALID_ARGUMENT', `node ${id} is the last one that is up: close the broker instead`)
      return this.#led(() => this.#down.add(id))
    })
  }

  start(id: number): Now<void> {
    return this.#inTurn(() => (this.#down.has(id) ? this.#led(() => this.#down.delete(id)) : undefined))
  }

  /** Throws or rejects with a `TidemarkError` INVALID_ARGUMENT unless the node has a replica and is up. */
  move(topic: Topic, index: number, to: number): Now<void> {
    return this.#inTurn(() => {
      this.#checkMove(topic, index, to)
      return this.leaderOf(topic, index) === to ? undefined : this.#led(() => this.#moved.set(keyOf(topic, index), to))
    })
  }

  #checkMove({ id, name }: Topic, index: number, to: number): void {
    const topic = this.#topics.byId(id)
    if (topic === undefined || !hasPartition(topic, index))
      throw new TidemarkError('INVALID_ARGUMENT', `there is no partition ${name}-${index}`)
    const replicas = this.replicasOf(topic, index)
    if (!replicas.includes(to))
      throw new TidemarkError('INVALID_ARGUMENT', `node ${to} has no replica of ${name}-${index}; ${replicas.join(', ')} have`)
    if (!this.isUp(to)) throw new TidemarkError('INVALID_ARGUMENT', `node ${to} is not up`)
  }

  /** The partition has its replicas on these nodes. A topic that is deleted meanwhile has none. */
  reassign({ id }: Topic, index: number, replicas: readonly number[]): Now<void> {
    return this.#inTurn(() => {
      const topic = this.#topics.byId(id)
      if (topic === undefined) return undefined
      const key = keyOf(topic, index)
      const placement = Array.from({ length: topic.partitions }, (_, i) => ({
        nodes: [...(i === index ? replicas : this.replicasOf(topic, i))],
      }))
      this.#staying.set(key, this.leaderOf(topic, index))
      const leads = (): void => void this.#staying.delete(key)
      const failed = (error: unknown): never => {
        leads()
        throw error
      }
      return attempt(() => this.#led(leads, [{ ...topic, placement }]), failed)
    })
  }

  /** One change after the other. */
  #inTurn(change: () => Now<void>): Now<void> {
    const before = this.#lastChange
    const done = isLater(before) ? before.then(change) : change()
    if (!isLater(done)) return done
    const over = (): void => {
      if (this.#lastChange === last) this.#lastChange = undefined
    }
    const last: Promise<void> = done.then(over, over) // the caller has its failure
    this.#lastChange = last
    return done
  }

  /** The leaders change in the moment in which the epoch does. */
  #led(change: () => void, placed: readonly Topic[] = []): Now<void> {
    return after(this.#topics.raiseLeaderEpoch(placed), () => {
      change()
      for (const hook of this.#hooks) hook()
    })
  }
}

const keyOf = ({ id }: Topic, index: number): string => `${id} ${index}`
