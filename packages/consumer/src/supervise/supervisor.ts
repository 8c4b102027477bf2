/**
 * A consumer that is started again when it fails.
 *
 * ```
 *   starting ──► working ◄──► stuck
 *      ▲  └────────┴────────────┴──► restarting ──► starting
 *      └───────────────────────────────┘   (after a pause)
 *   any ──► stopped (asked to, or its run ended by itself)      any ──► failed (fatal, or too many failures)
 * ```
 * Every start is a new consumer: its progress is computed again from the committed offsets. Invariant: the last run
 * has ended before the next one is made, and before `done` settles.
 */
import { Diagnostics, textOf } from '@tidemark/client/internal'
import { checkFunction, checkOptions, describe, durationOption, sleep, TidemarkError, type Timer } from '@tidemark/platform'
import { type CloseOptions, Consumer, checkOutside } from '../consumer.ts'
import { EventStream, type EventsDropped } from '../events.ts'
import type { Explanation, Progress } from '../explain.ts'
import { type ResolvedSupervision, resolveSupervision, type SuperviseOptions } from './options.ts'
import { decide } from './policy.ts'
import { ProgressWatch } from './watch.ts'

export type SupervisorStatus = 'starting' | 'working' | 'stuck' | 'restarting' | 'stopped' | 'failed'

export interface Health {
  readonly status: SupervisorStatus
  /** Since when, by the machine's clock. */
  readonly since: Date
  /** The last failure; of status `stuck`, a STUCK error that says where. Undefined: none yet. */
  readonly cause: unknown
  /** How often it has failed since it was supervised. */
  readonly failures: number
  /** For a liveness probe: false once it is stuck, or has failed for good. */
  readonly isLive: boolean
  /** For a readiness probe: it is working. */
  readonly isReady: boolean
  /** Where the assigned partitions stand, and why. */
  readonly partitions: readonly Explanation[]
}

export type SupervisorEvent =
  | { readonly kind: 'starting'; readonly start: number }
  /** The group has taken the member in; after `stuck`: there is progress again. */
  | { readonly kind: 'working' }
  /** It failed and is started again after a pause. */
  | { readonly kind: 'restarting'; readonly error: unknown; readonly failures: number; readonly delayMs: number }
  | { readonly kind: 'stuck'; readonly error: TidemarkError; readonly partitions: readonly Progress[] }
  /** The end, with what ended it; undefined: a clean stop. */
  | { readonly kind: 'ended'; readonly error: unknown }
  | EventsDropped

export interface Supervisor extends AsyncDisposable {
  /** Resolves after a clean stop; rejects with the failure that ended it. */
  readonly done: Promise<void>
  /** The consumer that runs now; undefined: none does. */
  readonly consumer: Consumer | undefined
  /** What happens, from now on, until the end. Any number of readers. */
  readonly events: AsyncIterable<SupervisorEvent>
  health(): Health
  /**
   * Drain, final commit, leave; a second call waits for the first. `done` has its outcome. A consumer that `make` makes
   * after it is closed. Rejects with `TidemarkError` CLOSE_IN_HANDLER in a handler, which it would wait for.
   */
  stop(options?: CloseOptions): Promise<void>
}

/**
 * Makes a consumer and runs it; makes and runs another one, after a growing pause, whenever it fails. A wrong option,
 * or a refusal that no start can fix, ends it at once; so do `failuresMax` failures within `windowMs`. Throws
 * `TidemarkError` INVALID_OPTION or INVALID_ARGUMENT.
 *
 * ```ts
 * await using service = supervise(() => createConsumer(kafka, { group: 'billing' }).each('orders', bill), { signals: true })
 * await service.done
 * ```
 */
export function supervise(make: () => Consumer | Promise<Consumer>, options: SuperviseOptions = {}): Supervisor {
  checkFunction('the first argument of supervise()', make)
  const supervising = new Supervising(make, resolveSupervision(options))
  supervising.start()
  return supervising
}

/** How many times within `stuckAfterMs` progress is looked at. */
const LOOKS = 10
const SIGNALS = ['SIGTERM', 'SIGINT'] as const

