/** The consumer as its user sees it. */
import type { Kafka, ReadableTopic, ReceivedMessage } from '@tidemark/client'
import { handleOf, type KafkaHandle } from '@tidemark/client/internal'
import {
  type Clock,
  checkFunction,
  checkOptions,
  checkPartition,
  checkSignal,
  describe,
  durationOption,
  TidemarkError,
} from '@tidemark/platform'
import { Pauses } from './claims/pauses.ts'
import { checkPlace, type LogPlace } from './claims/placement.ts'
import { type CommitLimits, commitLimits } from './commit/limits.ts'
import { checkDeadLetterCycles } from './dead-letter-cycle.ts'
import { type ConsumerEvent, EventStream } from './events.ts'
import { type Explanation, explain, type Progress } from './explain.ts'
import { MessageLoop, type Messages } from './message-loop.ts'
import { type ConsumerOptions, type ResolvedOptions, resolveOptions } from './options.ts'
import { type ReplayOptions, type ReplayResult, resolveReplay } from './replay/options.ts'
import { Replay } from './replay/run.ts'
import { Runner } from './runner.ts'
import { checkSelects, type Routes, routesTo, type TopicSelection } from './selection.ts'
import type { BatchSettings, EachSettings, MessagesSettings, StoreSettings, WorkerSettings } from './settings.ts'
import { Tally } from './tally.ts'
import { type ConsumerMetrics, type MetricsOptions, metricsTimeout, partitionMetrics } from './telemetry/metrics.ts'
import type { TypedBatch, TypedMessage } from './work/decoded.ts'
import { currentCall } from './work/inside.ts'
import { type BatchMiddleware, type Middleware, type Middlewares, withBatchMiddleware, withMiddleware } from './work/middleware.ts'
import type { StoredBatchHandler, StoredEachHandler } from './work/stored.ts'
import type { BatchHandler, BatchWork, EachHandler, EachWork } from './work/work.ts'
import { batchWork, checkCommits, eachWork, pullWork } from './works.ts'

export interface RunOptions {
  /** Ends the run: drain, final commit, leave. */
  readonly signal?: AbortSignal | undefined
}

export interface CloseOptions {
  /** How long the drain, the final commit and the leave may take. Default: the option `shutdownTimeoutMs`. */
  readonly timeoutMs?: number
}

type Work = EachWork | BatchWork

/** Typed topics whose records are read alike. */
type Readable<K, V> = ReadableTopic<K, V> | readonly ReadableTopic<K, V>[]

export class Consumer {
  readonly #options: ResolvedOptions
  readonly #client: Kafka
  readonly #kafka: KafkaHandle
  readonly #works: Work[] = []
  readonly #middleware: Middleware[] = []
  readonly #batchMiddleware: BatchMiddleware[] = []
  readonly #events = new EventStream()
  readonly #pauses = new Pauses()
  readonly #tally = new Tally()
  #runner: Runner | undefined
  #running: Promise<void> | undefined
  readonly #replays = new Map<Replay, Promise<unknown>>()
  #isClosed = false

  constructor(kafka: Kafka, options: ConsumerOptions) {
    this.#client = kafka
    this.#kafka = handleOf(kafka)
    this.#options = resolveOptions(options)
  }

  /**
   * Calls `handler` for every record of the topics. A handler that resolves is done; one that throws has failed and is
   * tried again. `topics`: a name, a typed topic (`topic()`), a pattern such as `/^orders\./`, or an array of these.
   * Patterns are matched again every `topicsIntervalMs`: topics that are created later are read from their beginning.
   *
   * ```ts
   * consumer.each('orders', { order: 'key', concurrency: 256 }, async (message, context) => { … })
   * ```
   */
  each<Tx, K, V>(
    topics: Readable<K, V>,
    settings: EachSettings & StoreSettings<Tx>,
    handler: StoredEachHandler<Tx, TypedMessage<K, V>>,
  ): this
  each<Tx>(topics: TopicSelection, settings: EachSettings & StoreSettings<Tx>, handler: StoredEachHandler<Tx>): this
  each<K, V>(topics: Readable<K, V>, handler: EachHandler<TypedMessage<K, V>>): this
  each<K, V>(topics: Readable<K, V>, settings: EachSettings, handler: EachHandler<TypedMessage<K, V>>): this
  each(topics: TopicSelection, handler: EachHandler): this
  each(topics: TopicSelection, settings: EachSettings, handler: EachHandler): this
  /** The handler is in the file of `workers`, and runs in worker threads. */
  each(topics: TopicSelection, settings: WorkerSettings): this
  each(topics: TopicSelection, ...rest: readonly unknown[]): this {
    return this.#add(eachWork(topics, rest, this.#kafka.platform.clock))
  }

