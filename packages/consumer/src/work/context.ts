/** What a handler gets beside its record: one object a call, everything in it made only when asked for. */
import type { FetchedMessage } from '@tidemark/client/internal'
import { describe, TidemarkError } from '@tidemark/platform'
import type { Claim } from '../claims/claim.ts'
import { type CommitLimits, commitLimits } from '../commit/limits.ts'
import { finish, finishUpTo, type Ticket } from '../commit/tracker.ts'
import { DeadLetter } from './dead-letter.ts'
import { recordId } from './record-id.ts'
import type { WorkListener, WorkOptions } from './work.ts'

export interface Context {
  /**
   * The record's name for ever, the same at every attempt and after every crash: an idempotency key. A record that
   * carries the header `tidemark-id` (a dead letter that was put back, a copy in another cluster) keeps the name it
   * says. A batch has the name of its first record and the number of its records.
   */
  readonly id: string
  /** 1 for the first attempt. */
  readonly attempt: number
  /** How many attempts there are at most, the first included. */
  readonly attemptsMax: number
  /**
   * Aborts when the result will not count any more; `reason` is 'revoked', 'lost', 'seek', 'shutdown' or 'timeout'.
   * It belongs to this call alone: listeners need not be removed.
   */
  readonly signal: AbortSignal
  /**
   * Counts the record, or all of the batch, as done, however the handler ends; `why` appears in the event `skipped`.
   */
  skip(why: unknown): void
  /**
   * Sends the record, or all of the batch, to the dead-letter topic, however the handler ends; it counts as done once
   * that is acknowledged. `why` stands in the dead letter's headers: an error, or text. A call of `skip` prevails.
   * Throws `TidemarkError` NO_DEAD_LETTERS if the option `exhausted` names no dead-letter topic.
   */
  deadLetter(why: unknown): void
  /**
   * Counts the record, or all of the batch, as done, and with manual commits every earlier record of the partition
   * whose handler has settled; resolves once that is on record. It never passes a record that is not done. What was
   * committed is not tried again: if the handler fails afterwards, the record counts as skipped.
   *
   * Rejects with `TidemarkError`: COMMIT_FENCED if the partition was lost, given up or moved by a seek, or if this
   * call of the handler has failed or its time is over, so that the record may be tried again; COMMIT_FAILED
   * if the commit was refused, or not acknowledged within `timeoutMs` (default: the option `commit.timeoutMs`);
   * ABORTED by `signal`; INVALID_ARGUMENT where the topic has a `store`, whose transaction is the commit.
   */
  commit(limits?: Partial<CommitLimits>): Promise<void>
}

/** The context of a batch: the same, for all of its records. */
export type BatchContext = Context

/** What all calls of one handler have in common. */
export interface CallScope {
  /** Of which run they are. */
  readonly run: object
  readonly listener: WorkListener
  readonly attemptsMax: number
  /** Whether there is a dead-letter topic. */
  readonly hasDeadLetters: boolean
}

export const scopeOf = ({ retry, exhausted }: WorkOptions, listener: WorkListener): CallScope => ({
  run: listener.run,
  listener,
  attemptsMax: retry.attempts,
  hasDeadLetters: exhausted instanceof DeadLetter,
})

/** What a call is for. */
export interface CallOf {
  readonly claim: Claim
  /** Of its first record. */
  readonly ticket: Ticket
  readonly offset: number
  readonly attempt: number
}

export class CallContext implements Context {
  readonly attempt: number
  readonly #of: CallOf
  readonly #scope: CallScope
  /** How many records the call is for; 0: a single one, not a batch. */
  readonly #batchCount: number
  #controller: AbortController | undefined = undefined
  #timedOut = false
  #isRunning = true
  #hasFailed = false
  #isCommitted = false
  #skipped: { readonly why: unknown } | undefined = undefined
  /** With a store: the transaction of this call. */
  tx: unknown = undefined
  /** With a store: it has the record as done. */
  isMarked = false
  /** With a store: the handler is called, and has settled; in between its time runs. */
  onCall: (isRunning: boolean) => void = () => {}
  #deadLettered: { readonly why: unknown } | undefined = undefined
  #failedAt: { readonly index: number; readonly error: unknown } | undefined = undefined
  /** Of a batch, the first one. */
  readonly #message: FetchedMessage

  constructor(of: CallOf, scope: CallScope, batchCount: number, message: FetchedMessage) {
    this.attempt = of.attempt
    this.#of = of
    this.#scope = scope
    this.#batchCount = batchCount
    this.#message = message
  }

  get attemptsMax(): number {
    return this.#scope.attemptsMax
  }

