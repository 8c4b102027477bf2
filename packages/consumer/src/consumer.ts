/** The consumer as its user sees it. */

import { createAdmin, type Kafka } from '@tidemark/client'
import { handleOf } from '@tidemark/client/internal'
import { TidemarkError } from '@tidemark/platform'
import { type ConsumerEvent, EventStream } from './events.ts'
import { Batches } from './handle/batches.ts'
import { Lanes } from './handle/lanes.ts'
import type { BatchHandler, BatchWork, EachHandler, EachWork, Holdup, WorkOptions } from './handle/work.ts'
import {
  type BatchSettings,
  type ConsumerOptions,
  type EachSettings,
  invalid,
  positive,
  type ResolvedOptions,
  resolveOptions,
  resolveRetry,
  type WorkSettings,
} from './options.ts'
import { Runner } from './perform/runner.ts'
import { keyOf } from './state/claims.ts'
import { committable } from './state/tracker.ts'

/** Where one partition stands. */
export interface Progress {
  readonly topic: string
  readonly partition: number
  /** The next offset to be read. */
  readonly position: number
  /** What the group has on record for this member; undefined: nothing yet. */
  readonly committed: number | undefined
  /** What the next commit will carry. */
  readonly committable: number
  /** Records above the committable offset that are done, since this member has the partition. */
  readonly doneAhead: number
  /** Records that were fetched and wait for a handler. */
  readonly waiting: number
  /** Handlers that run. */
  readonly running: number
  readonly paused: boolean
}

export interface Explanation extends Progress {
  /** Why the committable offset is where it is, in a sentence. */
  readonly because: string
}

export interface RunOptions {
  /** Ends the run: drain, final commit, leave. */
  readonly signal?: AbortSignal | undefined
}

type Work = EachWork | BatchWork

/** Where handlers of one partition run one after the other: more than one member has partitions, so that each can run one. */
const CONCURRENCY_SERIAL = 10_000
const CONCURRENCY_SIDE_BY_SIDE = 100

export class Consumer {
  readonly #options: ResolvedOptions
  readonly #kafka: Kafka
  readonly #works = new Map<string, Work>()
  readonly #events = new EventStream()
  #runner: Runner | undefined
  #running: Promise<void> | undefined

  constructor(kafka: Kafka, options: ConsumerOptions) {
    this.#kafka = kafka
    this.#options = resolveOptions(options)
  }

  /**
   * Calls `handler` for every record of the topic. A handler that resolves is done; one that throws has failed and is tried again.
   *
   * ```ts
   * consumer.each('orders', { order: 'key', concurrency: 256 }, async (message, context) => { … })
   * ```
   */
  each(topic: string, settings: EachSettings, handler: EachHandler): this {
    const order = settings.order ?? 'partition'
    if (!['partition', 'key', 'none'].includes(order)) invalid('order', 'must be partition, key or none')
    const concurrency = order === 'partition' ? CONCURRENCY_SERIAL : CONCURRENCY_SIDE_BY_SIDE
    return this.#add({ kind: 'each', order, handler, ...resolveWork(topic, settings, concurrency) })
  }

  /** Calls `handler` for batches: records of one partition that follow each other, one batch of a partition at a time. */
  batches(topic: string, settings: BatchSettings, handler: BatchHandler): this {
    const recordsMax = positive('recordsMax', settings.recordsMax ?? 500)
    const waitMaxMs = settings.waitMaxMs ?? 0
    if (!(waitMaxMs >= 0)) invalid('waitMaxMs', 'must be 0 or more milliseconds')
    return this.#add({ kind: 'batches', recordsMax, waitMaxMs, handler, ...resolveWork(topic, settings, CONCURRENCY_SERIAL) })
  }