  /** Calls `handler` for batches: consecutive records of one partition, one batch of a partition at a time. */
  batches<Tx, K, V>(
    topics: Readable<K, V>,
    settings: BatchSettings & StoreSettings<Tx>,
    handler: StoredBatchHandler<Tx, TypedBatch<K, V>>,
  ): this
  batches<Tx>(topics: TopicSelection, settings: BatchSettings & StoreSettings<Tx>, handler: StoredBatchHandler<Tx>): this
  batches<K, V>(topics: Readable<K, V>, handler: BatchHandler<TypedBatch<K, V>>): this
  batches<K, V>(topics: Readable<K, V>, settings: BatchSettings, handler: BatchHandler<TypedBatch<K, V>>): this
  batches(topics: TopicSelection, handler: BatchHandler): this
  batches(topics: TopicSelection, settings: BatchSettings, handler: BatchHandler): this
  batches(topics: TopicSelection, ...rest: readonly unknown[]): this {
    return this.#add(batchWork(topics, rest))
  }

  /**
   * The records of the topics, one at a time, in the order of their partition: asking for the next one says that this
   * one is done.
   *
   * ```ts
   * for await (const message of consumer.messages('orders')) await charge(message)
   * ```
   * The loop calls `run()`, unless that was called before, and throws what the run rejects with. Leaving it early, by
   * `break`, `return` or an error, leaves the current record not done, and ends the run: drain, final commit, leave.
   * It ends by itself when the run does: after `signal` aborts, or `close()`; inside the loop use `break`, since
   * `close()` waits until the current record is done. Iterated once. Throws `TidemarkError` INVALID_OPTION,
   * INVALID_ARGUMENT, ALREADY_RUNNING.
   */
  messages<K, V>(topics: Readable<K, V>, settings?: MessagesSettings): Messages<TypedMessage<K, V>>
  messages(topics: TopicSelection, settings?: MessagesSettings): Messages<ReceivedMessage>
  messages(topics: TopicSelection, settings: MessagesSettings = {}): Messages<unknown> {
    const work = pullWork(topics, settings)
    this.#add(work)
    return new MessageLoop(work.pull, checkSignal(settings.signal), {
      isRunning: () => this.#running !== undefined,
      run: () => this.run(),
      stop: () => this.#runner?.ending.stop(),
      settled: async () => {
        await this.#running?.catch(() => {}) // the caller of run() has it
      },
    })
  }

