/**
 * The coordinator of one partition of an internal topic: performs what a pure state machine decides.
 *
 * A turn is: decide; append the records as one batch; apply them; set the timers; give the replies. All but the last
 * happens within the call, so turns never interleave, and the log has the order of the decisions.
 *
 * No reply overtakes the log: it leaves once everything is durable that the partition's log held when it was decided,
 * its own records included. So neither a commit is acknowledged nor an offset, a generation or an assignment shown
 * that a crash could take back; and replies leave in the order of the log.
 *
 * A decision that throws has broken an invariant. Its request fails with UNKNOWN_SERVER_ERROR, none of its records is
 * written, and its key is revived from the fold, as after a restart: waiting requests of the key get
 * COORDINATOR_NOT_AVAILABLE and retry. Other keys are not affected. When an append fails, nothing of it is applied
 * and the request is answered COORDINATOR_NOT_AVAILABLE; where memory is full, an error after which clients do not
 * try again.
 */
import { type Clock, DiskError, type Now, TidemarkError } from '@tidemark/platform'
import { buildBatch, ErrorCode, WireError } from '@tidemark/protocol'
import { isMemoryFull } from '../failure.ts'
import { isLater } from '../now.ts'
import type { CheckpointStore, InternalLog } from '../partition/internal-log.ts'
import { Decision, isFull, type Moment, SWEPT_RECORDS_MAX, type Ticket } from '../state/decision.ts'
import { crcOf } from '../state/log/point.ts'
import { loadFold } from './load.ts'
import type { Decide, Machine, MachineTurn } from './machine.ts'
import type { Timers } from './timers.ts'
import { type ErrorReply, Waiters } from './waiters.ts'

export interface CoordinatorParts<State, Rec, Event, Turn extends MachineTurn<Rec, Event>> {
  readonly machine: Machine<State, Rec, Event, Turn>
  readonly clock: Clock
  readonly timers: Timers
  readonly checkpointIntervalRecords: number
  /** An invariant is broken: what this concerns has failed. */
  readonly onBug: (error: unknown) => void
  /** The log was read back: decides what a crash may have left undone. */
  readonly onLoaded?: (coordinator: Coordinator<State, Rec, Event, Turn>) => void
}

/** Without checkpoints the log itself is condensed, at least this often: memory is all that it costs. */
const CONDENSED_EVERY_RECORDS = 500

export class Coordinator<State, Rec, Event, Turn extends MachineTurn<Rec, Event>> {
  readonly #parts: CoordinatorParts<State, Rec, Event, Turn>
  readonly #machine: Machine<State, Rec, Event, Turn>
  /** Undefined: nothing of this partition outlives the process. */
  readonly #checkpoints: CheckpointStore | undefined
  readonly #waiters = new Waiters()
  #log: InternalLog | undefined
  #state: State
  /** NONE: it decides. Otherwise what every request is answered. */
  #unavailable: number = ErrorCode.COORDINATOR_LOAD_IN_PROGRESS
  /** The last append, while it is not durable. */
  #unsettled: Promise<void> | undefined
  /** Of the last batch in the log. */
  #lastCrc = 0
  #recordsSinceCheckpoint = 0
  /** Entries of the last checkpoint. */
  #savedSize = 0
  #checkpointing: Promise<void> | undefined
  #loading: Promise<void> | undefined
  #endLoading: () => void = () => {}
  #closed = false

  constructor(parts: CoordinatorParts<State, Rec, Event, Turn>, checkpoints: CheckpointStore | undefined) {
    this.#parts = parts
    this.#machine = parts.machine
    this.#checkpoints = checkpoints
    this.#state = parts.machine.fresh()
  }

  /** To be looked at only: decisions change it. */
  get state(): State {
    return this.#state
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

  /**
   * Reads the partition back and begins. Rejects if that fails; every request is answered COORDINATOR_NOT_AVAILABLE
   * then.
   */
  load(open: () => Now<InternalLog>): Promise<void> {
    const loading = this.#load(open)
    this.#loading = loading.then(
      () => {},
      () => {},
    )
    return loading
  }

