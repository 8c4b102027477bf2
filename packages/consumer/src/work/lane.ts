/**
 * A lane: where records of one partition that share an order wait, and which of them may start.
 *
 * Invariant: at most one call of a serial lane runs; no record of any lane has two calls. A lane belongs to a
 * partition, not to a claim: a call of a claim that has ended stays in its lane until it settles.
 */
import type { FetchedMessage } from '@tidemark/client/internal'
import { Fifo } from '@tidemark/platform'
import type { Claim } from '../claims/claim.ts'
import { isRunning, type Job, type Queue } from './scheduler.ts'

/** Most lanes never have any: retries and leftovers are rare. Replaced, never changed. */
const NONE: Task[] = []

export interface Task extends Job {
  readonly queue: Lane
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
  #due: Task[] = NONE
  /** Started tasks of the living claim, which run or pause between attempts: one, or many side by side. */
  #current: Task | undefined
  #open: Set<Task> | undefined
  /** Tasks of claims that ended or are being given up, whose calls still run. */
  #leftover: Task[] = NONE
  /** Tasks whose record is still in the hands of a leftover call. */
  #blocked: Task[] = NONE

  constructor(lanes: PartitionLanes, key: string, isSerial: boolean) {
    this.lanes = lanes
    this.key = key
    this.#isSerial = isSerial
  }

  get claim(): Claim {
    return this.lanes.claim
  }

  get isIdle(): boolean {
    return this.#waiting.length === 0 && !this.#hasStarted && this.#leftover.length === 0
  }

  get #hasStarted(): boolean {
    return this.#current !== undefined || (this.#open !== undefined && this.#open.size > 0)
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
    if (this.#leftover.length > 0) return false
    return this.#due.length > 0 || (this.#current === undefined && this.#waiting.length > 0)
  }

  /**
   * Side by side: a record that an ended claim's call still handles waits for that call, and the next one goes first.
   */
  #blockRepeated(): void {
    if (this.#leftover.length === 0) return
    for (let next = this.#waiting.peek(); next !== undefined && this.#isRepeated(next); next = this.#waiting.peek()) {
      this.#blocked = [...this.#blocked, this.#start(this.#waiting.shift()!)]
    }
  }

  #isRepeated(task: Task): boolean {
    return this.#leftover.some((other) => other.offset === task.offset)
  }

  take(): Task {
    const [due, ...rest] = this.#due
    if (due === undefined) return this.#start(this.#waiting.shift()!)
    this.#due = rest
    return due
  }

  #start(task: Task): Task {
    this.lanes.waiting--
    if (this.#isSerial) this.#current = task
    else {
      this.#open ??= new Set()
      this.#open.add(task)
    }
    return task
  }

  /** The task's pause is over. */
  resume(task: Task): void {
    this.#due = [...this.#due, task]
  }

  /** The task is over, whether its claim is alive or has ended. */
  close(task: Task): void {
    if (this.#current === task) this.#current = undefined
    else this.#open?.delete(task)
    if (this.#leftover.length === 0) return
    this.#leftover = this.#leftover.filter((t) => t !== task)
    this.#due = [...this.#due, ...this.#blocked.filter((t) => !this.#isRepeated(t))]
    this.#blocked = this.#blocked.filter((t) => this.#isRepeated(t))
  }

  /** The claim starts nothing more: what waits is forgotten. Returns the tasks that were started. */
  drop(): Task[] {
    const started = [...this.#started()]
    this.#leftover = [...this.#leftover, ...started.filter(isRunning)]
    this.lanes.waiting -= this.#waiting.length
    this.#waiting.clear()
    this.#due = NONE
    this.#blocked = NONE
    this.#current = undefined
    this.#open = undefined
    return started
  }

  *#started(): Generator<Task> {
    if (this.#current !== undefined) yield this.#current
    if (this.#open !== undefined) yield* this.#open
  }

  /** Every task of the living claim. */
  *held(): Generator<Task> {
    yield* this.#started()
    yield* this.#waiting
  }

  /** The oldest task of the living claim. */
  oldest(): Task | undefined {
    let oldest = this.#waiting.peek()
    for (const task of this.#started()) if (oldest === undefined || task.ticket < oldest.ticket) oldest = task
    return oldest
  }

  isStarted(task: Task): boolean {
    return this.#current === task || this.#open?.has(task) === true
  }
}
