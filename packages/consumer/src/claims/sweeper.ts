/**
 * Tells the stores, by interval and at the end of a claim, up to where everything is done, so that they forget the
 * single records below: their inboxes stay as large as the window of what is done out of order.
 */
import { type Clock, sleep, type TidemarkError, type Timer } from '@tidemark/platform'
import { committable } from '../commit/tracker.ts'
import { isStoreError } from '../drivers/errors.ts'
import type { Claim } from './claim.ts'
import type { StoreOf } from './takeover.ts'

export interface SweepListener {
  fenced(claim: Claim, error: TidemarkError): void
  /** A sweep failed and is tried again; `attempts` failed one after the other. */
  failing(error: TidemarkError, attempts: number): void
  /** No retry can fix this. */
  failed(error: unknown): void
}

export class Sweeper {
  readonly #storeOf: StoreOf
  readonly #intervalMs: number
  readonly #clock: Clock
  readonly #claims: () => Iterable<Claim>
  readonly #listener: SweepListener
  /** Up to where the store of a claim was told. */
  readonly #told = new WeakMap<Claim, number>()
  readonly #sweeping = new Map<Claim, Promise<void>>()
  #timer: Timer | undefined
  #failures = 0

  constructor(storeOf: StoreOf, intervalMs: number, clock: Clock, claims: () => Iterable<Claim>, listener: SweepListener) {
    this.#storeOf = storeOf
    this.#intervalMs = intervalMs
    this.#clock = clock
    this.#claims = claims
    this.#listener = listener
  }

  start(): void {
    this.#timer = this.#clock.schedule(this.#intervalMs, () => {
      for (const claim of this.#claims()) void this.#sweep(claim)
      this.start()
    })
  }

  stop(): void {
    this.#timer?.cancel()
  }

  /**
   * The last sweep of claims that are being given up, for as long as there is time. What it does not reach stays in the
   * inbox, where the next owner finds it.
   */
  async settle(claims: readonly Claim[], untilMs: () => number): Promise<void> {
    const held = claims.filter((claim) => claim.holding !== undefined)
    if (held.length === 0) return
    const ended = new AbortController()
    // The sleep rejects when it is not needed any more.
    const limit = sleep(this.#clock, Math.max(0, untilMs() - this.#clock.monotonic()), ended.signal).catch(() => {})
    const swept = Promise.all(
      held.map(async (claim) => {
        await this.#sweeping.get(claim)
        await this.#sweep(claim)
      }),
    )
    await Promise.race([swept, limit])
    ended.abort()
  }

  /** One at a time for each claim. Never rejects: what fails is reported. */
  #sweep(claim: Claim): Promise<void> {
    const known = this.#sweeping.get(claim)
    if (known !== undefined) return known
    const offset = committable(claim.tracker)
    const { holding } = claim
    if (holding === undefined || !claim.isCommittable || offset <= (this.#told.get(claim) ?? claim.start)) return Promise.resolve()
    const sweeping = this.#storeOf(claim.topic)!
      .advance(holding, { offset, leaderEpoch: claim.leaderEpoch })
      .then(
        () => {
          this.#failures = 0
          this.#told.set(claim, offset)
        },
        (error) => this.#failed(claim, error),
      )
      .finally(() => this.#sweeping.delete(claim))
    this.#sweeping.set(claim, sweeping)
    return sweeping
  }

  #failed(claim: Claim, error: unknown): void {
    if (claim.isDead) return
    if (isStoreError(error, 'FENCED')) this.#listener.fenced(claim, error)
    else if (isStoreError(error, 'STORE_UNAVAILABLE')) this.#listener.failing(error, ++this.#failures)
    else this.#listener.failed(error)
  }
}
