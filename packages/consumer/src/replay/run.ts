/**
 * A replay: records of a bounded range go through the handlers of a group once more, beside its live work. It reads
 * without the group, joins nothing, and commits nothing: the group's offsets stay as they are.
 *
 * Invariants: it holds a bounded number of records in memory. It resolves only if every record that matched was handled
 * or skipped; when it rejects, no handler that it called runs any more, or has been told to stop.
 */
import { createAdmin, type Kafka, type ReceivedMessage, read } from '@tidemark/client'
import { type FetchedMessage, type KafkaHandle, textOf } from '@tidemark/client/internal'
import { TidemarkError, type Timer } from '@tidemark/platform'
import type { Claim } from '../claims/claim.ts'
import { Pauses } from '../claims/pauses.ts'
import { ClaimRegistry } from '../claims/registry.ts'
import { enter } from '../commit/tracker.ts'
import { DeadLetters } from '../work/dead-letters.ts'
import { DecodeError } from '../work/decoded.ts'
import type { BatchWork, EachWork, Worker, WorkListener } from '../work/work.ts'
import { workerFor } from '../work/workers-for.ts'
import { ReplayCounts } from './counts.ts'
import type { ReplayResult, ResolvedReplay } from './options.ts'

/** Records in memory that are not handled: as many as keep the handlers busy. */
const HELD_MIN = 1_000
const HELD_MAX = 20_000

export interface ReplayOf {
  readonly group: string
  readonly topic: string
  readonly work: EachWork | BatchWork
  /** How long handlers that run may take after an abort or a failure. */
  readonly shutdownTimeoutMs: number
}

export class Replay {
  readonly #kafka: Kafka
  readonly #cluster: KafkaHandle['cluster']
  readonly #clock: KafkaHandle['platform']['clock']
  readonly #of: ReplayOf
  readonly #options: ResolvedReplay
  readonly #heldMax: number
  readonly #counts: ReplayCounts
  readonly #registry: ClaimRegistry
  readonly #worker: Worker
  readonly #letters: DeadLetters
  #held = 0
  #isSkipping = false
  #failure: { readonly error: unknown } | undefined
  /** Ends reading: a broker that answers no Fetch does not hold the end up. */
  readonly #over = new AbortController()
  #wake = (): void => {}

