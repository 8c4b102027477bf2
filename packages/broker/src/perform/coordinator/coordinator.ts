/**
 * The coordinator of one partition of `__consumer_offsets`: performs what its groups decide.
 *
 * A turn is: decide; append the records as one batch; apply them; set the timers; give the replies. All but the last happens
 * within the call, so turns never interleave, and the log has the order of the decisions.
 *
 * No reply overtakes the log: it leaves once everything is durable that the partition's log held when it was decided, its own
 * records included. So neither a commit is acknowledged nor an offset, a generation or an assignment shown that a crash could
 * take back; and replies leave in the order of the log.
 *
 * A decision that throws has broken an invariant: the partition stops there. When an append fails, nothing of it is applied and whoever would
 * have been answered gets COORDINATOR_NOT_AVAILABLE; where memory is full, an error after which clients do not try again.
 */
import type { Clock, Now } from '@tidemark/platform'
import { buildBatch, ErrorCode, WireError } from '@tidemark/protocol'
import { isLater } from '../../now.ts'
import { Decision, type Moment, type Ticket } from '../../state/decision.ts'
import { takeCheckpoint } from '../../state/group/checkpoint.ts'
import { expire } from '../../state/group/expire.ts'
import { encodeRecord } from '../../state/group/records.ts'
import { Shard } from '../../state/group/shard.ts'
import { type GroupDecision, type GroupLimits, type GroupTimer, isFull, type Turn } from '../../state/group/turn.ts'
import { forgetTopics } from '../../state/offsets/forget.ts'
import { forgetExpired } from '../../state/offsets/retention.ts'
import { isMemoryFull } from '../failure.ts'
import type { CheckpointStore, InternalLog } from '../internal-log.ts'
import { crcOf } from '../log-point.ts'
import type { Timers } from '../timers.ts'
import { loadShard } from './load.ts'

export interface CoordinatorParts {
  readonly clock: Clock
  readonly timers: Timers
  readonly limits: GroupLimits
  readonly checkpointIntervalRecords: number
  readonly mayCreateGroup: () => boolean
  readonly topicExists: (topic: string) => boolean
  /** An invariant is broken: the partition has stopped. */
  readonly onBug: (error: unknown) => void
}

interface Waiter {
  readonly give: (body: unknown) => void
  readonly fail: (errorCode: number) => void
}

/** What a request is answered when it cannot be decided, or its records cannot be written. */
export type ErrorReply<T> = (errorCode: number) => T

export type Decide<T> = (shard: Shard, ticket: Ticket<T>, turn: Turn) => void

export class Coordinator {
  readonly #parts: CoordinatorParts
  readonly #checkpoints: CheckpointStore
  #log: InternalLog | undefined
  #shard = new Shard()
  /** NONE: it decides. Otherwise what every request is answered. */
  #unavailable: number = ErrorCode.COORDINATOR_LOAD_IN_PROGRESS
  /** The last append, while it is not durable. */
  #unsettled: Promise<void> | undefined
  #nextTicket = 0
  readonly #waiters = new Map<number, Waiter>()
  /** Of the last batch in the log. */
  #lastCrc = 0
  #recordsSinceCheckpoint = 0
  /** Entries of the last checkpoint. */
  #savedSize = 0
  #checkpointing: Promise<void> | undefined
  #closed = false

  constructor(parts: CoordinatorParts, checkpoints: CheckpointStore) {
    this.#parts = parts
    this.#checkpoints = checkpoints
  }

  get groupCount(): number {
    return this.#shard.groups.size
  }

  /** The error code of every request as long as it is not NONE. */
  get unavailable(): number {
    return this.#unavailable
  }

  /** Begins with a partition in which nothing was ever written. */
  begin(log: InternalLog): void {
    this.#log = log
    this.#unavailable = ErrorCode.NONE
  }

