/**
 * Where a record goes: by its key as Kafka's own client does it, without one to a partition that is kept for a batch
 * (KIP-480): spread over time, and in few large batches instead of many small ones.
 */
import { below, type Random } from '@tidemark/platform'
import { partitionOfKey } from '@tidemark/protocol'
import type { TopicView } from '../cluster/types.ts'

export class StickyPartitions {
  readonly #random: Random
  readonly #sticky = new Map<string, number>()

  constructor(random: Random) {
    this.#random = random
  }

  /**
   * `beginsBatch` says whether a record for this partition would begin a new batch: then it is time for another one.
   */
  partitionFor(view: TopicView, key: Uint8Array | null, beginsBatch: (partition: number) => boolean): number {
    if (key !== null) return partitionOfKey(key, view.partitions.length)
    const current = this.#sticky.get(view.name)
    if (current !== undefined && current < view.partitions.length && !beginsBatch(current)) return current
    const next = this.#another(view, current)
    this.#sticky.set(view.name, next)
    return next
  }

  #another(view: TopicView, current: number | undefined): number {
    const led = view.partitions.filter((p) => p.leader >= 0)
    const all = led.length > 0 ? led : view.partitions
    const others = all.length > 1 ? all.filter((p) => p.partition !== current) : all
    return others[below(this.#random, others.length)]!.partition
  }
}
