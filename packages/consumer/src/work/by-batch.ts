/**
 * The handler for batches: consecutive records of one partition, one batch of a partition at a time.
 *
 * A batch starts when it is full, or when its first record has waited for `waitMaxMs`. It is tried again, and done, as
 * a whole; unless its handler names the record that failed, which is tried again alone, and the rest after it.
 */
import { type FetchedMessage, keyOf } from '@tidemark/client/internal'
import { type Clock, Fifo, type Random, type Timer } from '@tidemark/platform'
import type { Claim } from '../claims/claim.ts'
import { finish, settle, type Ticket } from '../commit/tracker.ts'
import { CallContext, type CallScope, scopeOf } from './context.ts'
import { nextAttempt, type Retry } from './retry.ts'
import { isRunning, type Job, type JobKind, type Outcome, type Queue, Scheduler, stateOf } from './scheduler.ts'
import { StoredCalls } from './stored.ts'
import type { BatchWork, HeldRecord, Holdup, MessageBatch, Worker, WorkListener } from './work.ts'

interface Batch extends Job {
  readonly queue: BatchQueue
  offset: number
  ticket: Ticket
  messages: readonly FetchedMessage[]
}

/** The records of one partition. */
class BatchQueue implements Queue<Batch> {
  /** The newest claim of the partition. */
  claim: Claim
  isReady = false
  readonly waiting = new Fifo<FetchedMessage>()
  /** The ticket of the first record that waits. */
  nextTicket: Ticket
  /** The batch of the living claim that runs, or pauses between attempts. */
  current: Batch | undefined
  /** The batch of an ended claim whose call still runs. */
  leftover: Batch | undefined
  /** The next batch is full, or has waited long enough; or the current one may be tried again. */
  isRipe = false
  /** Fires when the first waiting record has waited long enough. */
  timer: Timer | undefined
  readonly #recordsMax: number
  readonly #retry: Retry

  constructor(claim: Claim, nextTicket: Ticket, { recordsMax, retry }: BatchWork) {
    this.claim = claim
    this.nextTicket = nextTicket
    this.#recordsMax = recordsMax
    this.#retry = retry
  }

  canStart(): boolean {
    if (!this.isRipe || this.leftover !== undefined) return false
    return this.current !== undefined ? !isRunning(this.current) : this.waiting.length > 0
  }

  take(): Batch {
    this.isRipe = false
    this.current ??= this.#next()
    return this.current
  }

  /** How many records the next batch may have: suspects of having killed a process go alone. */
  #span(): number {
    const { guard } = this.claim
    if (guard === undefined || guard.isIdle) return this.#recordsMax
    const offsets: number[] = []
    for (const { offset } of this.waiting) if (offsets.push(offset) >= this.#recordsMax) break
    return guard.span(offsets)
  }

  /** These go before all that wait. */
  putBack(messages: readonly FetchedMessage[], firstTicket: Ticket): void {
    this.waiting.unshift(messages)
    this.nextTicket = firstTicket
  }

  #next(): Batch {
    const messages = this.waiting.take(this.#span())
    const ticket = this.nextTicket
    this.nextTicket += messages.length
    const { claim } = this
    const { offset } = messages[0]!
    const attempt = nextAttempt(claim, offset, this.#retry)
    return {
      queue: this,
      claim,
      offset,
      ticket,
      messages,
      attempt,
      context: undefined,
      limit: undefined,
      timer: undefined,
      letters: undefined,
      admission: undefined,
      admitted: undefined,
    }
  }
}

export class ByBatch implements Worker, JobKind<Batch> {
  readonly #work: BatchWork
  readonly #listener: WorkListener
  readonly #clock: Clock
  readonly #scope: CallScope
  readonly #scheduler: Scheduler<Batch>
  readonly #queues = new Map<string, BatchQueue>()
  readonly #stored: StoredCalls | undefined