  async #load(open: () => Now<InternalLog>): Promise<void> {
    try {
      const log = await open()
      this.#log = log
      const loaded = await loadFold(this.#machine, log, this.#checkpoints?.read(), () => this.#turnPassed())
      if (loaded === undefined) return
      this.#state = loaded.state
      this.#recordsSinceCheckpoint = loaded.recordsRead
      this.#savedSize = this.#machine.size(loaded.state)
      this.#lastCrc = loaded.lastCrc
    } catch (error) {
      this.#unavailable = ErrorCode.COORDINATOR_NOT_AVAILABLE
      throw error
    }
    if (this.#closed) return
    this.#unavailable = ErrorCode.NONE
    this.sweep((state, key, turn) => this.#machine.revive(state, key, turn))
    this.#parts.onLoaded?.(this)
  }

  /** Resolves with false as soon as the coordinator stops. */
  #turnPassed(): Promise<boolean> {
    return new Promise((resolve) => {
      this.#endLoading = () => resolve(false)
      if (this.#closed) resolve(false)
      else this.#parts.clock.afterTurn(() => resolve(!this.#closed))
    })
  }

  /**
   * The reply, now or when it is decided and durable; undefined if `signal` aborts first. `key` is what the decision
   * concerns.
   */
  request<T>(key: string, decide: Decide<State, Turn, T>, onError: ErrorReply<T>, signal: AbortSignal): Now<T | undefined> {
    if (this.#unavailable !== ErrorCode.NONE) return onError(this.#unavailable)
    const waiting = this.#waiters.add(key, onError)
    const { ticket } = waiting
    this.#turn(key, (turn) => decide(this.#state, ticket, turn), ticket)
    return waiting.reply(signal)
  }

  /** What `look` sees, once all of it is durable. */
  read<T>(look: (state: State) => T, onError: ErrorReply<T>): Now<T> {
    if (this.#unavailable !== ErrorCode.NONE) return onError(this.#unavailable)
    const seen = look(this.#state)
    if (this.#unsettled === undefined) return seen
    return this.#unsettled.then(
      () => seen,
      () => onError(ErrorCode.COORDINATOR_NOT_AVAILABLE),
    )
  }

  /**
   * Decides for each key in turn, until there is nothing left to write or nothing can be written. A key that fails
   * stands alone.
   */
  sweep(decide: (state: State, key: string, turn: Turn) => void): void {
    if (this.#unavailable !== ErrorCode.NONE) return
    const now = this.#now()
    let swept = new Decision<Rec, Event>()
    for (const key of [...this.#machine.keys(this.#state)]) {
      for (let goesOn = true; goesOn; ) {
        const own = this.#decide(key, now, (turn) => decide(this.#state, key, turn))
        if (own === undefined) break
        swept.add(own)
        goesOn = isFull(own)
        if (!isFull(swept)) continue
        if (!this.#perform(swept, now)) return
        swept = new Decision()
      }
    }
    this.#perform(swept, now)
  }

  #now(): Moment {
    const { clock } = this.#parts
    return { wallMs: clock.now(), monotonicMs: clock.monotonic() }
  }

  #turn(key: string, decide: (turn: Turn) => void, ticket?: Ticket<unknown>): void {
    const now = this.#now()
    const decision = this.#decide(key, now, decide, ticket)
    if (decision !== undefined) this.#perform(decision, now)
  }

  /** Undefined: it threw, and its key has failed. */
  #decide(key: string, now: Moment, decide: (turn: Turn) => void, ticket?: Ticket<unknown>): Decision<Rec, Event> | undefined {
    const decision = new Decision<Rec, Event>()
    try {
      decide(this.#machine.turn(now, decision))
      return decision
    } catch (error) {
      // Whatever a pure function throws is a bug of ours: it is reported, and what it left half done is undone.
      this.#failKey(key, error, ticket)
      return undefined
    }
  }

  #failKey(key: string, error: unknown, ticket: Ticket<unknown> | undefined): void {
    this.#parts.onBug(error)
    if (ticket !== undefined) this.#waiters.take(ticket)?.fail(ErrorCode.UNKNOWN_SERVER_ERROR)
    this.#waiters.failAll(ErrorCode.COORDINATOR_NOT_AVAILABLE, key)
    const now = this.#now()
    const decision = new Decision<Rec, Event>()
    try {
      this.#machine.revive(this.#state, key, this.#machine.turn(now, decision))
    } catch (again) {
      this.#stop(again)
      return
    }
    this.#perform(decision, now)
  }

  /** The fold itself is not understood: nothing is written any more, and every request that waits is told. */
  #stop(error: unknown): void {
    this.#unavailable = ErrorCode.COORDINATOR_NOT_AVAILABLE
    this.#waiters.failAll(ErrorCode.COORDINATOR_NOT_AVAILABLE)
    this.#parts.onBug(error)
  }

  /** Returns whether its records are in the log. */
  #perform(decision: Decision<Rec, Event>, now: Moment): boolean {
    let errorCode: number
    try {
      errorCode = this.#write(decision.records, now)
    } catch (error) {
      // Encoding and applying are pure: one that throws leaves a fold that may differ from the log.
      this.#stop(error)
      return false
    }
    for (const change of decision.timers) {
      if (change.at === undefined) this.#parts.timers.cancel(change.key)
      else this.#parts.timers.set(change.key, change.at, () => this.#fire(change.event))
    }
    if (decision.replies.length > 0) this.#answer(decision, errorCode)
    return errorCode === ErrorCode.NONE
  }

  #answer(decision: Decision<Rec, Event>, errorCode: number) {
    if (errorCode !== ErrorCode.NONE) return this.#fail(decision, errorCode)
    if (this.#unsettled === undefined) return this.#give(decision)
    this.#unsettled.then(
      () => this.#give(decision),
      () => this.#fail(decision, ErrorCode.COORDINATOR_NOT_AVAILABLE),
    )
  }

  #fire(event: Event): void {
    if (this.#unavailable !== ErrorCode.NONE) return
    this.#turn(this.#machine.keyOf(event), (turn) => this.#machine.expire(this.#state, event, turn))
  }

  #give({ replies }: Decision<Rec, Event>): void {
    for (const { ticket, body } of replies) this.#waiters.take(ticket)?.give(body)
  }

  #fail({ replies }: Decision<Rec, Event>, errorCode: number): void {
    for (const { ticket } of replies) this.#waiters.take(ticket)?.fail(errorCode)
  }

