/**
 * When the calls of one handler run: how many at once, in which order their queues are served, and what
 * becomes of a record when its call has settled. What a call is, and which record comes next, is the business of
 * `by-order.ts` and `by-batch.ts`.
 *
 * Invariants: nothing is started for a claim that may not start. A call keeps its slot until it settles, also when
 * its time is over or its claim is dead: the handler's concurrency is never exceeded. An outcome counts only while
 * its claim lives. A job whose dead letter is due keeps its queue, and needs no slot: records of its key follow it
 * into the dead-letter topic in their order, and a drain waits for the write.
 */
import type { FetchedMessage } from '@tidemark/client/internal'
import { type Clock, Fifo, type Random, TidemarkError, type Timer } from '@tidemark/platform'
import type { Claim } from '../claims/claim.ts'
import type { Guard } from '../claims/guard.ts'
import type { Admission } from '../claims/guards.ts'
import { forget, note } from '../commit/tracker.ts'
import { attempt } from './attempt.ts'
import type { CallContext, CallOf } from './context.ts'
import { DeadLetter, type DeadLetterFailure } from './dead-letter.ts'
import { type LettersOutcome, mayBeWrittenLater } from './dead-letters.ts'
import { DecodeError } from './decoded.ts'
import { Inside } from './inside.ts'
import { retryDelayMs } from './retry.ts'
import type { Holdup, WorkListener, WorkOptions } from './work.ts'

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
  limit: { readonly startedMs: number; isOver: boolean; isStuck: boolean } | undefined
  /** The pause before the next attempt; of a running call: its time-out, then its grace period. */
  timer: Timer | undefined
  /** Its dead letters are due: nothing else is tried. */
  letters: DueLetters | undefined
  /** It waits for its call to be on record; names the wait. */
  admission: object | undefined
  /** Its call is on record. */
  admitted: Admission | undefined
}

interface DueLetters {
  readonly failure: DeadLetterFailure
  /** Those that are not written, in their order. */
  messages: readonly FetchedMessage[]
  /** Tries that failed, one after the other. */
  tries: number
  isWriting: boolean
}

/** Its call runs, or its dead letters are being written. */
export const isRunning = (job: Job): boolean => job.context !== undefined || job.letters?.isWriting === true

/** What holds the job up, for `explain()`. */
export function stateOf(job: Job, isStarted: boolean): Holdup['state'] {
  if (job.admission !== undefined) return 'waiting for its call to be on record'
  if (job.letters !== undefined) return 'waiting for its dead letter to be written'
  if (isRunning(job)) return 'running'
  return isStarted ? 'retrying' : 'waiting'
}

/** `dropped`: the call failed, and its claim is being given up. */
export type Outcome = 'succeeded' | 'skipped' | 'dropped'