  constructor(work: BatchWork, listener: WorkListener, clock: Clock, random: Random) {
    this.#work = work
    this.#listener = listener
    this.#scope = scopeOf(work, listener)
    this.#clock = clock
    this.#scheduler = new Scheduler(work, this, listener, clock, random)
    this.#stored = work.store && new StoredCalls(work.store, work, listener, clock, random)
  }

  // What the consumer asks ------------------------------------------------------------------------------

  enter(claim: Claim, messages: readonly FetchedMessage[], firstTicket: Ticket): void {
    const queue = this.#queueFor(claim, firstTicket)
    for (const message of messages) queue.waiting.push(message)
    this.#ripen(queue)
    this.#scheduler.pump()
  }

  drop(claim: Claim): readonly HeldRecord[] {
    const queue = this.#queueOf(claim)
    if (queue === undefined) return []
    this.#cancelTimer(queue)
    const { current } = queue
    if (current !== undefined) this.#scheduler.forget(current)
    if (current !== undefined && isRunning(current)) queue.leftover = current
    queue.current = undefined
    queue.isRipe = false
    queue.waiting.clear()
    if (queue.leftover === undefined) this.#queues.delete(keyOf(claim))
    return queue.leftover?.claim === claim ? recordsOf(queue.leftover) : []
  }

  wake(claim: Claim): void {
    const queue = this.#queueOf(claim)
    if (queue === undefined) return
    this.#ripen(queue)
    this.#scheduler.offer(queue)
    this.#scheduler.pump()
  }

  pump(): void {
    this.#scheduler.pump()
  }

  waiting(claim: Claim): number {
    return this.#queueOf(claim)?.waiting.length ?? 0
  }

  /** A full batch needs records that wait, not new ones. */
  isHungry(claim: Claim): boolean {
    const queue = this.#queueOf(claim)
    return queue !== undefined && queue.current === undefined && queue.leftover === undefined && this.#scheduler.isIdle
  }

  /** A batch that is not full starts all the same, in time. */
  isHeldUp(): boolean {
    return false
  }

  *held(claim: Claim): Generator<HeldRecord> {
    const queue = this.#queueOf(claim)
    if (queue === undefined) return
    const { current } = queue
    if (current !== undefined) yield* recordsOf(current)
    let ticket = queue.nextTicket
    for (const message of queue.waiting) yield { ticket: ticket++, message }
  }

  holdup(claim: Claim): Holdup | undefined {
    const queue = this.#queueOf(claim)
    const current = queue?.current
    const oldest = current?.messages[0] ?? queue?.waiting.peek()
    if (oldest === undefined) return undefined
    const state = current === undefined ? 'waiting' : stateOf(current, true)
    return { offset: oldest.offset, timestampMs: oldest.timestampMs, attempt: current?.attempt ?? 1, state }
  }

  close(): void {
    for (const queue of this.#queues.values()) this.#cancelTimer(queue)
    this.#scheduler.close()
  }

  #queueOf(claim: Claim): BatchQueue | undefined {
    const queue = this.#queues.get(keyOf(claim))
    return queue?.claim === claim ? queue : undefined
  }

  #queueFor(claim: Claim, firstTicket: Ticket): BatchQueue {
    const known = this.#queues.get(keyOf(claim))
    if (known === undefined) {
      const queue = new BatchQueue(claim, firstTicket, this.#work)
      this.#queues.set(keyOf(claim), queue)
      return queue
    }
    if (known.claim !== claim) {
      known.claim = claim
      known.nextTicket = firstTicket
    }
    return known
  }

  /** Sees whether the next batch may start now, and if not, when. */
  #ripen(queue: BatchQueue): void {
    if (queue.current !== undefined || queue.leftover !== undefined || queue.waiting.length === 0) return
    if (queue.waiting.length >= this.#work.recordsMax || this.#work.waitMaxMs === 0) queue.isRipe = true
    if (queue.isRipe) {
      this.#cancelTimer(queue)
      this.#scheduler.offer(queue)
    } else queue.timer ??= this.#clock.schedule(this.#work.waitMaxMs, () => this.#waited(queue))
  }