  /** NONE, or the error code for the requests that would have been answered: nothing was written then. */
  #write(records: readonly Rec[], { wallMs }: Moment): number {
    if (records.length === 0) return ErrorCode.NONE
    const errorCode = this.#append(records, wallMs)
    if (errorCode !== ErrorCode.NONE) return errorCode
    for (const record of records) this.#machine.apply(this.#state, record)
    this.#recordsSinceCheckpoint += records.length
    // A large state is saved more rarely, so that saving costs each record no more than writing it did.
    if (this.#recordsSinceCheckpoint >= Math.max(this.#intervalRecords, this.#savedSize)) void this.checkpoint()
    return ErrorCode.NONE
  }

  get #intervalRecords(): number {
    const { checkpointIntervalRecords } = this.#parts
    return this.#checkpoints === undefined ? Math.min(CONDENSED_EVERY_RECORDS, checkpointIntervalRecords) : checkpointIntervalRecords
  }

  #append(records: readonly Rec[], wallMs: number): number {
    try {
      const batch = buildBatch(records.map((record) => this.#machine.encode(record, wallMs)))
      const lastCrc = crcOf(batch)
      this.#await(this.#log!.append(batch).durable)
      this.#lastCrc = lastCrc
      return ErrorCode.NONE
    } catch (error) {
      // A name that is longer than Kafka's records can say.
      if (error instanceof WireError) return ErrorCode.INVALID_REQUEST
      if (isMemoryFull(error)) return ErrorCode.POLICY_VIOLATION
      // The owner of the disk knows of it.
      if (error instanceof TidemarkError || error instanceof DiskError) return ErrorCode.COORDINATOR_NOT_AVAILABLE
      throw error
    }
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

  /**
   * Saves the fold, so that a restart need not read the log again. Nothing is lost if it cannot be written: the log
   * has it all.
   */
  checkpoint(): Promise<void> {
    if (this.#unavailable !== ErrorCode.NONE || this.#recordsSinceCheckpoint === 0) return Promise.resolve()
    return this.#save()
  }

  #save(): Promise<void> {
    if (this.#checkpoints === undefined) this.#condense()
    else {
      this.#checkpointing ??= this.#writeCheckpoint(this.#checkpoints).finally(() => {
        this.#checkpointing = undefined
      })
    }
    return this.#checkpointing ?? Promise.resolve()
  }

  /** Decides nothing any more, also if it is still reading back. */
  stop(): void {
    this.#closed = true
    this.#unavailable = ErrorCode.COORDINATOR_NOT_AVAILABLE
    this.#endLoading()
  }

  /** Decides nothing any more from this call on, and saves what it has. */
  async close(): Promise<void> {
    const decided = this.#unavailable === ErrorCode.NONE
    this.stop()
    await this.#loading
    await this.#checkpointing
    if (decided && this.#checkpoints !== undefined && this.#recordsSinceCheckpoint > 0) await this.#save()
  }

  async #writeCheckpoint(checkpoints: CheckpointStore): Promise<void> {
    this.#recordsSinceCheckpoint = 0
    this.#savedSize = this.#machine.size(this.#state)
    try {
      await checkpoints.write(this.#machine.checkpoint(this.#state, { reaches: this.#log!.end, lastCrc: this.#lastCrc }))
    } catch (error) {
      if (!(error instanceof TidemarkError || error instanceof DiskError)) this.#parts.onBug(error)
    }
  }

  /**
   * Writes the fold once more at the end of the log, and forgets all before it: a log in memory stays as large as
   * what it says.
   */
  #condense(): void {
    const log = this.#log!
    this.#recordsSinceCheckpoint = 0
    this.#savedSize = this.#machine.size(this.#state)
    const { wallMs } = this.#now()
    const records = [...this.#machine.records(this.#state)]
    log.roll()
    const from = log.end
    for (let i = 0; i < records.length; i += SWEPT_RECORDS_MAX) {
      // If memory is full the log stays as it is, and is condensed later.
      if (this.#append(records.slice(i, i + SWEPT_RECORDS_MAX), wallMs) !== ErrorCode.NONE) return
    }
    log.trim(from)
  }
}
