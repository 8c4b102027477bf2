/**
 * The user's function for single records, in the order that was asked for.
 *
 * Records wait in lanes: one lane a partition, one a key of a partition, or one in which everything runs side by side. A serial lane
 * runs one record at a time, and a record that waits for its next attempt holds up its own lane alone. Lanes that can start
 * something stand in one queue for the whole topic; `concurrency` bounds the handlers that run.
 *
 * Invariant: nothing is started for a claim that is not working; an outcome counts only while its claim lives.
 */
import type { Message } from '@tidemark/client'
import type { Clock, Random, Timer } from '@tidemark/platform'
import { type Claim, isAlive } from '../state/claims.ts'
import { finish, type Ticket } from '../state/tracker.ts'
import { type Attempting, attempt } from './attempt.ts'
import { retryDelay } from './backoff.ts'
import { Context } from './context.ts'
import { Fifo } from './fifo.ts'
import type { EachWork, Holdup, Outcomes, Worker } from './work.ts'

interface Task {
  readonly lane: Lane
  readonly message: Message
  readonly ticket: Ticket
  attempt: number
  /** Of the latest attempt. */
  context: Context | undefined
  retry: Timer | undefined
}

interface Lane {
  readonly bench: Bench
  readonly key: string
  /** Whether one record must be done before the next starts. */
  readonly serial: boolean
  readonly waiting: Fifo<Task>
  /** Tasks whose pause is over; they go before those that wait. */
  readonly due: Fifo<Task>
  /** The tasks that run or pause between attempts. */
  readonly open: Set<Task>
  queued: boolean
}

/** The lanes of one claim. */
interface Bench {
  readonly claim: Claim
  readonly lanes: Map<string, Lane>
  waiting: number
}

const KEYLESS = ''

export class Lanes implements Worker {
  readonly #work: EachWork
  readonly #outcomes: Outcomes
  readonly #clock: Clock
  readonly #random: Random
  readonly #benches = new Map<Claim, Bench>()
  readonly #ready = new Fifo<Lane>()
  readonly #attempting: Attempting<Task>
  #running = 0
  #pumping = false