  #waited(queue: BatchQueue): void {
    queue.timer = undefined
    queue.isRipe = true
    this.#scheduler.offer(queue)
    this.#scheduler.pump()
  }

  #cancelTimer(queue: BatchQueue): void {
    queue.timer?.cancel()
    queue.timer = undefined
  }

  // What the scheduler asks -----------------------------------------------------------------------------

  contextOf(batch: Batch): CallContext {
    return new CallContext(batch, this.#scope, batch.messages.length, batch.messages[0]!)
  }

  call({ claim, messages, ticket: first, context }: Batch): unknown {
    if (this.#listener.mode === 'delivered') forEachTicket(first, messages.length, (ticket) => finish(claim.tracker, ticket))
    if (this.#stored === undefined) return this.#work.handler(batchOf(claim, messages, context!), context!)
    return this.#stored.run(claim, messages, context!, (fresh) => {
      const offsets = new Set(fresh.map((record) => record.offset))
      const open = offsets.size === messages.length ? messages : messages.filter((m) => offsets.has(m.offset))
      return this.#work.handler(batchOf(claim, open, context!), context!)
    })
  }

  finish({ claim, messages, ticket: first }: Batch, outcome: Outcome): number {
    const isDone = outcome === 'skipped' || (outcome === 'succeeded' && this.#listener.mode !== 'manual')
    const mark = isDone ? finish : outcome === 'succeeded' ? settle : undefined
    if (mark !== undefined) forEachTicket(first, messages.length, (ticket) => mark(claim.tracker, ticket))
    return isDone ? messages.length : 0
  }

  async mark({ claim, messages }: Batch): Promise<void> {
    await this.#stored?.mark(claim, messages)
  }

  closed(batch: Batch): void {
    const { queue, claim, ticket, messages } = batch
    this.#listener.closed(claim, ticket, messages.length)
    if (queue.current === batch) queue.current = undefined
    if (queue.leftover === batch) queue.leftover = undefined
    this.#goOn(queue)
  }

  resume({ queue }: Batch): void {
    queue.isRipe = true
  }

  messagesOf({ messages }: Batch): readonly FetchedMessage[] {
    return messages
  }

  narrow(batch: Batch, index: number): number {
    const { queue, claim, ticket, messages } = batch
    const rest = messages.slice(index + 1)
    batch.ticket = ticket + index
    batch.messages = [messages[index]!]
    batch.offset = messages[index]!.offset
    const isManual = this.#listener.mode === 'manual'
    forEachTicket(ticket, index, (t) => (isManual ? settle : finish)(claim.tracker, t))
    this.#listener.closed(claim, ticket, index)
    if (queue.current === batch) queue.putBack(rest, batch.ticket + 1)
    else this.#listener.closed(claim, batch.ticket + 1, rest.length)
    return isManual ? 0 : index
  }

  #goOn(queue: BatchQueue): void {
    if (queue.claim.isDead && queue.leftover === undefined) this.#queues.delete(keyOf(queue.claim))
    else this.#ripen(queue)
  }
}

const recordsOf = ({ messages, ticket }: Batch): HeldRecord[] => messages.map((message, i) => ({ ticket: ticket + i, message }))

function forEachTicket(first: Ticket, count: number, act: (ticket: Ticket) => void): void {
  for (let i = 0; i < count; i++) act(first + i)
}

/** The array is a copy: a handler that changes it changes nothing here, nor what a second attempt is given. */
function batchOf({ topic, partition }: Claim, batch: readonly FetchedMessage[], context: CallContext): MessageBatch {
  const messages = Object.freeze([...batch])
  const failedAt = (index: number, error: unknown): void => context.failAt(index, error)
  return { topic, partition, messages, failedAt, [Symbol.iterator]: () => messages[Symbol.iterator]() }
}