  /** Reads the partition back and begins. Rejects if that fails; every request is answered COORDINATOR_NOT_AVAILABLE then. */
  async load(open: () => Now<InternalLog>): Promise<void> {
    try {
      const log = await open()
      this.#log = log
      const { shard, recordsRead, lastCrc } = await loadShard(log, this.#checkpoints.read(), this.#parts.clock)
      this.#shard = shard
      this.#recordsSinceCheckpoint = recordsRead
      this.#savedSize = shard.size
      this.#lastCrc = lastCrc
    } catch (error) {
      this.#unavailable = ErrorCode.COORDINATOR_NOT_AVAILABLE
      throw error
    }
    if (this.#closed) return
    this.#unavailable = ErrorCode.NONE
    this.#turn((turn) => this.#shard.revive(turn))
    // A crash may have come between the deletion of a topic and that of its offsets.
    this.#sweep((turn) => forgetTopics(this.#shard, (topic) => !this.#parts.topicExists(topic), turn.decision))
  }

  /** The reply, now or when it is decided and durable; undefined if `signal` aborts first. */
  request<T>(decide: Decide<T>, onError: ErrorReply<T>, signal: AbortSignal): Now<T | undefined> {
    if (this.#unavailable !== ErrorCode.NONE) return onError(this.#unavailable)
    const ticket = this.#nextTicket++ as Ticket<T>
    let answer: Now<T> | undefined
    let park: Waiter | undefined
    const waiter: Waiter = {
      give: (body) => (park === undefined ? (answer = body as T) : park.give(body)),
      fail: (errorCode) => (park === undefined ? (answer = onError(errorCode)) : park.fail(errorCode)),
    }
    this.#waiters.set(ticket, waiter)
    this.#turn((turn) => decide(this.#shard, ticket, turn))
    if (answer !== undefined) return answer
    return new Promise((resolve) => {
      const abort = (): void => {
        this.#waiters.delete(ticket)
        resolve(undefined)
      }
      const settle = (body: T): void => {
        signal.removeEventListener('abort', abort)
        resolve(body)
      }
      park = { give: (body) => settle(body as T), fail: (errorCode) => settle(onError(errorCode)) }
      if (signal.aborted) abort()
      else signal.addEventListener('abort', abort, { once: true })
    })
  }

  /** What `look` sees, once all of it is durable. */
  read<T>(look: (shard: Shard) => T, onError: ErrorReply<T>): Now<T> {
    if (this.#unavailable !== ErrorCode.NONE) return onError(this.#unavailable)
    const seen = look(this.#shard)
    if (this.#unsettled === undefined) return seen
    return this.#unsettled.then(
      () => seen,
      () => onError(ErrorCode.COORDINATOR_NOT_AVAILABLE),
    )
  }

  forgetTopic(name: string): void {
    this.#sweep((turn) => forgetTopics(this.#shard, (topic) => topic === name, turn.decision))
  }

  forgetExpired(retentionMs: number): void {
    this.#sweep((turn) => forgetExpired(this.#shard, retentionMs, turn))
  }

  /** Turn by turn, until there is nothing left to write. */
  #sweep(decide: (turn: Turn) => void): void {
    let goesOn = true
    while (goesOn && this.#unavailable === ErrorCode.NONE) goesOn = this.#turn(decide)
  }

  /** Returns whether it wrote as much as one turn may. */
  #turn(decide: (turn: Turn) => void): boolean {
    const { clock, limits, mayCreateGroup } = this.#parts
    const now: Moment = { wallMs: clock.now(), monotonicMs: clock.monotonic() }
    const decision: GroupDecision = new Decision()
    try {
      decide({ now, limits, decision, mayCreateGroup })
    } catch (error) {
      this.#stop(error)
      return false
    }
    return this.#perform(decision, now) && isFull(decision)
  }

  /** What is not understood is not continued: nothing is written any more, and whoever waits is told. */
  #stop(error: unknown): void {
    this.#unavailable = ErrorCode.COORDINATOR_NOT_AVAILABLE
    for (const ticket of [...this.#waiters.keys()]) this.#take(ticket)?.fail(ErrorCode.COORDINATOR_NOT_AVAILABLE)
    this.#parts.onBug(error)
  }

  /** Returns whether its records are in the log. */
  #perform(decision: GroupDecision, now: Moment): boolean {
    const errorCode = this.#write(decision, now)
    for (const change of decision.timers) {
      if (change.at === undefined) this.#parts.timers.cancel(change.key)
      else this.#parts.timers.set(change.key, change.at, () => this.#fire(change.event))
    }
    if (decision.replies.length > 0) this.#answer(decision, errorCode)
    return errorCode === ErrorCode.NONE
  }

  #answer(decision: GroupDecision, errorCode: number) {
    if (errorCode !== ErrorCode.NONE) return this.#fail(decision, errorCode)
    if (this.#unsettled === undefined) return this.#give(decision)
    this.#unsettled.then(
      () => this.#give(decision),
      () => this.#fail(decision, ErrorCode.COORDINATOR_NOT_AVAILABLE),
    )
  }

  #fire(timer: GroupTimer): void {
    if (this.#unavailable !== ErrorCode.NONE) return
    this.#turn((turn) => expire(this.#shard, timer, turn))
  }

  #give({ replies }: GroupDecision): void {
    for (const { ticket, body } of replies) this.#take(ticket)?.give(body)
  }

  #fail({ replies }: GroupDecision, errorCode: number): void {
    for (const { ticket } of replies) this.#take(ticket)?.fail(errorCode)
  }

  #take(ticket: number): Waiter | undefined {
    const waiter = this.#waiters.get(ticket)
    this.#waiters.delete(ticket)
    return waiter
  }