  /**
   * Puts code around every call of a handler; the first that is given is the outermost. A middleware that does not call
   * `next` keeps the handler from running, and the record counts as done; what it throws has failed. The call is not
   * over before the handler is, whether the middleware waits for `next()` or not.
   *
   * ```ts
   * consumer.use(async (message, context, next) => {
   *   console.time(context.id)
   *   await next()
   *   console.timeEnd(context.id)
   * })
   * ```
   * A function is called around `each()` and `messages()`; `{ each, batches }` names one for each kind. Throws
   * `TidemarkError` INVALID_ARGUMENT, INVALID_OPTION, ALREADY_RUNNING.
   */
  use(middleware: Middleware | Middlewares): this {
    if (this.#running !== undefined) throw new TidemarkError('ALREADY_RUNNING', 'middleware must be named before run() is called')
    const { each, batches } = typeof middleware === 'function' ? { each: middleware } : checkedMiddlewares(middleware)
    if (each !== undefined) this.#middleware.push(each)
    if (batches !== undefined) this.#batchMiddleware.push(batches)
    return this
  }

  #add(work: Work): this {
    if (this.#running !== undefined) throw new TidemarkError('ALREADY_RUNNING', 'topics must be named before run() is called')
    for (const name of work.topics.names) {
      const isTaken = this.#works.some(({ topics }) => topics.names.includes(name))
      if (isTaken) throw new TidemarkError('INVALID_ARGUMENT', `topic '${name}' has a handler already`)
    }
    checkCommits(work, this.#options.commit)
    this.#works.push(work)
    return this
  }

  /**
   * Joins the group and works until `signal` aborts; resolves after the drain, the final commit and the leave, and
   * only if everything that was done is on record; with manual commits, everything whose commit was asked for.
   *
   * Rejects with `TidemarkError`: HANDLER_FAILED, HANDLER_STUCK, COMMIT_FAILED (with `partitions`),
   * OFFSET_OUT_OF_RANGE, LOG_TRUNCATED, NO_COMMITTED_OFFSET, START_AT_FAILED, UNREACHABLE (before the first success,
   * after `startTimeoutMs`), CLOSED, ALREADY_RUNNING, NOTHING_TO_DO, INVALID_OPTION (a handler that reads its own
   * dead-letter topic); and with Kafka's name of a refusal that no retry can fix, such as GROUP_AUTHORIZATION_FAILED or
   * FENCED_INSTANCE_ID.
   */
  async run(options: RunOptions = {}): Promise<void> {
    checkOptions<RunOptions>('run()', options, { signal: true })
    const signal = checkSignal(options.signal)
    if (this.#running !== undefined) throw new TidemarkError('ALREADY_RUNNING', 'run() was called before; create another consumer')
    if (this.#isClosed) throw closed()
    if (this.#works.length === 0) {
      throw new TidemarkError('NOTHING_TO_DO', 'no topic was named: call each(), batches() or messages() before run()')
    }
    checkDeadLetterCycles(this.#works)
    const emit = (event: ConsumerEvent): void => {
      this.#tally.see(event)
      this.#events.emit(event)
    }
    const works = this.#works.map((work) => this.#wrapped(work))
    const runner = new Runner(this.#kafka, this.#options, works, this.#pauses, emit, this.#tally)
    this.#runner = runner
    this.#running = runner.run(signal).finally(() => {
      this.#runner = undefined
      this.#events.close()
    })
    return await this.#running
  }

  /**
   * Reads on at another place of a partition that is assigned to this member; results of what was read before do not
   * count any more. Rejects with `TidemarkError`: INVALID_ARGUMENT, NOT_RUNNING, NOT_ASSIGNED, ABORTED (a later seek
   * of the partition overtook this one).
   */
  async seek(topic: string, partition: number, to: LogPlace): Promise<void> {
    this.#checkTopic(topic)
    checkPartition('the partition of seek()', partition)
    const place = checkPlace('the place of seek()', to)
    await this.#active().moves.seek(topic, partition, place)
  }

  /**
   * Starts no more records of these partitions, or of the whole topic; what was fetched is kept. A pause holds until
   * `resume`, for partitions that are assigned later too, and may be set before `run()`. Throws `TidemarkError`
   * INVALID_ARGUMENT for a topic that this consumer does not read, or what is not the number of a partition.
   */
  pause(topic: string, partitions?: readonly number[]): void {
    this.#setPaused('pause()', topic, partitions, true)
  }

  /** Takes a pause back. Throws `TidemarkError` INVALID_ARGUMENT, as `pause` does. */
  resume(topic: string, partitions?: readonly number[]): void {
    this.#setPaused('resume()', topic, partitions, false)
  }

  #setPaused(call: string, topic: string, partitions: readonly number[] | undefined, paused: boolean): void {
    this.#checkTopic(topic)
    if (partitions !== undefined) {
      if (!Array.isArray(partitions)) {
        throw new TidemarkError(
          'INVALID_ARGUMENT',
          `the partitions of ${call} are ${describe(partitions)}; they must be an array of numbers`,
        )
      }
      for (const partition of partitions) checkPartition(`a partition of ${call}`, partition)
    }
    this.#pauses.set(topic, partitions, paused)
    this.#runner?.feed.follow(this.#pauses, this.#runner.registry.all())
  }

  #wrapped(work: Work): Work {
    return work.kind === 'each'
      ? { ...work, handler: withMiddleware(this.#middleware, work.handler) }
      : { ...work, handler: withBatchMiddleware(this.#batchMiddleware, work.handler) }
  }

  /**
   * Handles records of a bounded range once more with the handler that this consumer has for the topic, and moves no
   * offset: a range of offsets, a span of time, or chosen keys. The consumer need not run, and may: what the group has
   * not committed yet is left to it, unless `to` says otherwise. `context.commit()` does nothing in a replay, and
   * `context.id` is the one that the record always has: what remembers ids knows it.
   *
   * ```ts
   * const { matched } = await consumer.replay('orders', { from: new Date('2026-11-01'), keys: ['a'], dryRun: true })
   * ```
   * A handler that fails is tried again as the topic's settings say. Rejects with `TidemarkError`: HANDLER_FAILED,
   * HANDLER_STUCK, DECODE_FAILED, ABORTED, CLOSED, INVALID_OPTION, INVALID_ARGUMENT, and as `read` does.
   */
  async replay(topic: string, options: ReplayOptions = {}): Promise<ReplayResult> {
    const resolved = resolveReplay(options, this.#options.isolation)
    this.#checkTopic(topic)
    const work = this.#routes.of(topic)!
    if (work.kind === 'each' && work.pull !== undefined) {
      throw new TidemarkError('INVALID_ARGUMENT', `topic '${topic}' is pulled by messages(), and has no handler to replay it with`)
    }
    if (work.store !== undefined) {
      const text = `topic '${topic}' has a store, in which its records are done exactly once: call seek() to have them done again`
      throw new TidemarkError('INVALID_ARGUMENT', text)
    }
    const { group, shutdownTimeoutMs } = this.#options
    if (this.#isClosed) throw closed()
    const replay = new Replay(this.#client, this.#kafka, { group, topic, work: this.#wrapped(work), shutdownTimeoutMs }, resolved)
    const run = replay.run()
    this.#replays.set(replay, run)
    return await run.finally(() => this.#replays.delete(replay))
  }

  get #routes(): Routes<Work> {
    return routesTo(this.#works, (work) => work)
  }

  #checkTopic(topic: string): void {
    checkSelects(this.#routes, topic)
  }

  /**
   * Commits what may be committed, of all assigned partitions, and resolves once it is on record; with manual commits
   * that is every record whose handler has settled. Rejects with `TidemarkError`: NOT_RUNNING, COMMIT_FENCED,
   * COMMIT_FAILED, ABORTED.
   */
  async commit(limits: Partial<CommitLimits> = {}): Promise<void> {
    const checked = commitLimits(limits, this.#options.commit.timeoutMs)
    await this.#active().commit(checked)
  }

  #active(): Runner {
    if (this.#runner !== undefined) return this.#runner
    throw new TidemarkError('NOT_RUNNING', `the consumer is not running${this.#running === undefined ? '; call run() first' : ' any more'}`)
  }

  /** Where every assigned partition stands. */
  positions(): Progress[] {
    return this.explain().map(({ because: _, ...progress }) => progress)
  }

  /** Like `positions`, with the reason why the commit is where it is. */
  explain(): Explanation[] {
    const runner = this.#runner
    return runner === undefined ? [] : [...runner.registry.all()].map((claim) => explain(claim, runner.feed.worker(claim)))
  }

  /**
   * How far behind every assigned partition is, in records and in time, what a crash would cost now, and what was done
   * since this consumer was made. Asks for the ends of the logs; if these are not told within `timeoutMs`, the last
   * known ones count. Rejects with `TidemarkError` INVALID_OPTION.
   */
  async metrics(options: MetricsOptions = {}): Promise<ConsumerMetrics> {
    const timeoutMs = metricsTimeout(options)
    const runner = this.#runner
    const partitions = runner === undefined ? [] : await partitionMetrics(runner, timeoutMs)
    return { group: this.group, ...this.#tally.totals, partitions }
  }

  /** @internal */
  static clockOf(consumer: Consumer): Clock {
    return consumer.#kafka.platform.clock
  }

  /** @internal */
  static isInHandler(consumer: Consumer): boolean {
    return consumer.#runner !== undefined && currentCall()?.run === consumer.#runner
  }

  /** The name of the group. */
  get group(): string {
    return this.#options.group
  }

  /** What happens, from now on; ends with the run. Any number of readers: each sees every event. */
  get events(): AsyncIterable<ConsumerEvent> {
    return this.#events
  }

  /**
   * Ends the run: drain, final commit, leave. Resolves when `run()` has settled, and leaves its error to the caller
   * of `run()`. After it nothing starts. May be called before `run()`, and more than once. Rejects with
   * CLOSE_IN_HANDLER in a call of a handler of this consumer that has not settled: it would wait for itself.
   */
  async close(options: CloseOptions = {}): Promise<void> {
    checkOptions<CloseOptions>('close()', options, { timeoutMs: true })
    const timeoutMs = durationOption('timeoutMs', options.timeoutMs ?? this.#options.shutdownTimeoutMs)
    checkOutside('close()', this)
    this.#isClosed = true
    this.#runner?.ending.stop(timeoutMs)
    for (const replay of this.#replays.keys()) replay.stop(closed())
    // Their callers have what they reject with.
    await Promise.allSettled([this.#running, ...this.#replays.values()])
    this.#events.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

const closed = (): TidemarkError => new TidemarkError('CLOSED', 'this consumer was closed')

function checkedMiddlewares(given: Middlewares): Middlewares {
  checkOptions<Middlewares>('use()', given, { each: true, batches: true })
  for (const [name, middleware] of Object.entries(given)) checkFunction(`the middleware '${name}' of use()`, middleware)
  return given
}

/** For what measures beside it: by which clock. Not exported from the package. */
export const clockOf = (consumer: Consumer): Clock => Consumer.clockOf(consumer)

/**
 * For what waits until a run has ended. Throws `TidemarkError` CLOSE_IN_HANDLER in a handler of the consumer. Not
 * exported from the package.
 */
export function checkOutside(call: string, consumer: Consumer): void {
  if (!Consumer.isInHandler(consumer)) return
  const text = `a handler cannot wait for ${call}, which waits for the handler; abort the signal of run() instead, or call ${call} elsewhere`
  throw new TidemarkError('CLOSE_IN_HANDLER', text)
}

/** Does no I/O yet: `run()` joins the group. Throws `TidemarkError` INVALID_OPTION. */
export const createConsumer = (kafka: Kafka, options: ConsumerOptions): Consumer => new Consumer(kafka, options)