  constructor(work: EachWork, outcomes: Outcomes, clock: Clock, random: Random) {
    this.#work = work
    this.#outcomes = outcomes
    this.#clock = clock
    this.#random = random
    this.#attempting = {
      call: ({ message, context }) => work.handler(message, context!),
      done: (task) => this.#settled(task, undefined),
      failed: (task, error) => this.#settled(task, { error }),
      expire: ({ context }) => context!.expire(),
    }
  }

  enter(claim: Claim, messages: readonly Message[], firstTicket: Ticket): void {
    const bench = this.#bench(claim)
    let ticket = firstTicket
    for (const message of messages) {
      const lane = this.#laneOf(bench, message)
      lane.waiting.push({ lane, message, ticket: ticket++, attempt: 1, context: undefined, retry: undefined })
      bench.waiting++
      this.#offer(lane)
    }
    this.#pump()
  }

  drop(claim: Claim): void {
    const bench = this.#benches.get(claim)
    if (bench === undefined) return
    this.#benches.delete(claim)
    for (const lane of bench.lanes.values()) {
      lane.waiting.clear()
      lane.due.clear()
      for (const task of lane.open) task.retry?.cancel()
    }
    bench.waiting = 0
  }

  wake(claim: Claim): void {
    for (const lane of this.#benches.get(claim)?.lanes.values() ?? []) this.#offer(lane)
    this.#pump()
  }

  waiting(claim: Claim): number {
    return this.#benches.get(claim)?.waiting ?? 0
  }

  holdup(claim: Claim): Holdup | undefined {
    let oldest: Task | undefined
    for (const lane of this.#benches.get(claim)?.lanes.values() ?? []) {
      for (const task of [...lane.open, lane.waiting.peek()]) {
        if (task !== undefined && (oldest === undefined || task.ticket < oldest.ticket)) oldest = task
      }
    }
    if (oldest === undefined) return undefined
    const state = oldest.retry !== undefined ? 'retrying' : oldest.lane.open.has(oldest) ? 'running' : 'waiting'
    return { offset: oldest.message.offset, attempt: oldest.attempt, state }
  }

  #bench(claim: Claim): Bench {
    let bench = this.#benches.get(claim)
    if (bench === undefined) {
      bench = { claim, lanes: new Map(), waiting: 0 }
      this.#benches.set(claim, bench)
    }
    return bench
  }

  #laneOf(bench: Bench, message: Message): Lane {
    const byKey = this.#work.order === 'key' && message.key !== null
    // Bytes are compared by content: latin1 spells every byte sequence as one string (T43).
    const key = byKey ? `k${message.key!.toString('latin1')}` : KEYLESS
    let lane = bench.lanes.get(key)
    if (lane === undefined) {
      const serial = byKey || this.#work.order === 'partition'
      lane = { bench, key, serial, waiting: new Fifo(), due: new Fifo(), open: new Set(), queued: false }
      bench.lanes.set(key, lane)
    }
    return lane
  }

  #canStart(lane: Lane): boolean {
    if (lane.waiting.length === 0 && lane.due.length === 0) return false
    if (!lane.serial) return true
    return lane.due.length > 0 || lane.open.size === 0
  }

  #offer(lane: Lane): void {
    if (lane.queued || !this.#canStart(lane)) return
    lane.queued = true
    this.#ready.push(lane)
  }

  #pump(): void {
    if (this.#pumping) return
    this.#pumping = true
    try {
      while (this.#running < this.#work.concurrency) {
        const lane = this.#ready.shift()
        if (lane === undefined) break
        lane.queued = false
        if (this.#outcomes.mayStart(lane.bench.claim) && this.#canStart(lane)) this.#start(lane)
      }
    } finally {
      this.#pumping = false
    }
  }

  #start(lane: Lane): void {
    const { claim } = lane.bench
    let task = lane.due.shift()
    if (task === undefined) {
      task = lane.waiting.shift()!
      lane.bench.waiting--
      lane.open.add(task)
      if (this.#outcomes.mode === 'delivered') finish(claim.tracker, task.ticket)
    }
    task.retry = undefined
    if (!lane.serial) this.#offer(lane)
    this.#running++
    claim.running++
    this.#call(task)
  }

  #call(task: Task): void {
    const { timeoutMs } = this.#work
    const { claim } = task.lane.bench
    task.context = new Context(claim, this.#outcomes, task.attempt, timeoutMs !== undefined, task.ticket, task.message.offset)
    attempt(task, this.#attempting, this.#clock, timeoutMs)
  }

  #settled(task: Task, failure: { error: unknown } | undefined): void {
    const { claim } = task.lane.bench
    this.#running--
    claim.running--
    if (isAlive(claim)) this.#judge(task, failure)
    this.#outcomes.settled(claim)
    this.#pump()
  }

  #judge(task: Task, failure: { error: unknown } | undefined): void {
    const { claim } = task.lane.bench
    const skipped = task.context?.skipped
    if (skipped !== undefined) {
      this.#outcomes.skipped(claim, task.message.offset, skipped.why)
      this.#close(task, true)
    } else if (failure === undefined) this.#close(task, this.#outcomes.mode === 'processed')
    else if (claim.phase !== 'working') this.#close(task, false)
    else if (task.attempt < this.#work.retry.attempts) this.#retryLater(task, failure.error)
    else if (this.#work.exhausted === 'skip') {
      this.#outcomes.skipped(claim, task.message.offset, failure.error)
      this.#close(task, true)
    } else this.#outcomes.stopped(claim, task.message.offset, failure.error)
  }

  #close(task: Task, done: boolean): void {
    const { lane } = task
    lane.open.delete(task)
    if (done) finish(lane.bench.claim.tracker, task.ticket)
    if (this.#canStart(lane)) this.#offer(lane)
    else if (lane.waiting.length === 0 && lane.open.size === 0) lane.bench.lanes.delete(lane.key)
  }

  #retryLater(task: Task, error: unknown): void {
    const { claim } = task.lane.bench
    const delayMs = retryDelay(this.#work.retry, task.attempt, this.#random)
    this.#outcomes.retrying(claim, task.message.offset, task.attempt, delayMs, error)
    task.attempt++
    task.retry = this.#clock.schedule(delayMs, () => {
      task.lane.due.push(task)
      this.#offer(task.lane)
      this.#pump()
    })
  }
}
