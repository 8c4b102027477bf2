/**
 * The user's function for single records, in the order that was asked for.
 *
 * Records wait in lanes: one lane a partition, one a key of a partition, or one in which everything runs side by side. A serial lane
 * runs one record at a time, and a record that waits for its next attempt holds up its own lane alone.
 */
import type { Message } from '@tidemark/client'
import { Fifo } from '@tidemark/platform'
import type { Claim } from '../state/claims.ts'
import { finish, type Ticket } from '../state/tracker.ts'
import { Context } from './context.ts'
import { Crew, type Job, type Post } from './crew.ts'
import type { EachWork, Holdup, Worker } from './work.ts'

interface Task extends Job<Lane> {
  readonly ticket: Ticket
  context: Context | undefined
}

interface Lane extends Post {
  readonly bench: Bench
  readonly key: string
  /** Whether one record must be done before the next starts. */
  readonly serial: boolean
  readonly waiting: Fifo<Task>
  /** Tasks whose pause is over; they go before those that wait. */
  readonly due: Fifo<Task>
  /** The tasks that run or pause between attempts. */
  readonly open: Set<Task>
}

/** The lanes of one claim. */
interface Bench {
  readonly lanes: Map<string, Lane>
  waiting: number
}

const KEYLESS = ''

export class Lanes extends Crew<EachWork, Lane, Task> implements Worker {
  readonly #benches = new Map<Claim, Bench>()

  enter(claim: Claim, messages: readonly Message[], firstTicket: Ticket): void {
    const bench = this.#bench(claim)
    let ticket = firstTicket
    for (const message of messages) {
      const post = this.#laneOf(claim, bench, message)
      post.waiting.push({ post, message, ticket: ticket++, attempt: 1, context: undefined, retry: undefined })
      bench.waiting++
      this.offer(post)
    }
    this.pump()
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
    for (const lane of this.#benches.get(claim)?.lanes.values() ?? []) this.offer(lane)
    this.pump()
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
    const state = oldest.retry !== undefined ? 'retrying' : oldest.post.open.has(oldest) ? 'running' : 'waiting'
    return { offset: oldest.message.offset, attempt: oldest.attempt, state }
  }

  #bench(claim: Claim): Bench {
    let bench = this.#benches.get(claim)
    if (bench === undefined) {
      bench = { lanes: new Map(), waiting: 0 }
      this.#benches.set(claim, bench)
    }
    return bench
  }

  #laneOf(claim: Claim, bench: Bench, message: Message): Lane {
    const byKey = this.work.order === 'key' && message.key !== null
    // Bytes are compared by content: latin1 spells every byte sequence as one string (T43).
    const key = byKey ? `k${message.key!.toString('latin1')}` : KEYLESS
    let lane = bench.lanes.get(key)
    if (lane === undefined) {
      const serial = byKey || this.work.order === 'partition'
      lane = { claim, bench, key, serial, waiting: new Fifo(), due: new Fifo(), open: new Set(), queued: false }
      bench.lanes.set(key, lane)
    }
    return lane
  }

  protected canStart(lane: Lane): boolean {
    if (lane.waiting.length === 0 && lane.due.length === 0) return false
    if (!lane.serial) return true
    return lane.due.length > 0 || lane.open.size === 0
  }

  protected take(lane: Lane): Task {
    let task = lane.due.shift()
    if (task === undefined) {
      task = lane.waiting.shift()!
      lane.bench.waiting--
      lane.open.add(task)
      if (this.outcomes.mode === 'delivered') finish(lane.claim.tracker, task.ticket)
    }
    if (!lane.serial) this.offer(lane)
    return task
  }

  protected contextOf({ post, attempt, ticket, message }: Task): Context {
    return new Context(post.claim, this.outcomes, attempt, this.work.timeoutMs !== undefined, ticket, message.offset)
  }

  protected call({ message, context }: Task): unknown {
    return this.work.handler(message, context!)
  }

  protected close(task: Task, done: boolean): void {
    const lane = task.post
    lane.open.delete(task)
    if (done) finish(lane.claim.tracker, task.ticket)
    if (this.canStart(lane)) this.offer(lane)
    else if (lane.waiting.length === 0 && lane.open.size === 0) lane.bench.lanes.delete(lane.key)
  }

  protected resume(task: Task): void {
    task.post.due.push(task)
  }
}