  /** NONE, or what those who would have been answered get: nothing was written then. */
  #write({ records }: GroupDecision, { wallMs }: Moment): number {
    if (records.length === 0) return ErrorCode.NONE
    try {
      const batch = buildBatch(records.map((record) => encodeRecord(record, wallMs)))
      const lastCrc = crcOf(batch)
      this.#await(this.#log!.append(batch).durable)
      this.#lastCrc = lastCrc
    } catch (error) {
      if (isMemoryFull(error)) return ErrorCode.POLICY_VIOLATION
      // A name that is longer than Kafka's records can say; of all else the owner of the disk knows.
      return error instanceof WireError ? ErrorCode.INVALID_REQUEST : ErrorCode.COORDINATOR_NOT_AVAILABLE
    }
    for (const record of records) this.#shard.apply(record)
    this.#recordsSinceCheckpoint += records.length
    // A large state is saved more rarely, so that saving costs each record no more than writing it did.
    if (this.#recordsSinceCheckpoint >= Math.max(this.#parts.checkpointIntervalRecords, this.#savedSize)) void this.checkpoint()
    return ErrorCode.NONE
  }

  #await(durable: Now<void>): void {
    if (!isLater(durable)) return
    this.#unsettled = durable
    durable.then(
      () => {
        if (this.#unsettled === durable) this.#unsettled = undefined
      },
      // Stays: what is not durable is never shown, and the broker ends.
      () => {},
    )
  }

  /** Saves the fold, so that a restart need not read the log again. One that cannot be written is no loss: the log has it all. */
  checkpoint(): Promise<void> {
    if (this.#unavailable !== ErrorCode.NONE || this.#recordsSinceCheckpoint === 0) return Promise.resolve()
    return this.#save()
  }

  #save(): Promise<void> {
    this.#checkpointing ??= this.#writeCheckpoint()
      .catch(() => {})
      .finally(() => {
        this.#checkpointing = undefined
      })
    return this.#checkpointing
  }

  /** Decides nothing any more, also if it is still reading back. */
  stop(): void {
    this.#closed = true
    this.#unavailable = ErrorCode.COORDINATOR_NOT_AVAILABLE
  }

  /** Decides nothing any more from this call on, and saves what it has. */
  async close(): Promise<void> {
    const decided = this.#unavailable === ErrorCode.NONE
    this.stop()
    await this.#checkpointing
    if (decided && this.#recordsSinceCheckpoint > 0) await this.#save()
  }

  #writeCheckpoint(): Promise<void> {
    this.#recordsSinceCheckpoint = 0
    this.#savedSize = this.#shard.size
    return this.#checkpoints.write(takeCheckpoint(this.#shard, { reaches: this.#log!.end, lastCrc: this.#lastCrc }))
  }
}
