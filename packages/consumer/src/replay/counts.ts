/** What a replay has seen and done, by partition. */
import type { ReceivedMessage } from '@tidemark/client'
import type { ReplayedPartition, ReplayResult } from './options.ts'

type Writable<T> = { -readonly [K in keyof T]: T[K] }

export class ReplayCounts {
  readonly #dryRun: boolean
  readonly #partitions = new Map<number, Writable<ReplayedPartition>>()
  #handled = 0
  #skipped = 0

  constructor(dryRun: boolean) {
    this.#dryRun = dryRun
  }

  saw({ partition, offset, timestampMs }: ReceivedMessage, isWanted: boolean): void {
    const of = this.#of(partition)
    of.records++
    if (!isWanted) return
    of.matched++
    of.firstOffset ??= offset
    of.lastOffset = offset
    of.firstTimestampMs = Math.min(timestampMs, of.firstTimestampMs ?? timestampMs)
    of.lastTimestampMs = Math.max(timestampMs, of.lastTimestampMs ?? timestampMs)
  }

  did(count: number, isSkipped: boolean): void {
    if (isSkipped) this.#skipped += count
    else this.#handled += count
  }

  result(): ReplayResult {
    const partitions = [...this.#partitions.values()].sort((a, b) => a.partition - b.partition)
    const sum = (of: (p: ReplayedPartition) => number): number => partitions.reduce((total, p) => total + of(p), 0)
    return {
      dryRun: this.#dryRun,
      records: sum((p) => p.records),
      matched: sum((p) => p.matched),
      handled: this.#handled,
      skipped: this.#skipped,
      partitions,
    }
  }

  #of(partition: number): Writable<ReplayedPartition> {
    const known = this.#partitions.get(partition)
    if (known !== undefined) return known
    const times = { firstOffset: undefined, lastOffset: undefined, firstTimestampMs: undefined, lastTimestampMs: undefined }
    const fresh: Writable<ReplayedPartition> = { partition, records: 0, matched: 0, ...times }
    this.#partitions.set(partition, fresh)
    return fresh
  }
}
