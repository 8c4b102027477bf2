/**
 * What the demo knows while it runs: counts, owners, and how long the work paused after each kill.
 *
 * A pause begins with the kill and ends with work that cannot have been under way then: after a consumer's death with
 * the first record that the next owner of each of its partitions handles, after the broker's death with the first
 * record of each partition that was written after the kill.
 */
import type { CounterReport } from './counter.ts'

/** One consumer process: a consumer that is started again keeps its name. */
export interface Worker {
  readonly name: string
  readonly pid: number
}

export interface Pause {
  /** As in "after … was killed". */
  readonly what: string
  /** Until the last partition worked again; undefined: not yet. */
  ms: number | undefined
}

interface OpenPause extends Pause {
  readonly atMs: number
  readonly waiting: Set<number>
  endsWith(worker: Worker, newestMs: number): boolean
  readonly endText: string
}

interface Move {
  readonly partition: number
  readonly from: Worker
  readonly to: Worker
}

/** The two clocks, in milliseconds: one for durations, one that other processes have in common. */
export interface Clocks {
  monotonic(): number
  now(): number
}

/** How long an owner counts as new. */
const NEW_OWNER_MS = 4_000

export class Progress {
  readonly partitions: number
  produced = 0
  counted = 0
  deliveredAgain = 0
  appendedAgain = 0
  readonly events: string[] = []
  failure: string | undefined
  readonly #clocks: Clocks
  readonly #startedMs: number
  readonly #onEvent: (line: string) => void
  readonly #owners = new Map<number, Worker>()
  /** By partition: who had it last, and since when somebody else has it. */
  readonly #previous = new Map<number, { readonly worker: Worker; readonly untilMs: number }>()
  readonly #dead = new Set<number>()
  readonly #pauses: OpenPause[] = []
  #moves: Move[] = []

  constructor(partitions: number, clocks: Clocks, onEvent: (line: string) => void) {
    this.partitions = partitions
    this.#clocks = clocks
    this.#startedMs = clocks.monotonic()
    this.#onEvent = onEvent
  }

  get seconds(): number {
    return (this.#clocks.monotonic() - this.#startedMs) / 1000
  }

  get delivered(): number {
    return this.counted + this.deliveredAgain + this.appendedAgain
  }

  /** Flights, and apart from them what was handled once more. */
  get handledText(): string {
    const again = this.deliveredAgain + this.appendedAgain
    return `${this.counted} handled${again === 0 ? '' : ` (${again} again)`}`
  }

  get pauses(): readonly Pause[] {
    return this.#pauses
  }

  event(text: string): void {
    const line = `${this.seconds.toFixed(1).padStart(5)} s  ${text}`
    this.events.push(line)
    this.#onEvent(line)
  }

  see(worker: Worker, report: CounterReport): void {
    switch (report.kind) {
      case 'assigned':
        this.#assigned(worker, report.partition)
        return
      case 'ended':
        if (this.#owners.get(report.partition)?.pid === worker.pid) this.#release(report.partition, worker)
        return
      case 'counted':
        this.counted += report.counted
        this.deliveredAgain += report.deliveredAgain
        this.appendedAgain += report.appendedAgain
        this.#worked(worker, report.partition, report.newestMs)
        return
      case 'failed':
        this.failure ??= report.message
        this.event(`FAILED: ${report.message}`)
    }
  }

  #assigned(worker: Worker, partition: number): void {
    if (this.#dead.has(worker.pid)) return
    const before = this.#owners.get(partition) ?? this.#previous.get(partition)?.worker
    this.#owners.set(partition, worker)
    if (before === undefined || before.pid === worker.pid) return
    this.#previous.set(partition, { worker: before, untilMs: this.#clocks.monotonic() })
    this.#moves.push({ partition, from: before, to: worker })
  }

  #release(partition: number, worker: Worker): void {
    this.#owners.delete(partition)
    this.#previous.set(partition, { worker, untilMs: this.#clocks.monotonic() })
  }

  /** Tells of the partitions that changed hands since the last call, one event for each pair of owners. */
  tellMoves(): void {
    const pairs = Map.groupBy(this.#moves, ({ from, to }) => `${from.pid} ${to.pid}`)
    this.#moves = []
    for (const moves of pairs.values()) {
      const { from, to } = moves[0]!
      const named = from.name === to.name ? `${to.name}, started again,` : to.name
      this.event(`${named} takes over ${listed(moves.map((m) => m.partition))} from ${from.name}`)
    }
  }

  /** SIGKILL was sent: what the process still had in the pipe is not work of the next owner. */
  killedConsumer(victim: Worker): Pause {
    const partitions = this.partitionsOf(victim)
    this.#dead.add(victim.pid)
    for (const partition of partitions) this.#release(partition, victim)
    const pause: OpenPause = {
      what: victim.name,
      atMs: this.#clocks.monotonic(),
      waiting: new Set(partitions),
      ms: undefined,
      endsWith: ({ pid }) => pid !== victim.pid,
      endText: `the partitions of ${victim.name} are worked on by their next owners`,
    }
    this.#pauses.push(pause)
    return pause
  }

  killedBroker(): void {
    const killedMs = this.#clocks.now()
    this.#pauses.push({
      what: 'the broker',
      atMs: this.#clocks.monotonic(),
      waiting: new Set(Array.from({ length: this.partitions }, (_, partition) => partition)),
      ms: undefined,
      endsWith: (_, newestMs) => newestMs > killedMs,
      endText: 'new records are handled in all partitions',
    })
  }

  #worked(worker: Worker, partition: number, newestMs: number): void {
    for (const pause of this.#pauses) {
      if (!pause.waiting.has(partition) || !pause.endsWith(worker, newestMs)) continue
      pause.waiting.delete(partition)
      if (pause.waiting.size > 0) continue
      pause.ms = this.#clocks.monotonic() - pause.atMs
      this.tellMoves()
      this.event(`${pause.endText}, ${Math.round(pause.ms)} ms after the kill`)
    }
  }

  partitionsOf({ pid }: Worker): number[] {
    return [...this.#owners].filter(([, owner]) => owner.pid === pid).map(([partition]) => partition)
  }

  owner(partition: number): Worker | undefined {
    return this.#owners.get(partition)
  }

  /** Who had the partition a moment ago; `isDead`: it was killed. */
  previousOwner(partition: number): { readonly name: string; readonly isDead: boolean } | undefined {
    const previous = this.#previous.get(partition)
    if (previous === undefined || this.#clocks.monotonic() - previous.untilMs > NEW_OWNER_MS) return undefined
    return { name: previous.worker.name, isDead: this.#dead.has(previous.worker.pid) }
  }
}

/** `partition 1`, `partitions 1, 2`. */
export function listed(partitions: readonly number[]): string {
  const sorted = [...partitions].sort((a, b) => a - b)
  return `partition${sorted.length === 1 ? '' : 's'} ${sorted.join(', ')}`
}
