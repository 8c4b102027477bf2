/**
 * Keeps the logs of all topics within what their settings allow: deletes what is too old or too much, and compacts. One
 * partition after the other, in the background, each kind of work at its own interval (Kafka's
 * `log.retention.check.interval.ms` and `log.cleaner.backoff.ms`).
 */
import type { Clock, Timer } from '@tidemark/platform'
import { tell } from '../../diagnostics.ts'
import { type Failure, isDamage } from '../../failure.ts'
import type { Topic, Topics } from '../../metadata/topics.ts'
import type { BrokerOptions } from '../../options.ts'
import type { TopicSettings } from '../../state/configs/topic-configs.ts'
import type { Store } from '../../storage/store.ts'
import type { Partition } from '../partition.ts'
import type { Partitions } from '../partitions.ts'
import { compact } from './compaction.ts'
import { deleteOld, deleteOldUnopened, type Seen } from './retention.ts'

export interface KeeperParts {
  readonly topics: Topics
  readonly partitions: Partitions
  readonly store: Pick<Store, 'release'>
  readonly clock: Clock
  readonly failure: Failure
  readonly options: Pick<BrokerOptions, 'retentionCheckIntervalMs' | 'compactionIntervalMs' | 'compactionMemoryBytesMax'>
}

/** What a partition looked like when there was nothing to compact. */
interface Checked {
  readonly sealedTo: number
  readonly settings: TopicSettings
}

export class Keeper {
  readonly #parts: KeeperParts
  readonly #timers = new Map<string, Timer>()
  #work: Promise<void> = Promise.resolve()
  #stopped = false
  /** Partitions that are not open, by topic id and index. */
  readonly #unopened = new Map<string, Seen>()
  readonly #checked = new WeakMap<Partition, Checked>()

  constructor(parts: KeeperParts) {
    this.#parts = parts
  }

  start(): void {
    const { retentionCheckIntervalMs, compactionIntervalMs } = this.#parts.options
    this.#repeat('retention', retentionCheckIntervalMs, () => this.#deleteOld())
    this.#repeat('compaction', compactionIntervalMs, () => this.#compact())
  }

  #repeat(name: string, intervalMs: number, work: () => Promise<void>): void {
    if (this.#stopped) return
    const timer = this.#parts.clock.schedule(intervalMs, () => {
      this.#work = this.#work
        .then(work)
        .catch((cause) => void this.#parts.failure.report(cause))
        .finally(() => this.#repeat(name, intervalMs, work))
    })
    this.#timers.set(name, timer)
  }

  /** Begins nothing further. */
  stop(): void {
    this.#stopped = true
    for (const timer of this.#timers.values()) timer.cancel()
  }

  /** Resolves once nothing is under way. */
  async idle(): Promise<void> {
    await this.#work
  }

  async #deleteOld(): Promise<void> {
    const { topics, partitions, clock } = this.#parts
    for (const topic of [...topics.all()]) {
      for (let index = 0; index < topic.partitions; index++) {
        if (this.#stopped) return
        const settings = topics.logSettings(topic, index)
        if (!settings.deletes) continue
        const partition = partitions.get(topic, index)
        if (partition !== undefined) await deleteOld(partition, settings, clock.now())
        else await this.#deleteOldUnopened(topic, index, settings)
      }
    }
  }

  async #deleteOldUnopened(topic: Topic, index: number, settings: TopicSettings): Promise<void> {
    const { topics, partitions, clock } = this.#parts
    const key = `${topic.id}/${index}`
    const seen = this.#unopened.get(key)
    if (seen?.settings === settings && clock.now() < seen.againMs) return
    if (!(await this.#goesOn()) || topics.byId(topic.id) === undefined) return void this.#unopened.delete(key)
    const now = await deleteOldUnopened(partitions, topic, index, settings, clock.now()).catch((error: unknown) => {
      if (isDamage(error)) return undefined // told when it was opened; the others go on
      throw error
    })
    if (now === undefined) this.#unopened.delete(key)
    else this.#unopened.set(key, now)
  }

  async #compact(): Promise<void> {
    const { topics, partitions } = this.#parts
    for (const { topic, partition } of [...partitions.opened()]) {
      const settings = topics.logSettings(topic, partition.index)
      if (!settings.compacted || !this.#isDue(partition, settings)) continue
      const { sealedTo } = partition.log
      while (await this.#compactOne(partition, settings)) {}
      if (this.#stopped) return
      this.#checked.set(partition, { sealedTo, settings })
    }
  }

  /**
   * A partition in which no segment was sealed since the last look is as clean as it was, unless time makes it dirty.
   */
  #isDue(partition: Partition, settings: TopicSettings): boolean {
    const checked = this.#checked.get(partition)
    const isTimed = settings.minCompactionLagMs > 0 || Number.isSafeInteger(settings.maxCompactionLagMs)
    return !partition.deleted && (isTimed || checked?.sealedTo !== partition.log.sealedTo || checked.settings !== settings)
  }

  async #compactOne(partition: Partition, settings: TopicSettings): Promise<boolean> {
    const { clock, store, options } = this.#parts
    const began = { bytes: partition.log.bytes, ms: clock.monotonic() }
    const goesOn = async (): Promise<boolean> => (await this.#goesOn()) && !partition.deleted
    const release = (bytes: Buffer): void => store.release(bytes)
    const isLeft = await compact(partition, settings, { clock, memoryBytesMax: options.compactionMemoryBytesMax, release, goesOn })
    if (partition.log.bytes < began.bytes) {
      const { topic, index, log } = partition
      tell({ kind: 'compacted', topic, partition: index, bytesBefore: began.bytes, bytes: log.bytes, ms: clock.monotonic() - began.ms })
    }
    return isLeft && !this.#stopped
  }

  async #goesOn(): Promise<boolean> {
    await new Promise<void>((resolve) => this.#parts.clock.afterTurn(resolve))
    return !this.#stopped
  }
}
