/** Logs that live as long as the process. */
import type { Log, LogEvents, LogLimits, SegmentFacts } from './log.ts'
import { MemoryBudget, MemoryLog } from './memory-log.ts'
import type { Store } from './store.ts'

export class MemoryStore implements Store {
  readonly clusterId: string
  readonly outlivesProcess = false
  readonly #budget: MemoryBudget
  readonly #logs = new Map<string, MemoryLog>()

  constructor(clusterId: string, bytesMax: number) {
    this.clusterId = clusterId
    this.#budget = new MemoryBudget(bytesMax)
  }

  open(name: string, limits: LogLimits, events: LogEvents): Log {
    const log = new MemoryLog(this.#budget, limits, events, name.startsWith('internal/'))
    this.#logs.set(name, log)
    return log
  }

  /** A log that was never opened holds nothing. */
  peek(): readonly SegmentFacts[] {
    return []
  }

  pathOf(name: string): string {
    return name
  }

  list(): readonly string[] {
    return []
  }

  remove(name: string): void {
    this.#logs.get(name)?.drop()
    this.#logs.delete(name)
  }

  readSmall(): undefined {}

  async writeSmall(): Promise<void> {}

  isBorrowed(): boolean {
    return false
  }

  release(): void {}

  async close(): Promise<void> {
    this.abandon()
  }

  abandon(): void {
    this.#logs.clear()
  }
}
