/**
 * When the calls of one handler run: how many at once, in which order their queues are served, and what
 * becomes of a record when its call has settled. What a call is, and which record comes next, is the business of
 * `by-order.ts` and `by-batch.ts`.
 *
 * Invariants: nothing is started for a claim that may not start. A call keeps its slot until it settles, also when
 * its time is over or its claim is dead: the handler's concurrency is never exceeded. An outcome counts only while
 * its claim lives.
 */
import { type Clock, Fifo, type Random, TidemarkError, type Timer } from '@tidemark/platform'
import type { Claim } from '../claims/claim.ts'
import { attempt } from './attempt.ts'
import type { CallContext, CallOf } from './context.ts'
import { DecodeError } from './decoded.ts'
import { Inside } from './inside.ts'
import { retryDelay } from './retry.ts'
import type { WorkListener, WorkOptions } from './work.ts'

/** Where the records of one partition, or of one key of it, wait for their turn. */
export interface Queue<J> {
  /** On whose behalf its next job runs. */
  readonly claim: Claim
  isReady: boolean
  canStart(): boolean
  /** The next job of a queue that can start one. */
  take(): J
}

/** One record, or batch, from its first attempt to the last. */
export interface Job extends CallOf {
  readonly queue: Queue<Job>
  attempt: number
  /** Of the call that runs; undefined: none does. */
  context: CallContext | undefined
  /** With a time-out: when the call began, and whether its time is over. */
  limit: { readonly startedMs: number; isOver: boolean } | undefined
  /** The pause before the next attempt; of a running call: its time-out, then its grace period. */
  timer: Timer | undefined
}

export const isRunning = (job: Job): boolean => job.context !== undefined

/** `dropped`: the call failed, and its claim is being given up. */
export type Outcome = 'succeeded' | 'skipped' | 'dropped'

/** What differs between single records and batches. */
export interface JobKind<J extends Job> {
  contextOf(job: J): CallContext
  /** Calls the user's handler. */
  call(job: J): unknown
  /** Nothing more will be tried, and the claim is alive; counts records as done, and returns how many. */
  finish(job: J, outcome: Outcome): number
  /** The job is over, whether its claim is alive or has ended: its queue may go on. */
  closed(job: J): void
  /** The pause is over: its queue can start it again. */
  resume(job: J): void
}

export class Scheduler<J extends Job> {
  readonly #work: WorkOptions
  readonly #kind: JobKind<J>
  readonly #listener: WorkListener
  readonly #clock: Clock
  readonly #random: Random
  readonly #ready = new Fifo<Queue<J>>()
  /** Jobs with a timer. */
  readonly #timed = new Set<J>()
  #running = 0
  #isPumping = false
  readonly #slots: () => number
  readonly #inside = new Inside<J>((job) => this.#kind.call(job))

  /** `slots`: how many calls may run now, where that is not always the concurrency. */
  constructor(work: WorkOptions, kind: JobKind<J>, listener: WorkListener, clock: Clock, random: Random, slots = () => work.concurrency) {
    this.#work = work
    this.#slots = slots
    this.#kind = kind
    this.#listener = listener
    this.#clock = clock
    this.#random = random
  }

  /** There are slots, and nothing that could take one. */
  get isIdle(): boolean {
    return this.#running < this.#slots() && this.#ready.length === 0
  }

  /** Queues that can start something wait here for a slot. */
  offer(queue: Queue<J>): void {
    if (queue.isReady || !queue.canStart()) return
    queue.isReady = true
    this.#ready.push(queue)
  }