class Supervising implements Supervisor {
  readonly #make: () => Consumer | Promise<Consumer>
  readonly #options: ResolvedSupervision
  readonly #diagnostics: Diagnostics
  readonly #events = new EventStream<SupervisorEvent>()
  readonly #stopping = new AbortController()
  readonly #done = Promise.withResolvers<void>()
  #stopTimeoutMs: number | undefined
  #consumer: Consumer | undefined
  #status: SupervisorStatus = 'starting'
  #since: Date
  #cause: unknown
  #failuresMs: number[] = []
  #failures = 0
  #starts = 0

  constructor(make: () => Consumer | Promise<Consumer>, options: ResolvedSupervision) {
    this.#make = make
    this.#options = options
    this.#since = new Date(options.clock.now())
    this.#diagnostics = new Diagnostics(options.clock, options.logger)
    this.#done.promise.catch(() => {}) // health(), the events and the report say it too
  }

  get done(): Promise<void> {
    return this.#done.promise
  }

  get consumer(): Consumer | undefined {
    return this.#consumer
  }

  get events(): AsyncIterable<SupervisorEvent> {
    return this.#events
  }

  health(): Health {
    const status = this.#status
    const isLive = status !== 'stuck' && status !== 'failed'
    const partitions = this.#consumer?.explain() ?? []
    return { status, since: this.#since, cause: this.#cause, failures: this.#failures, isLive, isReady: status === 'working', partitions }
  }

  async stop(options: CloseOptions = {}): Promise<void> {
    checkOptions<CloseOptions>('stop()', options, { timeoutMs: true })
    if (this.#consumer !== undefined) checkOutside('stop()', this.#consumer)
    if (options.timeoutMs !== undefined) this.#stopTimeoutMs = durationOption('timeoutMs', options.timeoutMs)
    this.#stopping.abort()
    void this.#close(this.#consumer)
    await this.#done.promise.catch(() => {}) // `done` has it
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  start(): void {
    const onSignal = (): void => {
      removeListeners()
      void this.stop()
    }
    const removeListeners = (): void => {
      for (const signal of SIGNALS) process.removeListener(signal, onSignal)
    }
    if (this.#options.signals) for (const signal of SIGNALS) process.on(signal, onSignal)
    void this.#keepRunning().then(
      () => this.#end('stopped', undefined, removeListeners),
      (error) => this.#end('failed', error, removeListeners),
    )
  }

  #end(status: 'stopped' | 'failed', error: unknown, removeListeners: () => void): void {
    removeListeners()
    this.#enter(status)
    this.#events.emit({ kind: 'ended', error })
    this.#events.close()
    if (status === 'stopped') return this.#done.resolve()
    this.#report('error', `the consumer has failed and is not started again: ${textOf(error)}`, error)
    this.#done.reject(error)
  }

  /** Resolves after a clean end; rejects with what no start can fix. */
  async #keepRunning(): Promise<void> {
    for (;;) {
      const failure = await this.#runOnce()
      if (failure === undefined) return
      // What a stop could not commit is the caller's to know; a run that failed before the stop is over all the same.
      if (this.#stopping.signal.aborted) throw failure.error
      const delayMs = this.#judge(failure.error)
      await sleep(this.#options.clock, delayMs, this.#stopping.signal).catch(() => {}) // asked to stop
      if (this.#stopping.signal.aborted) return
    }
  }

  /** The pause before the next start; throws what ends it. */
  #judge(error: unknown): number {
    const { clock, random, windowMs, failuresMax } = this.#options
    const nowMs = clock.monotonic()
    this.#cause = error
    this.#failures++
    this.#failuresMs = [...this.#failuresMs.filter((atMs) => atMs > nowMs - windowMs), nowMs]
    const decision = decide(this.#options, this.#failuresMs, nowMs, error, random.next())
    if (decision.kind === 'giveUp') {
      if (decision.why === 'tooMany') this.#report('error', `the consumer failed ${failuresMax} times within ${windowMs} ms`, error)
      throw error
    }
    const { delayMs } = decision
    this.#enter('restarting')
    this.#events.emit({ kind: 'restarting', error, failures: this.#failures, delayMs })
    this.#report('warn', `the consumer failed and is started again in ${delayMs} ms: ${textOf(error)}`, error)
    return delayMs
  }

  /** Undefined: the run ended by itself, or because it was asked to. */
  async #runOnce(): Promise<{ readonly error: unknown } | undefined> {
    let stopWatching = (): void => {}
    let stuck: TidemarkError | undefined
    try {
      this.#enter('starting')
      this.#events.emit({ kind: 'starting', start: ++this.#starts })
      const consumer = await this.#made()
      if (consumer === undefined) return undefined
      this.#consumer = consumer
      stopWatching = this.#watch(consumer, (error) => {
        stuck ??= error
        void this.#close(consumer)
      })
      await consumer.run()
      return stuck === undefined || this.#stopping.signal.aborted ? undefined : { error: stuck }
    } catch (error) {
      return { error: stuck ?? error }
    } finally {
      stopWatching()
      this.#consumer = undefined
    }
  }

  /** Undefined: it was asked to stop meanwhile. */
  async #made(): Promise<Consumer | undefined> {
    const { clock, makeTimeoutMs } = this.#options
    const stopping = this.#stopping.signal
    const making = Promise.withResolvers<Consumer | undefined>()
    let isWanted = true
    const timer = clock.schedule(makeTimeoutMs, () => {
      making.reject(new TidemarkError('TIMED_OUT', `make() took longer than makeTimeoutMs (${makeTimeoutMs})`))
    })
    const stop = (): void => making.resolve(undefined)
    stopping.addEventListener('abort', stop, { once: true })
    const made = (async () => await this.#make())()
    made.then((consumer) => {
      if (isWanted) making.resolve(consumer)
      else closeUnused(consumer)
    }, making.reject)
    try {
      const consumer = await making.promise
      if (stopping.aborted) return closeUnused(consumer)
      if (consumer instanceof Consumer) return consumer
      throw new TidemarkError('INVALID_ARGUMENT', `make() returned ${describe(consumer)}; it must return what createConsumer() returned`)
    } finally {
      isWanted = false
      timer.cancel()
      stopping.removeEventListener('abort', stop)
    }
  }

  /** Sees that it works, and whether it is stuck. */
  #watch(consumer: Consumer, restart: (error: TidemarkError) => void): () => void {
    const { clock, stuckAfterMs, restartStuck } = this.#options
    let timer: Timer | undefined
    const watch = new ProgressWatch(stuckAfterMs)
    const look = (): void => {
      timer = clock.schedule(stuckAfterMs / LOOKS, look)
      const stuck = watch.observe(clock.monotonic(), consumer.positions())
      if (stuck.length === 0) return this.#status === 'stuck' ? this.#works() : undefined
      if (this.#status === 'stuck') return
      const error = this.#tellStuck(stuck)
      if (restartStuck) restart(error)
    }
    if (stuckAfterMs < Number.POSITIVE_INFINITY) timer = clock.schedule(stuckAfterMs / LOOKS, look)
    void this.#watchEvents(consumer)
    return () => timer?.cancel()
  }

  async #watchEvents(consumer: Consumer): Promise<void> {
    for await (const { kind } of consumer.events) {
      if (kind === 'joined' && this.#consumer === consumer && this.#status === 'starting') this.#works()
    }
  }

  #works(): void {
    this.#enter('working')
    this.#events.emit({ kind: 'working' })
  }

