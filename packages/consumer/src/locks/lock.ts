/**
 * A lock for what has no transaction: held for a time that is renewed, and numbered.
 *
 * A lock alone protects nothing: its holder may be stopped, the lock expires, another takes it, and the first goes on.
 * The number makes it safe. It grows with every acquisition, for ever; whatever is protected keeps the highest number
 * it has seen and refuses lower ones.
 *
 * Invariant: `signal` aborts before the lock can be anybody else's, as far as this process runs at all.
 */
import {
  type Clock,
  checkFunction,
  checkName,
  checkOptions,
  checkSignal,
  durationOption,
  type OptionNames,
  type Random,
  sleep,
  TidemarkError,
  type Timer,
} from '@tidemark/platform'
import { isStoreError } from '../drivers/errors.ts'
import { ConnectionLost } from '../drivers/sql.ts'
import { within } from '../drivers/within.ts'

/** Where locks are kept. Calls reject with STORE_UNAVAILABLE where a retry may help. */
export interface LockBackend {
  /** For messages: 'Redis'. */
  readonly name: string
  /** The number of the lock, which is the token's for `ttlMs` now; undefined: it is another's. */
  acquire(name: string, token: string, ttlMs: number): Promise<number | undefined>
  /** False: it is not the token's any more. */
  renew(name: string, token: string, ttlMs: number): Promise<boolean>
  /** Lets go of it, if it is the token's. */
  release(name: string, token: string): Promise<void>
}

export interface LockOptions {
  /** How long the lock is held without being renewed: after a crash, others wait for so long. Default: 30,000. */
  readonly ttlMs?: number
  /** How long to wait for a lock that another holds; 0: not at all. Default: 30,000. */
  readonly waitMaxMs?: number
  /** The pause between two looks at a lock that another holds. Default: 100. */
  readonly retryDelayMs?: number
}

export interface AcquireOptions {
  /** How long to wait for a lock that another holds; 0: not at all. Default: that of `createLock()`. */
  readonly waitMaxMs?: number
  /** Ends the wait: ABORTED. Default: none. */
  readonly signal?: AbortSignal | undefined
}

export interface HeldLock extends AsyncDisposable {
  readonly name: string
  /** Greater than that of everybody who held the lock before: send it along with every write. */
  readonly fence: number
  /** Aborts when the lock is lost; `reason` is a `TidemarkError` LOCK_LOST. */
  readonly signal: AbortSignal
  /** Lets go of it; a lock that was lost is left alone. */
  release(): Promise<void>
}

export interface Lock {
  /** Rejects with `TidemarkError`: LOCK_TIMED_OUT, ABORTED, STORE_FAILED. */
  acquire(name: string, options?: AcquireOptions): Promise<HeldLock>
  /**
   * Holds the lock while `work` runs. Rejects as `acquire` does, with what `work` throws, and with LOCK_LOST if the
   * lock was lost before `work` ended: somebody else may have had it meanwhile.
   */
  run<T>(name: string, work: (held: HeldLock) => T | Promise<T>, options?: AcquireOptions): Promise<T>
}

export const LOCK_OPTIONS: OptionNames<LockOptions> = { ttlMs: true, waitMaxMs: true, retryDelayMs: true }
const ACQUIRE_OPTIONS: OptionNames<AcquireOptions> = { waitMaxMs: true, signal: true }
/** A request to the backend takes at most this part of the time for which the lock is held. */
const REQUEST_SHARE = 1 / 3

export type ResolvedLockOptions = Required<LockOptions>

/** Throws `TidemarkError` INVALID_OPTION. */
export function lockOptions(given: LockOptions): ResolvedLockOptions {
  checkOptions<LockOptions>('createLock()', given, LOCK_OPTIONS)
  return {
    ttlMs: durationOption('ttlMs', given.ttlMs ?? 30_000),
    waitMaxMs: durationOption('waitMaxMs', given.waitMaxMs ?? 30_000, { zero: true }),
    retryDelayMs: durationOption('retryDelayMs', given.retryDelayMs ?? 100),
  }
}

export class LeasedLock implements Lock {
  readonly backend: LockBackend
  readonly #options: ResolvedLockOptions
  readonly #clock: Clock
  readonly #random: Random

  constructor(backend: LockBackend, options: ResolvedLockOptions, clock: Clock, random: Random) {
    this.backend = backend
    this.#options = options
    this.#clock = clock
    this.#random = random
  }

