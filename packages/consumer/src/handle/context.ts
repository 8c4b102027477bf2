/** What a handler gets beside its record: one object a record, everything in it made only when asked for. */
import { type Claim, signalOf } from '../state/claims.ts'
import { finish, type Ticket } from '../state/tracker.ts'
import type { Outcomes } from './work.ts'

/** What a user's `commit()` and `skip()` did, for the worker to read when the handler has settled. */
export abstract class HandlerContext {
  /** 1 for the first attempt. */
  readonly attempt: number
  protected readonly claim: Claim
  protected readonly outcomes: Outcomes
  #timeout: AbortController | undefined
  #why: unknown
  #skipped = false

  constructor(claim: Claim, outcomes: Outcomes, attempt: number, withTimeout: boolean) {
    this.claim = claim
    this.outcomes = outcomes
    this.attempt = attempt
    if (withTimeout) this.#timeout = new AbortController()
  }

  /** Aborts when the result will not count any more; `reason` is 'revoked', 'lost', 'shutdown' or 'timeout'. */
  get signal(): AbortSignal {
    const shared = signalOf(this.claim)
    return this.#timeout === undefined ? shared : AbortSignal.any([shared, this.#timeout.signal])
  }

  /** Counts the record as done, however the handler ends; `why` appears in the event `skipped`. */
  skip(why: unknown): void {
    this.#skipped = true
    this.#why = why
  }

  /** For the worker: whether, and why, the handler asked to skip. */
  get skipped(): { readonly why: unknown } | undefined {
    return this.#skipped ? { why: this.#why } : undefined
  }

  /** For the worker: the handler's time is over. */
  expire(): void {
    this.#timeout?.abort('timeout')
  }
}

export class Context extends HandlerContext {
  readonly #ticket: Ticket
  readonly #offset: number

  constructor(claim: Claim, outcomes: Outcomes, attempt: number, withTimeout: boolean, ticket: Ticket, offset: number) {
    super(claim, outcomes, attempt, withTimeout)
    this.#ticket = ticket
    this.#offset = offset
  }

  /** The record's name for ever: the same at every attempt and after every crash. An idempotency key. */
  get id(): string {
    return `${this.claim.topicId}-${this.claim.partition}-${this.#offset}`
  }

  /** Marks the record done and resolves once the group's offset is on record; it never passes a record that is not done. */
  async commit(): Promise<void> {
    finish(this.claim.tracker, this.#ticket)
    await this.outcomes.flush()
  }
}

export class BatchContext extends HandlerContext {
  readonly #first: Ticket
  readonly #count: number
  readonly #offset: number

  constructor(claim: Claim, outcomes: Outcomes, attempt: number, withTimeout: boolean, first: Ticket, count: number, offset: number) {
    super(claim, outcomes, attempt, withTimeout)
    this.#first = first
    this.#count = count
    this.#offset = offset
  }

  /** The batch's name: that of its first record and how many there are. */
  get id(): string {
    return `${this.claim.topicId}-${this.claim.partition}-${this.#offset}+${this.#count}`
  }

  /** Marks all records of the batch done and resolves once the group's offset is on record. */
  async commit(): Promise<void> {
    for (let i = 0; i < this.#count; i++) finish(this.claim.tracker, this.#first + i)
    await this.outcomes.flush()
  }
}
