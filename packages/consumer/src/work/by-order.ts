/**
 * The handler for single records, in the order that was asked for: one lane a partition, one a key of a partition, or
 * one lane in which everything runs side by side. A record that waits for its next attempt holds up its own lane
 * alone.
 */
import { type FetchedMessage, keyOf } from '@tidemark/client/internal'
import type { Clock, Random } from '@tidemark/platform'
import type { Claim } from '../claims/claim.ts'
import { finish, settle, type Ticket } from '../commit/tracker.ts'
import { CallContext, type CallScope, scopeOf } from './context.ts'
import { Lane, type PartitionLanes, type Task } from './lane.ts'
import { nextAttempt } from './retry.ts'
import { isRunning, type JobKind, type Outcome, Scheduler, stateOf } from './scheduler.ts'
import { StoredCalls } from './stored.ts'
import type { EachWork, Holdup, Worker, WorkListener } from './work.ts'

const KEYLESS = ''

export class ByOrder implements Worker, JobKind<Task> {
  readonly #work: EachWork
  readonly #listener: WorkListener
  readonly #scope: CallScope
  readonly #scheduler: Scheduler<Task>
  readonly #partitions = new Map<string, PartitionLanes>()
  readonly #stored: StoredCalls | undefined

  constructor(work: EachWork, listener: WorkListener, clock: Clock, random: Random) {
    this.#work = work
    this.#listener = listener
    this.#scope = scopeOf(work, listener)
    const { pull } = work
    this.#scheduler = new Scheduler(work, this, listener, clock, random, pull && (() => pull.concurrency))
    this.#stored = work.store && new StoredCalls(work.store, work, listener, clock, random)
  }

  // What the consumer asks ------------------------------------------------------------------------------

  enter(claim: Claim, messages: readonly FetchedMessage[], firstTicket: Ticket): void {
    const lanes = this.#lanesFor(claim)
    let ticket = firstTicket
    for (const message of messages) {
      const lane = this.#laneFor(lanes, message)
      lane.push(taskOf(lane, claim, message, ticket++, nextAttempt(claim, message.offset, this.#work.retry)))
      this.#scheduler.offer(lane)
    }
    this.#scheduler.pump()
  }

  drop(claim: Claim): Task[] {
    const running: Task[] = []
    for (const lane of this.#lanesOf(claim)) {
      for (const task of lane.drop()) {
        this.#scheduler.forget(task)
        if (isRunning(task)) running.push(task)
      }
      this.#removeIfIdle(lane)
    }
    return running
  }

  wake(claim: Claim): void {
    for (const lane of this.#lanesOf(claim)) this.#scheduler.offer(lane)
    this.#scheduler.pump()
  }

  pump(): void {
    this.#scheduler.pump()
  }

  waiting(claim: Claim): number {
    const lanes = this.#partitions.get(keyOf(claim))
    return lanes?.claim === claim ? lanes.waiting : 0
  }

  isHungry(): boolean {
    return this.#work.order !== 'partition' && this.#scheduler.isIdle
  }

  isHeldUp(claim: Claim): boolean {
    if (this.#work.order === 'partition') return false
    for (const lane of this.#lanesOf(claim)) if (lane.isReady) return false
    return true
  }

  *held(claim: Claim): Generator<Task> {
    for (const lane of this.#lanesOf(claim)) yield* lane.held()
  }

  holdup(claim: Claim): Holdup | undefined {
    let oldest: Task | undefined
    for (const lane of this.#lanesOf(claim)) {
      const task = lane.oldest()
      if (task !== undefined && (oldest === undefined || task.ticket < oldest.ticket)) oldest = task
    }
    if (oldest === undefined) return undefined
    const state = stateOf(oldest, oldest.queue.isStarted(oldest))
    return { offset: oldest.offset, timestampMs: oldest.message.timestampMs, attempt: oldest.attempt, state }
  }

  close(): void {
    this.#scheduler.close()
  }

  /** The lanes of a living claim. */
  #lanesOf(claim: Claim): Lane[] {
    const lanes = this.#partitions.get(keyOf(claim))
    return lanes?.claim === claim ? [...lanes.lanes.values()] : []
  }

  #lanesFor(claim: Claim): PartitionLanes {
    const known = this.#partitions.get(keyOf(claim))
    if (known !== undefined) {
      known.claim = claim
      return known
    }
    const lanes: PartitionLanes = { claim, lanes: new Map(), waiting: 0 }
    this.#partitions.set(keyOf(claim), lanes)
    return lanes
  }

  #laneFor(lanes: PartitionLanes, { key }: FetchedMessage): Lane {
    const isKeyed = this.#work.order === 'key' && key !== null
    // Bytes are compared by content: latin1 spells every byte sequence as one string (T43).
    const name = isKeyed ? `k${key.toString('latin1')}` : KEYLESS
    const known = lanes.lanes.get(name)
    if (known !== undefined) return known
    const lane = new Lane(lanes, name, isKeyed || this.#work.order === 'partition')
    lanes.lanes.set(name, lane)
    return lane
  }

  #removeIfIdle(lane: Lane): void {
    if (!lane.isIdle) return
    const { lanes, key } = lane
    if (lanes.lanes.get(key) === lane) lanes.lanes.delete(key)
    if (lanes.claim.isDead && lanes.lanes.size === 0) this.#partitions.delete(keyOf(lanes.claim))
  }

  // What the scheduler asks -----------------------------------------------------------------------------

  contextOf(task: Task): CallContext {
    return new CallContext(task, this.#scope, 0, task.message)
  }

  call({ claim, ticket, message, context }: Task): unknown {
    if (this.#listener.mode === 'delivered') finish(claim.tracker, ticket)
    if (this.#stored === undefined) return this.#work.handler(message, context!)
    return this.#stored.run(claim, [message], context!, () => this.#work.handler(message, context!))
  }

  finish({ claim, ticket }: Task, outcome: Outcome): number {
    const { mode } = this.#listener
    const isDone = outcome === 'skipped' || (outcome === 'succeeded' && mode !== 'manual')
    if (isDone) finish(claim.tracker, ticket)
    else if (outcome === 'succeeded') settle(claim.tracker, ticket)
    return isDone ? 1 : 0
  }

  async mark({ claim, message }: Task): Promise<void> {
    await this.#stored?.mark(claim, [message])
  }

  closed(task: Task): void {
    const lane = task.queue
    this.#listener.closed(task.claim, task.ticket, 1)
    lane.close(task)
    this.#scheduler.offer(lane)
    this.#removeIfIdle(lane)
  }

  resume(task: Task): void {
    task.queue.resume(task)
  }

  messagesOf({ message }: Task): readonly FetchedMessage[] {
    return [message]
  }

  narrow(): number {
    throw new Error('a single record was narrowed, as only a batch can be')
  }
}

function taskOf(queue: Lane, claim: Claim, message: FetchedMessage, ticket: Ticket, attempt: number): Task {
  return {
    queue,
    claim,
    offset: message.offset,
    ticket,
    message,
    attempt,
    context: undefined,
    limit: undefined,
    timer: undefined,
    letters: undefined,
    admission: undefined,
    admitted: undefined,
  }
}
