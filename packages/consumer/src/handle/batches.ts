/**
 * The user's function for batches: records of one partition that follow each other, one batch of a partition at a time.
 *
 * A batch starts when it is full, or when its first record has waited for `waitMaxMs`. It is tried again, and done, as a whole.
 */
import type { Message } from '@tidemark/client'
import { Fifo, type Timer } from '@tidemark/platform'
import type { Claim } from '../state/claims.ts'
import { finish, type Ticket } from '../state/tracker.ts'
import { BatchContext } from './context.ts'
import { Crew, type Job, type Post } from './crew.ts'
import type { BatchWork, Holdup, MessageBatch, Worker } from './work.ts'

interface Batch extends Job<Bench> {
  readonly batch: MessageBatch
  readonly first: Ticket
  context: BatchContext | undefined
}

/** The records of one claim. */
interface Bench extends Post {
  readonly waiting: Fifo<Message>
  /** The ticket of the first record that waits. */
  next: Ticket
  /** The batch that runs, or pauses between attempts. */
  current: Batch | undefined
  /** The batch is complete enough, or has waited long enough. */
  ripe: boolean
  /** Fires when the first waiting record has waited long enough. */
  timer: Timer | undefined
}

export class Batches extends Crew<BatchWork, Bench, Batch> implements Worker {
  readonly #benches = new Map<Claim, Bench>()

  enter(claim: Claim, messages: readonly Message[], firstTicket: Ticket): void {
    let bench = this.#benches.get(claim)
    if (bench === undefined) {
      bench = { claim, waiting: new Fifo(), next: firstTicket, current: undefined, ripe: false, timer: undefined, queued: false }
      this.#benches.set(claim, bench)
    }
    for (const message of messages) bench.waiting.push(message)
    this.#ripen(bench)
    this.pump()
  }

  drop(claim: Claim): void {
    const bench = this.#benches.get(claim)
    if (bench === undefined) return
    bench.timer?.cancel()
    bench.current?.retry?.cancel()
    bench.waiting.clear()
    this.#benches.delete(claim)
  }

  wake(claim: Claim): void {
    const bench = this.#benches.get(claim)
    if (bench === undefined) return
    this.#ripen(bench)
    this.offer(bench)
    this.pump()
  }

  waiting(claim: Claim): number {
    return this.#benches.get(claim)?.waiting.length ?? 0
  }

  holdup(claim: Claim): Holdup | undefined {
    const bench = this.#benches.get(claim)
    const current = bench?.current
    const offset = (current?.message ?? bench?.waiting.peek())?.offset
    if (offset === undefined) return undefined
    const state = current === undefined ? 'waiting' : current.retry === undefined ? 'running' : 'retrying'
    return { offset, attempt: current?.attempt ?? 1, state }
  }

  /** Sees whether the next batch may start now, and if not, when. */
  #ripen(bench: Bench): void {
    if (bench.current !== undefined || bench.waiting.length === 0) return
    if (bench.waiting.length >= this.work.recordsMax || this.work.waitMaxMs === 0) bench.ripe = true
    if (bench.ripe) {
      bench.timer?.cancel()
      bench.timer = undefined
      this.offer(bench)
    } else bench.timer ??= this.clock.schedule(this.work.waitMaxMs, () => this.#waited(bench))
  }

  #waited(bench: Bench): void {
    bench.timer = undefined
    bench.ripe = true
    this.offer(bench)
    this.pump()
  }

  protected canStart(bench: Bench): boolean {
    return bench.ripe && (bench.current !== undefined || bench.waiting.length > 0)
  }

  protected take(bench: Bench): Batch {
    bench.ripe = false
    return (bench.current ??= this.#next(bench))
  }

  #next(bench: Bench): Batch {
    const { topic, partition, tracker } = bench.claim
    const messages = bench.waiting.take(this.work.recordsMax)
    const batch = { topic, partition, messages }
    const first = bench.next
    bench.next += messages.length
    if (this.outcomes.mode === 'delivered') for (let i = 0; i < messages.length; i++) finish(tracker, first + i)
    return { post: bench, batch, message: messages[0]!, first, attempt: 1, context: undefined, retry: undefined }
  }

  protected contextOf({ post, attempt, first, batch, message }: Batch): BatchContext {
    return new BatchContext(
      post.claim,
      this.outcomes,
      attempt,
      this.work.timeoutMs !== undefined,
      first,
      batch.messages.length,
      message.offset,
    )
  }

  protected call({ batch, context }: Batch): unknown {
    return this.work.handler(batch, context!)
  }

  protected close({ post, batch, first }: Batch, done: boolean): void {
    if (done) for (let i = 0; i < batch.messages.length; i++) finish(post.claim.tracker, first + i)
    post.current = undefined
    this.#ripen(post)
  }

  protected resume({ post }: Batch): void {
    post.ripe = true
  }
}
