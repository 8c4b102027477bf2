/**
 * A call of a handler in the transaction of a store: its writes, and the mark that its records are done, are committed
 * together.
 *
 * A transaction that could not begin, or whose end nobody knows, is not a failure of the handler: it is tried again
 * for as long as the claim lives, and costs no attempt; nor does the time that the database takes count as the
 * handler's. The store knows whether the records were done already.
 */
import type { ReceivedMessage } from '@tidemark/client'
import { backoffMs } from '@tidemark/client/internal'
import { type Clock, type Random, sleep, TidemarkError } from '@tidemark/platform'
import type { Claim } from '../claims/claim.ts'
import { isStoreError } from '../drivers/errors.ts'
import type { StoredPosition, TransactionalStore } from '../stores/store.ts'
import type { BatchContext, CallContext, Context } from './context.ts'
import { DecodeError } from './decoded.ts'
import type { MessageBatch, WorkListener, WorkOptions } from './work.ts'

/** A context with the transaction of the store: the handler's writes belong on it. */
export type StoredContext<Tx> = Context & { readonly tx: Tx }
export type StoredBatchContext<Tx> = BatchContext & { readonly tx: Tx }
export type StoredEachHandler<Tx, M = ReceivedMessage> = (message: M, context: StoredContext<Tx>) => unknown
export type StoredBatchHandler<Tx, B = MessageBatch> = (batch: B, context: StoredBatchContext<Tx>) => unknown

/** Pauses between attempts to reach a store. */
const PAUSES = { delayMs: 50, delayMaxMs: 2_000 }

export class StoredCalls {
  readonly #store: TransactionalStore<unknown>
  readonly #work: WorkOptions
  readonly #listener: WorkListener
  readonly #clock: Clock
  readonly #random: Random

  constructor(store: TransactionalStore<unknown>, work: WorkOptions, listener: WorkListener, clock: Clock, random: Random) {
    this.#store = store
    this.#work = work
    this.#listener = listener
    this.#clock = clock
    this.#random = random
  }

  /** `call` gets those of the records that are not done, by offset. */
  async run(
    claim: Claim,
    records: readonly StoredPosition[],
    context: CallContext,
    call: (fresh: readonly StoredPosition[]) => unknown,
  ): Promise<void> {
    // A lock's error or another store's, which the handler did not catch, is not this store's.
    let thrown: { readonly error: unknown } | undefined
    const isThrown = (error: unknown): boolean => thrown !== undefined && thrown.error === error
    try {
      await this.#persist(claim, records, context, isThrown, async (tx, fresh) => {
        // The transaction took its time to begin.
        if (claim.phase !== 'working') throw goneBy()
        if (this.#listener.isDoubtful()) throw new Doubt()
        context.tx = tx
        thrown = undefined
        context.onCall(true)
        try {
          await call(fresh)
        } catch (error) {
          thrown = { error }
          throw error
        } finally {
          context.onCall(false)
        }
        // The dead letter takes the record's place, and may not be written yet.
        if (context.deadLettered !== undefined)
          throw new TidemarkError('ABORTED', 'the record becomes a dead letter: its transaction was rolled back')
        if (context.isExpired)
          throw new TidemarkError('HANDLER_TIMED_OUT', 'the time of the call was over: its transaction was rolled back')
      })
    } catch (error) {
      const isOfStore = !isThrown(error) && isStoreError(error, 'FENCED', 'STORE_UNAVAILABLE', 'STORE_FAILED')
      if (claim.isDead || isOfStore) throw error
      const isLast = context.attempt >= this.#work.retry.attempts || error instanceof DecodeError
      const isExhausted = this.#work.exhausted === 'skip' && isLast && claim.phase === 'working'
      // Counts as done although it failed: without the handler's writes.
      if (context.skipped !== undefined || isExhausted) await this.#persist(claim, records, context, never, () => {})
      throw error
    } finally {
      context.tx = undefined
    }
  }

  /**
   * The records are done without a call: dead letters have taken their place. If the store does not take that while the
   * claim lives, the next owner of the partition writes the letters again.
   */
  async mark(claim: Claim, records: readonly StoredPosition[]): Promise<void> {
    const ended = new AbortController()
    claim.addSignal(ended)
    try {
      await this.#persist(claim, records, { signal: ended.signal, isMarked: false }, never, () => {})
    } catch (error) {
      if (!claim.isDead && isStoreError(error, 'STORE_FAILED')) this.#listener.storeFailing(claim, error, 2)
    } finally {
      claim.removeSignal(ended)
    }
  }

  async #persist(
    claim: Claim,
    records: readonly StoredPosition[],
    context: { readonly signal: AbortSignal; isMarked: boolean },
    isThrown: (error: unknown) => boolean,
    act: (tx: unknown, fresh: readonly StoredPosition[]) => unknown,
  ): Promise<void> {
    for (let failures = 1; ; failures++) {
      if (claim.isDead || claim.holding === undefined) throw goneBy()
      try {
        await this.#store.run(claim.holding, records, act)
        context.isMarked = true
        return
      } catch (error) {
        if (isThrown(error)) throw error
        if (isStoreError(error, 'FENCED')) this.#listener.fenced(claim, error)
        if (isStoreError(error, 'STORE_UNAVAILABLE')) this.#listener.storeFailing(claim, error, failures)
        else if (!(error instanceof Doubt)) throw error
        await sleep(this.#clock, backoffMs(this.#random, PAUSES, failures), context.signal)
      }
    }
  }
}

/** The group may have given the partition away: the call waits until that is known. */
class Doubt extends Error {}

const never = (): boolean => false

const goneBy = (): TidemarkError => new TidemarkError('ABORTED', 'the partition was lost, given up or moved before the call began')