  get id(): string {
    const id = recordId(this.#of.claim, this.#message)
    return this.#batchCount === 0 ? id : `${id}+${this.#batchCount}`
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.#timedOut) this.#controller.abort('timeout')
      else if (this.#isRunning || this.#of.claim.isDead) this.#of.claim.addSignal(this.#controller)
    }
    return this.#controller.signal
  }

  skip(why: unknown): void {
    this.#skipped = { why }
  }

  deadLetter(why: unknown): void {
    if (!this.#scope.hasDeadLetters) throw noDeadLetters(this.#of)
    this.#deadLettered = { why }
  }

  async commit(limits: Partial<CommitLimits> = {}): Promise<void> {
    const { claim, ticket: first } = this.#of
    const { listener } = this.#scope
    const checked = commitLimits(limits, listener.commitTimeoutMs)
    if (claim.holding !== undefined) throw isCommittedByStore(claim)
    if (this.#hasFailed || this.#timedOut) throw callHasFailed(claim, this.#of.offset)
    const last = first + Math.max(1, this.#batchCount) - 1
    if (claim.isCommittable) {
      this.#isCommitted = true
      for (let ticket = first; ticket <= last; ticket++) finish(claim.tracker, ticket)
      if (listener.mode === 'manual') finishUpTo(claim.tracker, last)
    }
    await listener.commit(claim, checked)
  }

  get claim(): Claim {
    return this.#of.claim
  }

  /** The call's time is over. */
  get isExpired(): boolean {
    return this.#timedOut
  }

  /** The handler has committed its record, whatever became of the request. */
  get isCommitted(): boolean {
    return this.#isCommitted
  }

  /** Whether, and why, the handler asked to skip. */
  get skipped(): { readonly why: unknown } | undefined {
    return this.#skipped
  }

  /** Whether, and why, the handler asked for a dead letter. */
  get deadLettered(): { readonly why: unknown } | undefined {
    return this.#deadLettered
  }

  /** The record of a batch that the handler named as the one that failed; the first, if it named more. */
  get failedAt(): { readonly index: number; readonly error: unknown } | undefined {
    return this.#failedAt
  }

  failAt(index: number, error: unknown): void {
    if (this.#of.claim.holding !== undefined) throw oneTransaction(this.#of.claim)
    if (!(Number.isInteger(index) && index >= 0 && index < this.#batchCount)) {
      const text = `the index of batch.failedAt() is ${describe(index)}; it must be the index of a message of the batch, from 0 to ${this.#batchCount - 1}`
      throw new TidemarkError('INVALID_ARGUMENT', text)
    }
    if (this.#failedAt === undefined || index < this.#failedAt.index) this.#failedAt = { index, error }
  }

  /** The call's time is over. */
  expire(): void {
    this.#timedOut = true
    this.#controller?.abort('timeout')
  }

  /** The run that the call belongs to. */
  get run(): object {
    return this.#scope.run
  }

  get isRunning(): boolean {
    return this.#isRunning
  }

  /** The call has settled: the claim lets go of its signal. */
  end(hasFailed: boolean): void {
    this.#isRunning = false
    this.#hasFailed = hasFailed
    if (this.#controller !== undefined) this.#of.claim.removeSignal(this.#controller)
  }
}

/** Names the assignment of a partition to which a call belongs; undefined: the context is not the runtime's own. */
export const claimOf = (context: Context): object | undefined => (context instanceof CallContext ? context.claim : undefined)

function callHasFailed({ topic, partition }: Claim, offset: number): TidemarkError {
  const text = `the handler's call for ${topic}-${partition} at offset ${offset} has failed, and cannot commit any more; await commit() in the handler`
  return new TidemarkError('COMMIT_FENCED', text, { topic, partition, offset })
}

function isCommittedByStore({ topic, partition }: Claim): TidemarkError {
  const text = `the records of ${topic} are committed by the transaction of their store; commit() cannot be called in their handlers`
  return new TidemarkError('INVALID_ARGUMENT', text, { topic, partition })
}

function oneTransaction({ topic, partition }: Claim): TidemarkError {
  const text = `a batch of ${topic} is one transaction of its store, and fails as a whole; throw instead of calling batch.failedAt()`
  return new TidemarkError('INVALID_ARGUMENT', text, { topic, partition })
}

function noDeadLetters({ claim: { topic, partition }, offset }: CallOf): TidemarkError {
  const text = `topic '${topic}' has no dead-letter topic: set the option exhausted of each() or batches() to deadLetter('…')`
  return new TidemarkError('NO_DEAD_LETTERS', text, { topic, partition, offset })
}
