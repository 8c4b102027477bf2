/** What the demo knows while it runs: counts, owners, and how long the work paused after each kill. */
import type { CounterReport } from './counter.ts'

export interface Pause {
  readonly what: string
  readonly atMs: number
  /** Partitions that have not moved on since. */
  readonly waiting: Set<number>
  /** Until the last of them did; undefined: not yet. */
  ms: number | undefined
}

export class Progress {
  readonly partitions: number
  produced = 0
  counted = 0
  deliveredAgain = 0
  appendedAgain = 0
  readonly owners = new Map<number, string>()
  readonly pauses: Pause[] = []
  readonly events: string[] = []
  failure: string | undefined
  readonly #startedMs = performance.now()
  readonly #onEvent: (line: string) => void

  constructor(partitions: number, onEvent: (line: string) => void) {
    this.partitions = partitions
    this.#onEvent = onEvent
  }

  get seconds(): number {
    return (performance.now() - this.#startedMs) / 1000
  }

  event(text: string): void {
    const line = `${this.seconds.toFixed(1).padStart(5)} s  ${text}`
    this.events.push(line)
    this.#onEvent(line)
  }

  see(name: string, report: CounterReport): void {
    switch (report.kind) {
      case 'assigned':
        this.owners.set(report.partition, name)
        return
      case 'ended':
        if (this.owners.get(report.partition) === name) this.owners.delete(report.partition)
        return
      case 'counted':
        this.counted += report.counted
        this.deliveredAgain += report.deliveredAgain
        this.appendedAgain += report.appendedAgain
        this.#movedOn(report.partition)
        return
      case 'failed':
        this.failure ??= report.message
        this.event(`FAILED: ${report.message}`)
    }
  }

  get delivered(): number {
    return this.counted + this.deliveredAgain + this.appendedAgain
  }

  /** Something was killed: from now on until each of these partitions moves on is a pause. */
  killed(what: string, partitions: Iterable<number>): void {
    this.pauses.push({ what, atMs: performance.now(), waiting: new Set(partitions), ms: undefined })
  }

  #movedOn(partition: number): void {
    for (const pause of this.pauses) {
      if (!pause.waiting.delete(partition) || pause.waiting.size > 0) continue
      pause.ms = performance.now() - pause.atMs
      this.event(`all partitions move again, ${Math.round(pause.ms)} ms after ${pause.what} was killed`)
    }
  }

  partitionsOf(name: string): number[] {
    return [...this.owners].filter(([, owner]) => owner === name).map(([partition]) => partition)
  }
}