  /** Starts whatever may start now. */
  pump(): void {
    if (this.#isPumping) return
    this.#isPumping = true
    try {
      while (this.#running < this.#slots()) {
        const queue = this.#ready.shift()
        if (queue === undefined) break
        queue.isReady = false
        if (!this.#listener.mayStart(queue.claim) || !queue.canStart()) continue
        const job = queue.take()
        this.offer(queue) // one in which records run side by side may have more
        this.#start(job)
      }
    } finally {
      this.#isPumping = false
    }
  }

  /** The job will not be tried again: its pause ends without an attempt. A running call keeps its time-out. */
  forget(job: J): void {
    if (!isRunning(job)) this.#setTimer(job, undefined)
  }

  close(): void {
    for (const job of this.#timed) job.timer?.cancel()
    this.#timed.clear()
  }

  #start(job: J): void {
    this.#setTimer(job, undefined)
    job.context = this.#kind.contextOf(job)
    this.#running++
    job.claim.calls.running++
    const { timeoutMs } = this.#work
    if (timeoutMs !== undefined) {
      job.limit = { startedMs: this.#clock.monotonic(), isOver: false }
      this.#setTimer(
        job,
        this.#clock.schedule(timeoutMs, () => this.#expire(job)),
      )
    }
    attempt(job, this)
  }

  call(job: J): unknown {
    return this.#inside.run(job.context!, job)
  }

  /** The call has failed, whatever it does from now on; it still holds its slot and its key. */
  #expire(job: J): void {
    job.limit!.isOver = true
    this.#watchExpired(job)
    job.context!.expire()
  }

  #watchExpired(job: J): void {
    this.#setTimer(
      job,
      this.#clock.schedule(this.#work.timeoutGraceMs, () => {
        this.#setTimer(job, undefined)
        const elapsedMs = this.#clock.monotonic() - job.limit!.startedMs
        const isSlotWanted = this.#running >= this.#slots() && this.#ready.length > 0
        if (!this.#listener.stuck(job.claim, job.offset, elapsedMs, isSlotWanted)) this.#watchExpired(job)
      }),
    )
  }

  settled(job: J, failure: { readonly error: unknown } | undefined): void {
    const { claim, limit } = job
    const context = job.context!
    this.#setTimer(job, undefined)
    job.context = undefined
    job.limit = undefined
    context.end(failure !== undefined)
    this.#running--
    claim.calls.running--
    let done = 0
    if (claim.isDead) this.#kind.closed(job)
    else done = this.#judge(job, context, limit?.isOver ? this.#timedOut(failure) : failure)
    this.#listener.settled(claim, done)
    this.pump()
  }

  #timedOut(failure: { readonly error: unknown } | undefined): { readonly error: unknown } {
    const text = `the handler did not settle within ${this.#work.timeoutMs} ms`
    return { error: new TidemarkError('HANDLER_TIMED_OUT', text, failure && { cause: failure.error }) }
  }

  /** Returns how many records were counted as done. */
  #judge(job: J, context: CallContext, failure: { readonly error: unknown } | undefined): number {
    const { claim, offset } = job
    // What a store does not have as done is not done.
    const mayBeSkipped = this.#work.store === undefined || failure === undefined || context.isMarked
    const skipped = mayBeSkipped ? (context.skipped ?? this.#skippedInSpiteOf(job, context, failure)) : undefined
    if (skipped !== undefined) {
      this.#listener.skipped(claim, offset, skipped.why)
      return this.#close(job, 'skipped')
    }
    if (failure === undefined) return this.#close(job, 'succeeded')
    if (claim.phase !== 'working') return this.#close(job, 'dropped')
    if (this.#isLast(job, failure)) this.#listener.stopped(claim, offset, failure.error)
    else this.#retryLater(job, failure.error)
    return 0
  }

  #close(job: J, outcome: Outcome): number {
    const done = this.#kind.finish(job, outcome)
    this.#kind.closed(job)
    return done
  }

  /** Another attempt at bytes that cannot be read would find the same bytes. */
  #isLast(job: J, { error }: { readonly error: unknown }): boolean {
    return job.attempt >= this.#work.retry.attempts || error instanceof DecodeError
  }

  /** Not tried again although it failed: its handler has committed it, or its attempts are exhausted and may be. */
  #skippedInSpiteOf(job: J, context: CallContext, failure: { readonly error: unknown } | undefined): { readonly why: unknown } | undefined {
    if (failure === undefined) return undefined
    const isExhausted = this.#work.exhausted === 'skip' && job.claim.phase === 'working' && this.#isLast(job, failure)
    return context.isCommitted || isExhausted ? { why: failure.error } : undefined
  }

  #retryLater(job: J, error: unknown): void {
    const delayMs = retryDelay(this.#work.retry, job.attempt, this.#random)
    const failed = job.attempt++
    this.#setTimer(
      job,
      this.#clock.schedule(delayMs, () => {
        this.#setTimer(job, undefined)
        this.#kind.resume(job)
        this.offer(job.queue as Queue<J>)
        this.pump()
      }),
    )
    this.#listener.retrying(job.claim, job.offset, failed, delayMs, error)
  }

  #setTimer(job: J, timer: Timer | undefined): void {
    if (job.timer !== undefined) {
      job.timer.cancel()
      this.#timed.delete(job)
    }
    job.timer = timer
    if (timer !== undefined) this.#timed.add(job)
  }
}
