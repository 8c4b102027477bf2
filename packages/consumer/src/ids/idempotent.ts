/**
 * Remembers which ids were done, so that a message that comes twice has its effect once: `new`, `in progress`, `done`.
 *
 * The mark and the effect are not one transaction: if a process dies between the effect and the mark, the next one
 * finds an id whose lease has expired, and does it again. Where the effect is in a database, `exactlyOnce` closes this
 * gap; where it is a request, `context.id` as idempotency key does.
 */
import {
  type Clock,
  checkFunction,
  checkOptions,
  describe,
  durationOption,
  nodeClock,
  nodeRandom,
  type OptionNames,
  sleep,
  TidemarkError,
} from '@tidemark/platform'
import { becomesDeadLetter } from '../work/verdict.ts'

/** What is known of an id: unknown to now, and taken by this call; being worked on by another; done. */
export type IdState =
  | { readonly kind: 'new' }
  /** Its holder has so long to renew it. */
  | { readonly kind: 'in progress'; readonly leftMs: number }
  | { readonly kind: 'done' }

/** Where ids are kept. Calls reject with STORE_UNAVAILABLE where a retry may help, else STORE_FAILED. */
export interface IdStore {
  /** Takes the id for `leaseMs` if it is new, or its holder's lease is over. */
  begin(id: string, token: string, leaseMs: number): Promise<IdState>
  /** False: it is not the token's any more. */
  renew(id: string, token: string, leaseMs: number): Promise<boolean>
  /** The id is done, and is remembered for `ttlMs`. False: it is not the token's any more. */
  finish(id: string, token: string, ttlMs: number): Promise<boolean>
  /** The id is new again, if it is the token's. */
  forget(id: string, token: string): Promise<void>
}

export interface IdempotentOptions {
  /** How long an id that is done is remembered. Default: 86,400,000, a day. */
  readonly ttlMs?: number
  /** How long a holder that does not renew, since its process has died, keeps others from the id. Default: 30,000. */
  readonly leaseMs?: number
  /**
   * How long to wait for a holder; then IN_PROGRESS is thrown, which costs an attempt of the record. Shorter than
   * `leaseMs`, a process that died can cost all of them. 0: at once. Default: that of `leaseMs`.
   */
  readonly waitMaxMs?: number
  /** Is told what was found of each id. */
  readonly onState?: (state: IdState['kind'], id: string) => void
}

/** What is used of a record's context. */
interface Identified {
  readonly id: string
  readonly signal: AbortSignal
}

type Handler<M, C extends Identified> = (message: M, context: C) => unknown

const OPTIONS: OptionNames<IdempotentOptions> = { ttlMs: true, leaseMs: true, waitMaxMs: true, onState: true }
const DAY_MS = 24 * 60 * 60 * 1_000
const POLL_MS = 100

/**
 * A handler that is called once for each `context.id`, whatever is delivered how often: through retries, dead letters
 * and their way back. An id whose handler failed is new again, and so is one whose record becomes a dead letter.
 *
 * ```ts
 * consumer.each('orders', idempotent(redisIds(redis), async (order, context) => { … }))
 * ```
 * The handler rejects with `TidemarkError` IN_PROGRESS while another works on the id, and with LOCK_LOST if it worked
 * for longer than its lease and another may have done the same.
 *
 * Throws `TidemarkError` INVALID_OPTION, INVALID_ARGUMENT.
 */
export function idempotent<M, C extends Identified>(
  store: IdStore,
  handler: Handler<M, C>,
  options: IdempotentOptions = {},
): (message: M, context: C) => Promise<void> {
  checkOptions<IdempotentOptions>('idempotent()', options, OPTIONS)
  checkStore(store)
  checkFunction('the handler of idempotent()', handler)
  if (options.onState !== undefined) checkFunction("option 'onState'", options.onState)
  const leaseMs = durationOption('leaseMs', options.leaseMs ?? 30_000)
  const once = new Once(store, nodeClock, {
    ttlMs: durationOption('ttlMs', options.ttlMs ?? DAY_MS),
    leaseMs,
    waitMaxMs: durationOption('waitMaxMs', options.waitMaxMs ?? leaseMs, { zero: true }),
    onState: options.onState ?? (() => {}),
  })
  return (message, context) => once.run(context, () => handler(message, context))
}

function checkStore(store: unknown): void {
  const methods: readonly (keyof IdStore)[] = ['begin', 'renew', 'finish', 'forget']
  if (methods.every((name) => typeof (store as IdStore | null | undefined)?.[name] === 'function')) return
  const text = `the store of idempotent() is ${describe(store)}; it must be what redisIds(), postgresIds(), mysqlIds(), sqliteIds() or memoryIds() returned`
  throw new TidemarkError('INVALID_ARGUMENT', text)
}

/** The work of `idempotent`, with a clock that tests can hold. */
export class Once {
  readonly #store: IdStore
  readonly #clock: Clock
  readonly #options: Required<IdempotentOptions>

  constructor(store: IdStore, clock: Clock, options: Required<IdempotentOptions>) {
    this.#store = store
    this.#clock = clock
    this.#options = options
  }

  async run(context: Identified, work: () => unknown): Promise<void> {
    const { id, signal } = context
    const token = nodeRandom.uuid()
    if (!(await this.#begin(id, token, signal))) return
    const renewing = this.#renew(id, token)
    try {
      this.#options.onState('new', id)
      await work()
    } catch (error) {
      renewing.end()
      // Its lease ends by itself if nobody can be told.
      await this.#store.forget(id, token).catch(() => {})
      throw error
    }
    renewing.end()
    // When the letter comes back, the record has the same id, and is to be handled.
    if (becomesDeadLetter(context)) return await this.#store.forget(id, token)
    if (await this.#store.finish(id, token, this.#options.ttlMs)) return
    throw new TidemarkError('LOCK_LOST', `the lease of '${id}' was over before its handler had ended: another may have done it too`)
  }

  /** True: the id is this call's; false: it is done. */
  async #begin(id: string, token: string, signal: AbortSignal): Promise<boolean> {
    const { leaseMs, waitMaxMs, onState } = this.#options
    const untilMs = this.#clock.monotonic() + waitMaxMs
    for (let isFirst = true; ; isFirst = false) {
      const state = await this.#store.begin(id, token, leaseMs)
      if (state.kind === 'new') return true
      if (isFirst || state.kind === 'done') onState(state.kind, id)
      if (state.kind === 'done') return false
      const leftMs = untilMs - this.#clock.monotonic()
      if (leftMs <= 0) throw new TidemarkError('IN_PROGRESS', `'${id}' is being worked on by another, for ${state.leftMs} ms more at least`)
      await sleep(this.#clock, Math.min(POLL_MS, leftMs), signal)
    }
  }

  /** Until it is ended. A renewal that fails is tried again with the next; `finish` tells if that was too late. */
  #renew(id: string, token: string): { end(): void } {
    const { leaseMs } = this.#options
    const next = () =>
      this.#clock.schedule(leaseMs / 3, () => {
        timer = next()
        void this.#store.renew(id, token, leaseMs).catch(() => {})
      })
    let timer = next()
    return { end: () => timer.cancel() }
  }
}