/** What differs between single records and batches. */
export interface JobKind<J extends Job> {
  contextOf(job: J): CallContext
  /** Calls the user's handler. */
  call(job: J): unknown
  /** Nothing more will be tried, and the claim is alive; counts records as done, and returns how many. */
  finish(job: J, outcome: Outcome): number
  /** With a store: it is told that dead letters have taken the place of the job's records. Never rejects. */
  mark(job: J): Promise<void>
  /** The job is over, whether its claim is alive or has ended: its queue may go on. */
  closed(job: J): void
  /** The pause is over: its queue can start it again. */
  resume(job: J): void
  messagesOf(job: J): readonly FetchedMessage[]
  /**
   * The record at `index` alone has failed, and stays with the job: those before it are done, and those after it wait
   * again. Returns how many were counted as done.
   */
  narrow(job: J, index: number): number
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
        if (job.claim.guard === undefined) this.#start(job)
        else this.#admit(job, job.claim.guard)
      }
    } finally {
      this.#isPumping = false
    }
  }

  /** The job will not be tried again: its pause ends without an attempt. A running call keeps its time-out. */
  forget(job: J): void {
    job.admission = undefined
    if (!isRunning(job) && job.timer !== undefined) this.#endPause(job)
  }

  #pause(job: J, delayMs: number, then: () => void): void {
    job.claim.calls.pausing++
    const over = (): void => {
      this.#endPause(job)
      then()
    }
    this.#setTimer(job, this.#clock.schedule(delayMs, over))
  }

  #endPause(job: J): void {
    job.claim.calls.pausing--
    this.#setTimer(job, undefined)
  }

  close(): void {
    for (const job of this.#timed) job.timer?.cancel()
    this.#timed.clear()
  }

  /** Where records that kill their process are looked for, a call may have to wait; it has its slot meanwhile. */
  #admit(job: J, guard: Guard): void {
    const offsets = this.#kind.messagesOf(job).map((m) => m.offset)
    const admission = this.#listener.admit(job.claim, guard, offsets)
    if (admission === 'condemned') return this.#condemn(job)
    if (!(admission instanceof Promise)) {
      job.admitted = admission
      return this.#start(job)
    }
    const wait = {}
    job.admission = wait
    this.#running++
    void admission.then((admitted) => {
      this.#running--
      this.#enterAdmitted(job, wait, admitted)
      this.pump()
    })
  }

  #enterAdmitted(job: J, wait: object, admitted: Admission | undefined): void {
    const isWanted = job.admission === wait
    if (isWanted) job.admission = undefined
    if (admitted === undefined) return
    if (isWanted && this.#listener.mayStart(job.claim)) {
      job.admitted = admitted
      return this.#start(job)
    }
    admitted.over()
    if (!isWanted) return
    this.#kind.resume(job) // paused meanwhile, for instance: it is taken again
    this.offer(job.queue as Queue<J>)
  }

  #condemn(job: J): void {
    const { claim, offset } = job
    const deaths = claim.tracker.notes.get(offset)?.deaths ?? 0
    const text = `${claim.topic}-${claim.partition} at offset ${offset} killed its process ${deaths + 1} times, and is not handled any more`
    const why = new TidemarkError('KILLED_PROCESS', text, { topic: claim.topic, partition: claim.partition, offset })
    if (this.#work.exhausted === 'stop') return this.#listener.stopped(claim, offset, why)
    let done = 0
    if (this.#work.exhausted === 'skip') {
      this.#listener.skipped(claim, offset, why)
      done = this.#close(job, 'skipped')
    } else done = this.#deadLetter(job, 'killed the process', why)
    this.#listener.settled(claim, done)
  }

  #start(job: J): void {
    this.#setTimer(job, undefined)
    job.context = this.#kind.contextOf(job)
    this.#running++
    job.claim.calls.started++
    job.claim.calls.running++
    // In a transaction of a store the handler is called once that has begun.
    if (this.#work.store === undefined) this.#limit(job)
    else job.context.onCall = (isRunning) => (isRunning ? this.#limit(job) : this.#unlimit(job))
    attempt(job, this)
  }

  #limit(job: J): void {
    const { timeoutMs } = this.#work
    if (timeoutMs === undefined || job.limit?.isOver) return
    job.limit = { startedMs: this.#clock.monotonic(), isOver: false, isStuck: false }
    this.#setTimer(
      job,
      this.#clock.schedule(timeoutMs, () => this.#expire(job)),
    )
  }

  #unlimit(job: J): void {
    if (job.limit !== undefined && !job.limit.isOver) this.#setTimer(job, undefined)
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
        const { calls } = job.claim
        job.limit!.isStuck = true
        calls.stuck++
        if (this.#listener.stuck(job.claim, job.offset, elapsedMs, isSlotWanted)) return
        job.limit!.isStuck = false
        calls.stuck--
        this.#watchExpired(job)
      }),
    )
  }

  settled(job: J, failure: { readonly error: unknown } | undefined): void {
    const { claim, limit } = job
    const context = job.context!
    this.#setTimer(job, undefined)
    job.context = undefined
    job.limit = undefined
    job.admitted?.over()
    job.admitted = undefined
    context.end(failure !== undefined || context.failedAt !== undefined)
    this.#running--
    claim.calls.running--
    if (limit?.isStuck) claim.calls.stuck--
    let done = 0
    if (claim.isDead) this.#kind.closed(job)
    else if (limit?.isOver) done = this.#judge(job, context, this.#timedOut(failure))
    else done = this.#judgeSettled(job, context, failure)
    this.#listener.settled(claim, done)
    this.pump()
  }

  #timedOut(failure: { readonly error: unknown } | undefined): { readonly error: unknown } {
    const text = `the handler did not settle within ${this.#work.timeoutMs} ms`
    return { error: new TidemarkError('HANDLER_TIMED_OUT', text, failure && { cause: failure.error }) }
  }

  /** The call was in time. A batch may have named the record that failed: the others go their own way. */
  #judgeSettled(job: J, context: CallContext, failure: { readonly error: unknown } | undefined): number {
    const { failedAt, skipped, deadLettered, isCommitted } = context
    const isWhole = skipped !== undefined || deadLettered !== undefined || isCommitted
    if (failedAt === undefined || isWhole) return this.#judge(job, context, failure)
    return this.#kind.narrow(job, failedAt.index) + this.#judge(job, context, failedAt)
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
    if (context.deadLettered !== undefined) return this.#deadLetter(job, 'handler', context.deadLettered.why)
    if (failure === undefined) return this.#close(job, 'succeeded')
    if (claim.phase !== 'working') return this.#close(job, 'dropped')
    if (!this.#isLast(job, failure)) this.#retryLater(job, failure.error)
    else if (this.#work.exhausted instanceof DeadLetter) return this.#deadLetter(job, 'exhausted', failure.error)
    else {
      forget(claim.tracker, offset) // a record that starts again after that has all attempts again
      this.#listener.stopped(claim, offset, failure.error)
    }
    return 0
  }

  /** Nothing counts as done before its letter is acknowledged (T14). */
  #deadLetter(job: J, cause: DeadLetterFailure['cause'], why: unknown): number {
    const { tracker } = job.claim
    const attempts = cause === 'killed the process' ? (tracker.notes.get(job.offset)?.attempts ?? 0) : job.attempt
    const failure = { cause, attempts, why }
    this.#noteAttempts(job, attempts)
    job.letters = { failure, messages: this.#kind.messagesOf(job), tries: 0, isWriting: false }
    void this.#writeLetters(job, job.letters)
    return 0
  }

  /** Kept with the commit; where a record is done before its call, there is nothing to keep. */
  #noteAttempts({ claim, offset }: J, attempts: number): void {
    if (this.#listener.mode !== 'delivered') note(claim.tracker, offset, { attempts })
  }

  async #writeLetters(job: J, letters: DueLetters): Promise<void> {
    const { claim } = job
    letters.isWriting = true
    claim.calls.running++
    const outcome = await this.#listener.writeLetters(this.#work.exhausted as DeadLetter, claim, letters.messages, letters.failure)
    if (outcome.error === undefined && this.#work.store !== undefined) await this.#kind.mark(job)
    letters.isWriting = false
    claim.calls.running--
    for (const { message, to } of outcome.written) this.#listener.deadLettered(claim, message.offset, to, letters.failure)
    let done = 0
    if (claim.isDead) this.#kind.closed(job)
    else done = this.#judgeLetters(job, letters, outcome)
    this.#listener.settled(claim, done)
    this.pump()
  }

  #judgeLetters(job: J, letters: DueLetters, { written, error }: LettersOutcome): number {
    letters.messages = letters.messages.slice(written.length)
    if (error === undefined) return this.#close(job, 'skipped')
    if (job.claim.phase !== 'working') return this.#close(job, 'dropped')
    const policy = this.#work.exhausted as DeadLetter
    const { offset } = letters.messages[0]!
    const isFinal = !mayBeWrittenLater(error)
    const delayMs = isFinal ? undefined : retryDelayMs(policy.delays, ++letters.tries, this.#random.next())
    if (delayMs !== undefined) this.#pause(job, delayMs, () => void this.#writeLetters(job, letters))
    this.#listener.lettersFailed(job.claim, offset, policy.topic, letters.tries, delayMs, error)
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
    const delayMs = retryDelayMs(this.#work.retry, job.attempt, this.#random.next())
    const failed = job.attempt++
    this.#noteAttempts(job, failed)
    this.#pause(job, delayMs, () => {
      this.#kind.resume(job)
      this.offer(job.queue as Queue<J>)
      this.pump()
    })
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
