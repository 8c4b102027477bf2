/**
 * A lane: where records of one partition that share an order wait, and which of them may start.
 *
 * Invariant: at most one call of a serial lane runs; no record of any lane has two calls. A lane belongs to a partition, not to a claim: a
 * call of a claim that has ended stays in its lane until it settles.
 */
import type { FetchedMessage } from '@tidemark/client/internal'
import { Fifo } from '@tidemark/platform'
import type { Claim } from '../claims/claim.ts'
import type { Ticket } from '../commit/tracker.ts'
import type { Job, Queue } from './scheduler.ts'

export interface Task extends Job {
  readonly queue: Lane
  readonly ticket: Ticket
  readonly message: FetchedMessage
}

/** The lanes of one partition. */
export interface PartitionLanes {
  /** The newest claim of the partition. */
  claim: Claim
  readonly lanes: Map<string, Lane>
  /** Records that have not been started. */
  waiting: number
}

export class Lane implements Queue<Task> {
  readonly lanes: PartitionLanes
  readonly key: string
  isReady = false
  readonly #isSerial: boolean
  readonly #waiting = new Fifo<Task>()
  /** Tasks that may start again: their pause is over. They go before those that wait. */
  readonly #due = new Fifo<Task>()
  /** Started tasks of the living claim: they run, or pause between attempts. */
  readonly #open = new Set<Task>()
  /** Tasks of claims that ended or are being given up, whose calls still run. */
  readonly #leftover = new Set<Task>()
  /** Tasks whose record is still in the hands of a leftover call. */
  #blocked: Task[] = []

  constructor(lanes: PartitionLanes, key: string, isSerial: boolean) {
    this.lanes = lanes
    this.key = key
    this.#isSerial = isSerial
  }

  get claim(): Claim {
    return this.lanes.claim
  }

  get isSerial(): boolean {
    return this.#isSerial
  }

  get isIdle(): boolean {
    return this.#waiting.length === 0 && this.#open.size === 0 && this.#leftover.size === 0
  }

  push(task: Task): void {
    this.#waiting.push(task)
    this.lanes.waiting++
  }

  canStart(): boolean {
    if (!this.#isSerial) {
      this.#blockRepeated()
      return this.#due.length > 0 || this.#waiting.length > 0
    }
    if (this.#leftover.size > 0) return false
    return this.#due.length > 0 || (this.#open.size === 0 && this.#waiting.length > 0)
  }

  /** Side by side: a record that an ended claim's call still handles waits for that call, and the next one goes first. */
  #blockRepeated(): void {
    if (this.#leftover.size === 0) return
    for (let next = this.#waiting.peek(); next !== undefined && this.#isRepeated(next); next = this.#waiting.peek()) {
      this.#blocked.push(this.#start(this.#waiting.shift()!))
    }
  }

  #isRepeated(task: Task): boolean {
    for (const other of this.#leftover) if (other.offset === task.offset) return true
    return false
  }

  take(): Task {
    return this.#due.shift() ?? this.#start(this.#waiting.shift()!)
  }

  #start(task: Task): Task {
    this.lanes.waiting--
    this.#open.add(task)
    return task
  }

  /** The task's pause is over. */
  resume(task: Task): void {
    this.#due.push(task)
  }

  /** The task is over, whether its claim is alive or has ended. */
  close(task: Task): void {
    this.#open.delete(task)
    if (!this.#leftover.delete(task)) return
    const freed = this.#blocked.filter((t) => !this.#isRepeated(t))
    if (freed.length === 0) return
    this.#blocked = this.#blocked.filter((t) => !freed.includes(t))
    for (const t of freed) this.#due.push(t)
  }

  /** The claim starts nothing more: what waits is forgotten. Returns the tasks that were started. */
  drop(): Task[] {
    const started = [...this.#open]
    for (const task of started) if (task.isRunning) this.#leftover.add(task)
    this.lanes.waiting -= this.#waiting.length
    this.#waiting.clear()
    this.#due.clear()
    this.#open.clear()
    this.#blocked = []
    return started
  }

  /** Every task of the living claim. */
  *held(): Generator<Task> {
    yield* this.#open
    yield* this.#waiting
  }

  /** The oldest task of the living claim. */
  oldest(): Task | undefined {
    let oldest = this.#waiting.peek()
    for (const task of this.#open) if (oldest === undefined || task.ticket < oldest.ticket) oldest = task
    return oldest
  }

  isStarted(task: Task): boolean {
    return this.#open.has(task)
  }
}
