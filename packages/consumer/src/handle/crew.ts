/**
 * The handlers of one topic at work, whatever they are called with: how many run at once, whose turn it is, and what becomes of a job when
 * its handler has settled. Records wait at posts; those that can start something stand in one queue for the whole topic.
 *
 * Invariant: nothing is started for a claim that is not working; an outcome counts only while its claim lives.
 */
import type { Message } from '@tidemark/client'
import { type Clock, Fifo, type Random, type Timer } from '@tidemark/platform'
import { type Claim, isAlive } from '../state/claims.ts'
import { type Attempting, attempt } from './attempt.ts'
import { retryDelay } from './backoff.ts'
import type { HandlerContext } from './context.ts'
import type { Outcomes, WorkOptions } from './work.ts'

/** Where records of a claim wait. */
export interface Post {
  readonly claim: Claim
  queued: boolean
}

/** What one call of a handler is for, and its later attempts. */
export interface Job<P extends Post> {
  readonly post: P
  /** Its first record. */
  readonly message: Message
  attempt: number
  /** Of the latest attempt. */
  context: HandlerContext | undefined
  /** The pause before the next attempt, until that begins. */
  retry: Timer | undefined
}

export abstract class Crew<W extends WorkOptions, P extends Post, J extends Job<P>> {
  protected readonly work: W
  protected readonly outcomes: Outcomes
  protected readonly clock: Clock
  readonly #random: Random
  readonly #ready = new Fifo<P>()
  readonly #attempting: Attempting<J>
  #running = 0
  #pumping = false

  constructor(work: W, outcomes: Outcomes, clock: Clock, random: Random) {
    this.work = work
    this.outcomes = outcomes
    this.clock = clock
    this.#random = random
    this.#attempting = {
      call: (job) => this.call(job),
      done: (job) => this.#settled(job, undefined),
      failed: (job, error) => this.#settled(job, { error }),
      expire: (job) => job.context!.expire(),
    }
  }

  protected abstract canStart(post: P): boolean
  /** The next job of a post that can start one. */
  protected abstract take(post: P): J
  protected abstract contextOf(job: J): HandlerContext
  protected abstract call(job: J): unknown
  /** Nothing more will be tried; whether its records are done. */
  protected abstract close(job: J, done: boolean): void
  /** The pause is over: its post may start it again. */
  protected abstract resume(job: J): void

  protected offer(post: P): void {
    if (post.queued || !this.canStart(post)) return
    post.queued = true
    this.#ready.push(post)
  }

  /** Starts whatever may start now. */
  protected pump(): void {
    if (this.#pumping) return
    this.#pumping = true
    try {
      while (this.#running < this.work.concurrency) {
        const post = this.#ready.shift()
        if (post === undefined) break
        post.queued = false
        if (this.outcomes.mayStart(post.claim) && this.canStart(post)) this.#start(this.take(post))
      }
    } finally {
      this.#pumping = false
    }
  }

  #start(job: J): void {
    job.retry = undefined
    job.context = this.contextOf(job)
    this.#running++
    job.post.claim.running++
    attempt(job, this.#attempting, this.clock, this.work.timeoutMs)
  }

  #settled(job: J, failure: { error: unknown } | undefined): void {
    const { claim } = job.post
    this.#running--
    claim.running--
    if (isAlive(claim)) this.#judge(job, failure)
    this.outcomes.settled(claim)
    this.pump()
  }

  #judge(job: J, failure: { error: unknown } | undefined): void {
    const { claim } = job.post
    const skipped = job.context?.skipped
    if (skipped !== undefined) {
      this.outcomes.skipped(claim, job.message.offset, skipped.why)
      this.close(job, true)
    } else if (failure === undefined) this.close(job, this.outcomes.mode === 'processed')
    else if (claim.phase !== 'working') this.close(job, false)
    else if (job.attempt < this.work.retry.attempts) this.#retryLater(job, failure.error)
    else if (this.work.exhausted === 'skip') {
      this.outcomes.skipped(claim, job.message.offset, failure.error)
      this.close(job, true)
    } else this.outcomes.stopped(claim, job.message.offset, failure.error)
  }

  #retryLater(job: J, error: unknown): void {
    const delayMs = retryDelay(this.work.retry, job.attempt, this.#random)
    this.outcomes.retrying(job.post.claim, job.message.offset, job.attempt, delayMs, error)
    job.attempt++
    job.retry = this.clock.schedule(delayMs, () => {
      this.resume(job)
      this.offer(job.post)
      this.pump()
    })
  }
}