  #add(work: Work): this {
    if (this.#runner !== undefined) throw new TidemarkError('ALREADY_RUNNING', 'topics are named before run() is called')
    if (this.#works.has(work.topic)) invalid('topic', `'${work.topic}' has a handler already`)
    this.#works.set(work.topic, work)
    return this
  }

  /**
   * Joins the group and works until `signal` aborts; resolves after the drain, the final commit and the leave.
   * Rejects with `TidemarkError`: HANDLER_FAILED, OFFSET_OUT_OF_RANGE, NO_COMMITTED_OFFSET, FENCED_INSTANCE_ID, …
   */
  run(options: RunOptions = {}): Promise<void> {
    if (this.#running !== undefined) throw new TidemarkError('ALREADY_RUNNING', 'run() was called before; make another consumer')
    if (this.#works.size === 0) throw new TidemarkError('NOTHING_TO_DO', 'no topic was named: call each() or batches() before run()')
    const runner = this.#makeRunner()
    this.#runner = runner
    this.#running = runner.run(options.signal).finally(() => this.#events.close())
    return this.#running
  }

  #makeRunner(): Runner {
    const { clock, random } = handleOf(this.#kafka).platform
    const admin = createAdmin(this.#kafka)
    const runner = new Runner(
      this.#options,
      this.#kafka,
      [...this.#works.keys()],
      async (claims, at) => {
        const out = new Map<string, number>()
        for (const topic of new Set(claims.map((c) => c.topic))) {
          const partitions = claims.filter((c) => c.topic === topic).map((c) => c.partition)
          const offsets = await admin.topics.offsets(topic, at, { partitions })
          for (const o of offsets) out.set(keyOf(topic, o.partition), o.offset)
        }
        return out
      },
      (event) => this.#events.emit(event),
    )
    for (const work of this.#works.values()) {
      runner.setWorker(work.topic, work.kind === 'each' ? new Lanes(work, runner, clock, random) : new Batches(work, runner, clock, random))
    }
    return runner
  }

  /** Reads on at another place of a partition that is assigned now; results of what was read before do not count any more. */
  async seek(topic: string, partition: number, to: number | 'earliest' | 'latest' | Date): Promise<void> {
    await this.#active().seek(topic, partition, to)
  }

  /** Starts no more handlers for these partitions, or for all of the topic; what was fetched is kept. */
  pause(topic: string, partitions?: readonly number[]): void {
    this.#active().pause(topic, partitions)
  }

  resume(topic: string, partitions?: readonly number[]): void {
    this.#active().resume(topic, partitions)
  }

  /** Commits what may be committed, and resolves once it is on record. */
  async commit(): Promise<void> {
    await this.#active().flush()
  }

  #active(): Runner {
    if (this.#runner === undefined) throw new TidemarkError('NOT_RUNNING', 'the consumer is not running; call run() first')
    return this.#runner
  }

  /** Where every assigned partition stands. */
  positions(): Progress[] {
    return this.explain().map(({ because: _, ...progress }) => progress)
  }

  /** Like `positions`, with the reason why the commit is where it is. */
  explain(): Explanation[] {
    return [...(this.#runner?.claims() ?? [])].map(({ claim, worker }) => {
      const progress: Progress = {
        topic: claim.topic,
        partition: claim.partition,
        position: claim.tracker.position,
        committed: claim.committed,
        committable: committable(claim.tracker),
        doneAhead: claim.tracker.aheadCount,
        waiting: worker.waiting(claim),
        running: claim.running,
        paused: claim.pausedByUser,
      }
      return { ...progress, because: because(progress, claim.phase, worker.holdup(claim)) }
    })
  }

  /** What happens, from now on; ends with the run. */
  get events(): AsyncIterable<ConsumerEvent> {
    return this.#events
  }

  /** Ends the run: drain, final commit, leave. */
  async close(): Promise<void> {
    this.#runner?.stop()
    await this.#running?.catch(() => {}) // whoever called run() has it
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

function because(p: Progress, phase: string, holdup: Holdup | undefined): string {
  if (phase === 'placing') return 'the place to begin is being asked'
  if (phase === 'draining') return `the partition is being given up; ${p.running} handlers still run`
  if (holdup !== undefined) {
    return `offset ${holdup.offset} is ${holdup.state} (attempt ${holdup.attempt}); ${p.doneAhead} records above it are done`
  }
  if (p.committable < p.position) return `offset ${p.committable} was handled and not committed by its handler`
  return p.committed === p.committable ? 'everything read is done and committed' : 'everything read is done; the commit is due'
}

function resolveWork(topic: string, settings: WorkSettings, concurrency: number): WorkOptions {
  if (typeof topic !== 'string' || topic === '') invalid('topic', 'must be a name')
  const exhausted = settings.exhausted ?? 'stop'
  if (exhausted !== 'stop' && exhausted !== 'skip') invalid('exhausted', 'must be stop or skip')
  return {
    topic,
    concurrency: positive('concurrency', settings.concurrency ?? concurrency),
    retry: resolveRetry(settings.retry),
    exhausted,
    timeoutMs: settings.timeoutMs === undefined ? undefined : positive('timeoutMs', settings.timeoutMs),
  }
}

/** Does no I/O yet: `run()` joins the group. Throws `TidemarkError` INVALID_OPTION. */
export const createConsumer = (kafka: Kafka, options: ConsumerOptions): Consumer => new Consumer(kafka, options)