  async acquire(name: string, options: AcquireOptions = {}): Promise<HeldLock> {
    checkName('the name of a lock', name)
    checkOptions<AcquireOptions>('acquire()', options, ACQUIRE_OPTIONS)
    const signal = checkSignal(options.signal)
    const waitMaxMs = durationOption('waitMaxMs', options.waitMaxMs ?? this.#options.waitMaxMs, { zero: true })
    const untilMs = this.#clock.monotonic() + waitMaxMs
    const token = this.#random.uuid()
    // One that cannot be released expires.
    const letGo = (): void => void this.#limited(this.backend.release(name, token)).catch(() => {})
    const aborted = (): TidemarkError =>
      new TidemarkError('ABORTED', `the wait for the lock '${name}' was ended by its signal`, { cause: signal?.reason })
    if (signal?.aborted) throw aborted()
    for (let cause: unknown; ; ) {
      const askedMs = this.#clock.monotonic()
      try {
        const fence = await this.#limited(this.backend.acquire(name, token, this.#options.ttlMs))
        if (fence !== undefined && signal?.aborted) {
          letGo()
          throw aborted()
        }
        if (fence !== undefined) return new Held(name, fence, token, askedMs, this.backend, this.#options.ttlMs, this.#clock)
        cause = undefined
      } catch (error) {
        if (!isStoreError(error, 'STORE_UNAVAILABLE')) throw error
        cause = error
      }
      const leftMs = untilMs - this.#clock.monotonic()
      if (leftMs <= 0) {
        letGo() // the answer to a request that was carried out may have been lost
        throw timedOut(name, this.backend.name, waitMaxMs, cause)
      }
      const delayMs = this.#options.retryDelayMs * (0.5 + this.#random.next() / 2)
      await sleep(this.#clock, Math.min(delayMs, leftMs), signal).catch(() => {
        letGo()
        throw aborted()
      })
    }
  }

  async run<T>(name: string, work: (held: HeldLock) => T | Promise<T>, options: AcquireOptions = {}): Promise<T> {
    checkFunction('the work of run()', work)
    const held = await this.acquire(name, options)
    try {
      const result = await work(held)
      if (held.signal.aborted) throw held.signal.reason
      return result
    } finally {
      await held.release()
    }
  }

  #limited<T>(request: Promise<T>): Promise<T> {
    return limited(this.#clock, this.#options.ttlMs, this.backend.name, request)
  }
}

async function limited<T>(clock: Clock, ttlMs: number, backend: string, request: Promise<T>): Promise<T> {
  return await within(clock, ttlMs * REQUEST_SHARE, request).catch((cause) => {
    if (!(cause instanceof ConnectionLost)) throw cause
    throw new TidemarkError('STORE_UNAVAILABLE', `${backend}: ${cause.message}`, { cause })
  })
}

class Held implements HeldLock {
  readonly name: string
  readonly fence: number
  readonly #token: string
  readonly #backend: LockBackend
  readonly #ttlMs: number
  readonly #clock: Clock
  readonly #lost = new AbortController()
  #released: Promise<void> | undefined
  #renewal: Timer
  #expiry: Timer

  constructor(name: string, fence: number, token: string, askedMs: number, backend: LockBackend, ttlMs: number, clock: Clock) {
    this.name = name
    this.fence = fence
    this.#token = token
    this.#backend = backend
    this.#ttlMs = ttlMs
    this.#clock = clock
    this.#renewal = this.#nextRenewal()
    this.#expiry = this.#expiryOf(askedMs)
  }

  get signal(): AbortSignal {
    return this.#lost.signal
  }

  #nextRenewal(): Timer {
    return this.#clock.schedule(this.#ttlMs / 3, () => void this.#renew())
  }

  /** Counted from before the request: the backend began to count later. */
  #expiryOf(askedMs: number): Timer {
    const leftMs = askedMs + this.#ttlMs - this.#clock.monotonic()
    return this.#clock.schedule(Math.max(0, leftMs), () => this.#lose('it could not be renewed in time'))
  }

  async #renew(): Promise<void> {
    const askedMs = this.#clock.monotonic()
    try {
      const isHeld = await limited(this.#clock, this.#ttlMs, this.#backend.name, this.#backend.renew(this.name, this.#token, this.#ttlMs))
      if (this.#isOver) return
      if (!isHeld) return this.#lose('it had expired, and another may have it')
      this.#expiry.cancel()
      this.#expiry = this.#expiryOf(askedMs)
    } catch {
      // Tried again until the lock expires, which `signal` tells.
    }
    if (!this.#isOver) this.#renewal = this.#nextRenewal()
  }

  get #isOver(): boolean {
    return this.#released !== undefined || this.#lost.signal.aborted
  }

  #lose(why: string): void {
    if (this.#isOver) return
    this.#stop()
    this.#lost.abort(new TidemarkError('LOCK_LOST', `the lock '${this.name}' (number ${this.fence}) was lost: ${why}`))
  }

  #stop(): void {
    this.#renewal.cancel()
    this.#expiry.cancel()
  }

  async release(): Promise<void> {
    if (!this.#isOver) {
      this.#stop()
      // One that cannot be released expires.
      this.#released = limited(this.#clock, this.#ttlMs, this.#backend.name, this.#backend.release(this.name, this.#token)).catch(() => {})
    }
    await this.#released
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release()
  }
}

function timedOut(name: string, backend: string, waitMaxMs: number, cause: unknown): TidemarkError {
  const why = cause === undefined ? 'another has it' : `${backend} could not be asked`
  return new TidemarkError('LOCK_TIMED_OUT', `the lock '${name}' could not be had within ${waitMaxMs} ms: ${why}`, { cause })
}
