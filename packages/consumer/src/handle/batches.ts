/**
 * The user's function for batches: records of one partition that follow each other, one batch of a partition at a time.
 *
 * A batch starts when it is full, or when its first record has waited for `waitMaxMs`. It is tried again, and done, as a whole.
 */
import type { Message } from '@tidemark/client'
import type { Clock, Random, Timer } from '@tidemark/platform'
import { type Claim, isAlive } from '../state/claims.ts'
import { finish, type Ticket } from '../state/tracker.ts'
import { type Attempting, attempt } from './attempt.ts'
import { retryDelay } from './backoff.ts'
import { BatchContext } from './context.ts'
import { Fifo } from './fifo.ts'
import type { BatchWork, Holdup, MessageBatch, Outcomes, Worker } from './work.ts'

interface Running extends MessageBatch {
  readonly first: Ticket
  attempt: number
}

interface Bench {
  readonly claim: Claim
  readonly waiting: Fifo<Message>
  /** The ticket of the first record that waits. */
  next: Ticket
  current: Running | undefined
  /** The batch is complete enough, or has waited long enough. */
  ripe: boolean
  /** Fires when the first waiting record has waited long enough, or when the pause between attempts is over. */
  timer: Timer | undefined
  queued: boolean
}

/** One attempt at one batch. */
interface Call {
  readonly bench: Bench
  readonly batch: Running
  readonly context: BatchContext
}

export class Batches implements Worker {
  readonly #work: BatchWork
  readonly #outcomes: Outcomes
  readonly #clock: Clock
  readonly #random: Random
  readonly #benches = new Map<Claim, Bench>()
  readonly #ready = new Fifo<Bench>()
  readonly #attempting: Attempting<Call>
  #running = 0
  #pumping = false

  constructor(work: BatchWork, outcomes: Outcomes, clock: Clock, random: Random) {
    this.#work = work
    this.#outcomes = outcomes
    this.#clock = clock
    this.#random = random
    this.#attempting = {
      call: ({ batch, context }) => work.handler(batch, context),
      done: (call) => this.#settled(call, undefined),
      failed: (call, error) => this.#settled(call, { error }),
      expire: ({ context }) => context.expire(),
    }
  }

  enter(claim: Claim, messages: readonly Message[], firstTicket: Ticket): void {
    let bench = this.#benches.get(claim)
    if (bench === undefined) {
      bench = { claim, waiting: new Fifo(), next: firstTicket, current: undefined, ripe: false, timer: undefined, queued: false }
      this.#benches.set(claim, bench)
    }
    for (const message of messages) bench.waiting.push(message)
    this.#ripen(bench)
    this.#pump()
  }

  drop(claim: Claim): void {
    const bench = this.#benches.get(claim)
    if (bench === undefined) return
    bench.timer?.cancel()
    bench.waiting.clear()
    this.#benches.delete(claim)
  }

  wake(claim: Claim): void {
    const bench = this.#benches.get(claim)
    if (bench === undefined) return
    this.#ripen(bench)
    this.#offer(bench)
    this.#pump()
  }

  waiting(claim: Claim): number {
    return this.#benches.get(claim)?.waiting.length ?? 0
  }

  holdup(claim: Claim): Holdup | undefined {
    const bench = this.#benches.get(claim)
    const message = bench?.current?.messages[0] ?? bench?.waiting.peek()
    if (bench === undefined || message === undefined) return undefined
    const state = bench.current === undefined ? 'waiting' : bench.timer === undefined ? 'running' : 'retrying'
    return { offset: message.offset, attempt: bench.current?.attempt ?? 1, state }
  }

  /** Sees whether the next batch may start now, and if not, when. */
  #ripen(bench: Bench): void {
    if (bench.current !== undefined || bench.waiting.length === 0) return
    if (bench.waiting.length >= this.#work.recordsMax || this.#work.waitMaxMs === 0) bench.ripe = true
    if (bench.ripe) {
      bench.timer?.cancel()
      bench.timer = undefined
      this.#offer(bench)
    } else bench.timer ??= this.#clock.schedule(this.#work.waitMaxMs, () => this.#waited(bench))
  }

  #waited(bench: Bench): void {
    bench.timer = undefined
    bench.ripe = true
    this.#offer(bench)
    this.#pump()
  }

  #offer(bench: Bench): void {
    const canStart = bench.ripe && bench.timer === undefined && (bench.current !== undefined || bench.waiting.length > 0)
    if (bench.queued || !canStart) return
    bench.queued = true
    this.#ready.push(bench)
  }

  #pump(): void {
    if (this.#pumping) return
    this.#pumping = true
    try {
      while (this.#running < this.#work.concurrency) {
        const bench = this.#ready.shift()
        if (bench === undefined) break
        bench.queued = false
        if (this.#outcomes.mayStart(bench.claim)) this.#start(bench)
      }
    } finally {
      this.#pumping = false
    }
  }

  #start(bench: Bench): void {
    const { claim } = bench
    if (bench.current === undefined) {
      const messages = bench.waiting.take(this.#work.recordsMax)
      bench.current = { topic: claim.topic, partition: claim.partition, messages, first: bench.next, attempt: 1 }
      bench.next += messages.length
      if (this.#outcomes.mode === 'delivered') this.#finish(claim, bench.current)
    }
    bench.ripe = false
    this.#running++
    claim.running++
    const batch = bench.current
    const { timeoutMs } = this.#work
    const { messages, first } = batch
    const context = new BatchContext(
      claim,
      this.#outcomes,
      batch.attempt,
      timeoutMs !== undefined,
      first,
      messages.length,
      messages[0]!.offset,
    )
    attempt({ bench, batch, context }, this.#attempting, this.#clock, timeoutMs)
  }

  #settled(call: Call, failure: { error: unknown } | undefined): void {
    const { claim } = call.bench
    this.#running--
    claim.running--
    if (isAlive(claim)) this.#judge(call, failure)
    this.#outcomes.settled(claim)
    this.#pump()
  }

  #judge({ bench, batch, context }: Call, failure: { error: unknown } | undefined): void {
    const { claim } = bench
    const offset = batch.messages[0]!.offset
    if (context.skipped !== undefined) {
      this.#outcomes.skipped(claim, offset, context.skipped.why)
      this.#close(bench, batch, true)
    } else if (failure === undefined) this.#close(bench, batch, this.#outcomes.mode === 'processed')
    else if (claim.phase !== 'working') this.#close(bench, batch, false)
    else if (batch.attempt < this.#work.retry.attempts) this.#retryLater(bench, batch, failure.error)
    else if (this.#work.exhausted === 'skip') {
      this.#outcomes.skipped(claim, offset, failure.error)
      this.#close(bench, batch, true)
    } else this.#outcomes.stopped(claim, offset, failure.error)
  }

  #close(bench: Bench, batch: Running, done: boolean): void {
    if (done) this.#finish(bench.claim, batch)
    bench.current = undefined
    this.#ripen(bench)
  }

  #finish(claim: Claim, batch: Running): void {
    for (let i = 0; i < batch.messages.length; i++) finish(claim.tracker, batch.first + i)
  }

  #retryLater(bench: Bench, batch: Running, error: unknown): void {
    const delayMs = retryDelay(this.#work.retry, batch.attempt, this.#random)
    this.#outcomes.retrying(bench.claim, batch.messages[0]!.offset, batch.attempt, delayMs, error)
    batch.attempt++
    bench.timer = this.#clock.schedule(delayMs, () => this.#waited(bench))
  }
}