  constructor(kafka: Kafka, { cluster, platform }: KafkaHandle, of: ReplayOf, options: ResolvedReplay) {
    this.#kafka = kafka
    this.#cluster = cluster
    this.#clock = platform.clock
    this.#of = of
    this.#options = options
    const { work } = of
    const busy = work.kind === 'batches' ? work.recordsMax : work.concurrency
    this.#heldMax = Math.min(HELD_MAX, Math.max(HELD_MIN, 2 * busy))
    this.#counts = new ReplayCounts(options.dryRun)
    this.#letters = new DeadLetters(kafka, of.group)
    this.#worker = workerFor(work, this.#listener(), platform.clock, platform.random)
    this.#registry = new ClaimRegistry(new Pauses(), {
      began: () => {},
      stopped: (claim) => void this.#worker.drop(claim),
      ended: () => {},
    })
  }

  async run(): Promise<ReplayResult> {
    const { signal } = this.#options
    const { work } = this.#of
    const pool = work.kind === 'each' ? work.pool : undefined
    pool?.open()
    const abort = (): void =>
      this.#fail(new TidemarkError('ABORTED', `the replay of '${this.#of.topic}' was aborted`, { cause: signal?.reason }))
    signal?.addEventListener('abort', abort, { once: true })
    if (signal?.aborted) abort()
    try {
      await this.#readAll()
      await this.#until(() => this.#held === 0)
      if (this.#failure === undefined) return this.#counts.result()
    } catch (error) {
      this.#fail(error)
    } finally {
      if (this.#failure !== undefined) await this.#drained()
      signal?.removeEventListener('abort', abort)
      for (const claim of [...this.#registry.all()]) this.#registry.end(claim, 'shutdown')
      this.#worker.close()
      await this.#letters.close()
      await pool?.close()
    }
    throw this.#failure!.error
  }

  /** Starts nothing more; `run` rejects with `error` once the calls that run have settled, or have had their time. */
  stop(error: TidemarkError): void {
    this.#fail(error)
  }

  async #readAll(): Promise<void> {
    const { from, isolation, dryRun } = this.#options
    const { signal } = this.#over
    const to = await this.#end()
    if (to === undefined) return
    for await (const message of read(this.#kafka, this.#of.topic, { from, to, isolation, signal })) {
      if (this.#failure !== undefined) return
      const isWanted = this.#options.wants(message)
      this.#counts.saw(message, isWanted)
      if (!isWanted || dryRun) continue
      this.#handle(message)
      if (this.#held >= this.#heldMax) await this.#until(() => this.#held < this.#heldMax)
    }
  }

  /** Undefined: the group has committed nothing of the topic. */
  async #end() {
    const { to } = this.#options
    if (to !== 'committed') return to
    const { signal } = this.#over
    const committed = await createAdmin(this.#kafka).groups.offsets(this.#of.group, { signal })
    const own = committed.filter(({ topic }) => topic === this.#of.topic)
    return own.length === 0 ? undefined : Object.fromEntries(own.map(({ partition, offset }) => [partition, offset as number]))
  }

  #handle(message: ReceivedMessage): void {
    const claim = this.#claimOf(message)
    this.#held++
    // In memory of its own: a record that waits keeps no response alive.
    this.#worker.enter(claim, [message.copy() as FetchedMessage], enter(claim.tracker, message.offset))
  }

  #claimOf({ topic, partition, offset }: ReceivedMessage): Claim {
    const known = this.#registry.get(topic, partition)
    if (known !== undefined) return known
    const claim = this.#registry.take(topic, partition, this.#cluster.topic(topic)?.id)!
    this.#registry.begin(claim, { offset, leaderEpoch: -1, committed: undefined, metadata: '' })
    return claim
  }

  #listener(): WorkListener {
    const at = ({ topic, partition }: Claim, offset: number) => ({ topic, partition, offset })
    return {
      run: this,
      mode: 'processed',
      admit: () => ({ over: () => {} }), // a claim of a replay has no guard
      mayStart: (claim) => claim.phase === 'working',
      isDoubtful: () => false,
      closed: (_, __, count) => {
        this.#held -= count
      },
      settled: (_, done) => {
        this.#counts.did(done, this.#isSkipping)
        this.#isSkipping = false
        this.#wake()
      },
      retrying: () => {},
      skipped: () => {
        this.#isSkipping = true // `settled` follows in the same turn
      },
      writeLetters: (policy, claim, messages, failure) => this.#letters.write(policy, claim, messages, failure),
      deadLettered: () => {
        this.#isSkipping = true
      },
      lettersFailed: (_, __, ___, ____, delayMs, error) => {
        if (delayMs === undefined) this.#fail(error)
      },
      stopped: (claim, offset, cause) => {
        if (cause instanceof DecodeError) return this.#fail(cause)
        const text = `the handler failed in a replay for ${claim.topic}-${claim.partition} at offset ${offset}, and its attempts are exhausted: ${textOf(cause)}`
        this.#fail(new TidemarkError('HANDLER_FAILED', text, { ...at(claim, offset), cause }))
      },
      stuck: (claim, offset, elapsedMs) => {
        const text = `the handler in a replay for ${claim.topic}-${claim.partition} at offset ${offset} has not settled after ${Math.round(elapsedMs)} ms`
        this.#fail(new TidemarkError('HANDLER_STUCK', text, at(claim, offset)))
        this.#wake()
        return true
      },
      fenced: () => {}, // topics with a store are not replayed
      storeFailing: () => {},
      commitTimeoutMs: this.#of.shutdownTimeoutMs,
      commit: async () => {}, // the group's offsets stay
    }
  }

  /** The first error counts. Nothing more is started. */
  #fail(error: unknown): void {
    if (this.#failure !== undefined) return
    this.#failure = { error }
    for (const claim of this.#registry.all()) this.#registry.drain(claim, 'shutdown')
    this.#over.abort()
    this.#wake()
  }

  async #until(holds: () => boolean): Promise<void> {
    while (!holds() && this.#failure === undefined) await this.#changed()
  }

  /** Calls that run may finish, for a while. */
  async #drained(): Promise<void> {
    let isOver = false
    const timer: Timer = this.#clock.schedule(this.#of.shutdownTimeoutMs, () => {
      isOver = true
      this.#wake()
    })
    while (!isOver && [...this.#registry.all()].some(({ calls }) => calls.running > calls.stuck)) await this.#changed()
    timer.cancel()
  }

  #changed(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }
}