  #tellStuck(partitions: readonly Progress[]): TidemarkError {
    const { topic, partition, committable } = partitions[0]!
    const names = partitions.map((p) => `${p.topic}-${p.partition} at offset ${p.committable}`).join(', ')
    const text = `there has been work and no progress for ${this.#options.stuckAfterMs} ms: ${names}`
    const error = new TidemarkError('STUCK', text, { topic, partition, offset: committable })
    this.#cause = error
    this.#enter('stuck')
    this.#events.emit({ kind: 'stuck', error, partitions })
    this.#report('error', `the consumer is stuck: ${text}`, error)
    return error
  }

  /** Its run settles, and says how. */
  async #close(consumer: Consumer | undefined): Promise<void> {
    const timeoutMs = this.#stopTimeoutMs
    await consumer?.close(timeoutMs === undefined ? {} : { timeoutMs })
  }

  #enter(status: SupervisorStatus): void {
    if (status === this.#status) return
    this.#status = status
    this.#since = new Date(this.#options.clock.now())
  }

  #report(level: 'warn' | 'error', text: string, error: unknown): void {
    this.#diagnostics.report('tidemark:consumer', { level, cause: `supervise ${text}`, text, error })
  }
}

/** Nobody runs it. */
function closeUnused(consumer: unknown): undefined {
  if (consumer instanceof Consumer) consumer.close().catch(() => {}) // it has never run
}
