/**
 * When the calls of one topic's handler run: how many at once, in which order their queues are served, and what becomes of a record when
 * its call has settled. What a call is, and which record comes next, is the business of `by-order.ts` and `by-batch.ts`.
 *
 * Invariants: nothing is started for a claim that may not start. A call keeps its slot until it settles, also when its time is over or its
 * claim is dead: the handler's concurrency is never exceeded. An outcome counts only while its claim lives.
 */
import { type Clock, Fifo, type Random, TidemarkError, type Timer } from '@tidemark/platform'
import type { Claim } from '../claims/claim.ts'
import { attempt } from './attempt.ts'
import { CallContext, type CallOf } from './context.ts'
import { retryDelay } from './retry.ts'
import type { HandlerCall, WorkListener, WorkOptions } from './work.ts'

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
export interface Job {
  readonly queue: Queue<Job>
  readonly claim: Claim
  /** Of its first record. */
  readonly offset: number
  attempt: number
  isRunning: boolean
  isExpired: boolean
  startedMs: number
  /** Of the latest attempt. */
  context: CallContext | undefined
  /** The pause before the next attempt; of a running call: its time-out, then its grace period. */
  timer: Timer | undefined
}

/** `dropped`: the call failed, and its claim is being given up. */
export type Outcome = 'succeeded' | 'skipped' | 'dropped'

/** What differs between single records and batches. */
export interface JobKind<J extends Job> {
  contextOf(job: J, attemptsMax: number): CallOf
  callOf(job: J): HandlerCall
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

  constructor(work: WorkOptions, kind: JobKind<J>, listener: WorkListener, clock: Clock, random: Random) {
    this.#work = work
    this.#kind = kind
    this.#listener = listener
    this.#clock = clock
    this.#random = random
  }

  /** There are slots, and nothing that could take one. */
  get isIdle(): boolean {
    return this.#running < this.#work.concurrency && this.#ready.length === 0
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
      while (this.#running < this.#work.concurrency) {
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
    if (!job.isRunning) this.#setTimer(job, undefined)
  }

  close(): void {
    for (const job of this.#timed) job.timer?.cancel()
    this.#timed.clear()
  }

  #start(job: J): void {
    this.#setTimer(job, undefined)
    job.isRunning = true
    job.isExpired = false
    job.context = new CallContext(this.#kind.contextOf(job, this.#work.retry.attempts))
    this.#running++
    job.claim.running++
    const { timeoutMs } = this.#work
    if (timeoutMs !== undefined) {
      job.startedMs = this.#clock.monotonic()
      this.#setTimer(
        job,
        this.#clock.schedule(timeoutMs, () => this.#expire(job)),
      )
    }
    attempt(job, this)
  }

  call(job: J): unknown {
    return this.#listener.callHandler(this.#kind.callOf(job))
  }

  /** The call has failed, whatever it does from now on; it still holds its slot and its key. */
  #expire(job: J): void {
    job.isExpired = true
    this.#watchExpired(job)
    job.context!.expire()
  }

  #watchExpired(job: J): void {
    this.#setTimer(
      job,
      this.#clock.schedule(this.#work.timeoutGraceMs, () => {
        this.#setTimer(job, undefined)
        const { claim, offset, startedMs } = job
        const isSlotWanted = this.#running >= this.#work.concurrency && this.#ready.length > 0
        if (!this.#listener.stuck(claim, offset, this.#clock.monotonic() - startedMs, isSlotWanted)) this.#watchExpired(job)
      }),
    )
  }

  settled(job: J, failure: { readonly error: unknown } | undefined): void {
    const { claim, context } = job
    this.#setTimer(job, undefined)
    job.isRunning = false
    context!.end()
    this.#running--
    claim.running--
    let done = 0
    if (claim.isDead) this.#kind.closed(job)
    else done = this.#judge(job, job.isExpired ? this.#timedOut(failure) : failure)
    this.#listener.settled(claim, done)
    this.pump()
  }

  #timedOut(failure: { readonly error: unknown } | undefined): { readonly error: unknown } {
    const text = `the handler did not settle within ${this.#work.timeoutMs} ms`
    return { error: new TidemarkError('HANDLER_TIMED_OUT', text, failure && { cause: failure.error }) }
  }

  /** Returns how many records were counted as done. */
  #judge(job: J, failure: { readonly error: unknown } | undefined): number {
    const { claim, offset, context } = job
    const skipped = context!.skipped ?? this.#skippedBecauseExhausted(job, failure)
    if (skipped !== undefined) {
      this.#listener.skipped(claim, offset, skipped.why)
      return this.#close(job, 'skipped')
    }
    if (failure === undefined) return this.#close(job, 'succeeded')
    if (claim.phase !== 'working') return this.#close(job, 'dropped')
    if (this.#isLast(job)) this.#listener.stopped(claim, offset, failure.error)
    else this.#retryLater(job, failure.error)
    return 0
  }

  #close(job: J, outcome: Outcome): number {
    const done = this.#kind.finish(job, outcome)
    this.#kind.closed(job)
    return done
  }

  #isLast(job: J): boolean {
    return job.attempt >= this.#work.retry.attempts
  }

  #skippedBecauseExhausted(job: J, failure: { readonly error: unknown } | undefined): { readonly why: unknown } | undefined {
    const isSkip = failure !== undefined && this.#work.exhausted === 'skip' && job.claim.phase === 'working' && this.#isLast(job)
    return isSkip ? { why: failure.error } : undefined
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
