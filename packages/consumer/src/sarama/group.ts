/**
 * Sarama's `ConsumerGroup`: `consume` takes part in one session, and returns when the group is rebalanced; called in a
 * loop, the member is in every session.
 *
 * The member stays in the group between two calls, as a Go program's does. The sessions of a group are eager: at every
 * rebalance every partition is given up, and every `consumeClaim` has to return.
 */
import type { Kafka } from '@tidemark/client'
import { handleOf, type KafkaHandle } from '@tidemark/client/internal'
import { checkFunction, checkName, checkOptions, checkSignal, describe, TidemarkError } from '@tidemark/platform'
import type { Claim } from '../claims/claim.ts'
import { Pauses } from '../claims/pauses.ts'
import { commitLimits } from '../commit/limits.ts'
import type { ConsumerEvent } from '../events.ts'
import { type ResolvedOptions, resolveOptions } from '../options.ts'
import { Runner } from '../runner.ts'
import { selectionOf } from '../selection.ts'
import type { ByClaim } from '../work/by-claim.ts'
import { type Config, resolveConfig } from './config.ts'
import { ErrorStream } from './errors.ts'
import { type ConsumerGroupHandler, Session } from './session.ts'

export interface ConsumeOptions {
  /** Ends the session, and the call: Sarama's context. The member stays in the group until `close()`. */
  readonly signal?: AbortSignal
}

/** Partitions by topic. */
export type Partitions = Readonly<Record<string, readonly number[]>>

export class ConsumerGroup {
  readonly #kafka: KafkaHandle
  readonly #options: ResolvedOptions
  readonly #unmarkedMax: number
  readonly #errors = new ErrorStream()
  readonly #pauses = new Pauses()
  #topics: readonly string[] = []
  #runner: Runner | undefined
  #run: Promise<void> | undefined
  /** What ended the last run. */
  #failure: { readonly error: unknown } | undefined
  #session: Session | undefined
  #generation = -1
  /** The partitions were in a session that has ended: they come into the next one with the next generation. */
  #isSpent = false
  #isConsuming = false
  #isClosed = false
  #wake = (): void => {}

  constructor(kafka: Kafka, groupId: string, config: Config) {
    const { options, unmarkedMax } = resolveConfig(groupId, config)
    this.#kafka = handleOf(kafka)
    this.#options = resolveOptions(options)
    this.#unmarkedMax = unmarkedMax
  }

  /**
   * What goes wrong and is worked around, and what `consumeClaim` throws. The newest thousand are kept for a reader.
   * Ends with `close()`.
   */
  errors(): AsyncIterableIterator<Error, undefined> {
    return this.#errors
  }

  /**
   * Joins the group, unless it has, and takes part in one session: `setup`, `consumeClaim` for each partition,
   * `cleanup`. Returns when the session has ended: after a rebalance, when a `consumeClaim` returned, when `signal`
   * aborts, or after `close()`.
   *
   * Rejects with `TidemarkError` CLOSED, ALREADY_RUNNING, INVALID_ARGUMENT, with what `setup` or `cleanup` threw, and
   * as `Consumer.run` does; the next call begins anew.
   */
  async consume(topics: readonly string[], handler: ConsumerGroupHandler, options: ConsumeOptions = {}): Promise<void> {
    const names = checkedTopics(topics)
    checkFunction('consumeClaim of the handler', handler?.consumeClaim)
    checkOptions<ConsumeOptions>('consume()', options, { signal: true })
    const signal = checkSignal(options.signal)
    if (this.#isClosed) throw new TidemarkError('CLOSED', 'this consumer group was closed')
    if (this.#isConsuming) throw new TidemarkError('ALREADY_RUNNING', 'consume() was called before, and has not returned')
    this.#isConsuming = true
    const ended = (): void => {
      this.#session?.end()
      this.#wake()
    }
    signal?.addEventListener('abort', ended, { once: true })
    try {
      await this.#join(names)
      await this.#sessionCanBegin(signal)
      if (!signal?.aborted && this.#runner !== undefined) await this.#inSession(handler)
    } finally {
      signal?.removeEventListener('abort', ended)
      this.#isConsuming = false
    }
  }

  /** Leaves the group after the session has ended and what is marked is committed. Rejects as `Consumer.run` does. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#runner?.ending.stop()
    await this.#run
    this.#errors.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** No more messages of these partitions are handed out, until `resume`. */
  pause(partitions: Partitions): void {
    this.#setPaused(partitions, true)
  }

  resume(partitions: Partitions): void {
    this.#setPaused(partitions, false)
  }

  #setPaused(partitions: Partitions, isPaused: boolean): void {
    for (const [topic, numbers] of Object.entries(partitions)) this.#pauses.set(topic, numbers, isPaused)
    this.#runner?.feed.follow(this.#pauses, this.#runner.registry.all())
  }

  /** A run goes on from call to call, while the topics stay the same. */
  async #join(topics: readonly string[]): Promise<void> {
    if (this.#runner !== undefined && this.#topics.join('\n') !== topics.join('\n')) {
      this.#runner.ending.stop()
      await this.#run
    }
    if (this.#runner !== undefined) return
    this.#topics = topics
    this.#failure = undefined
    this.#isSpent = false
    const work = {
      kind: 'claims',
      topics: selectionOf(topics),
      unmarkedMax: this.#unmarkedMax,
      tooManyUnmarked: ({ claim }: { claim: Claim }) => this.#tooManyUnmarked(claim),
      dropped: (claim: Claim) => {
        if (this.#session?.has(claim)) this.#session.end()
      },
    } as const
    const runner = new Runner(this.#kafka, this.#options, [work], this.#pauses, (event) => this.#saw(event))
    this.#runner = runner
    this.#run = runner.run(undefined)
    const over = (failure: { readonly error: unknown } | undefined): void => {
      this.#failure = failure
      this.#runner = undefined
      this.#wake()
    }
    this.#run.then(
      () => over(undefined),
      (error) => over({ error }),
    )
  }

  #saw(event: ConsumerEvent): void {
    switch (event.kind) {
      case 'joined':
        this.#generation = event.generation
        this.#isSpent = false
        return
      case 'assigned':
        return this.#wake()
      case 'requestFailed':
      case 'commitRefused':
        return this.#errors.push(event.error)
      case 'topicMissing':
        return this.#errors.push(new TidemarkError('UNKNOWN_TOPIC', `topic '${event.topic}' does not exist`, { topic: event.topic }))
    }
  }

  async #sessionCanBegin(signal: AbortSignal | undefined): Promise<void> {
    while (!this.#canBegin) {
      if (this.#failure !== undefined) throw this.#failure.error
      if (this.#runner === undefined || signal?.aborted) return
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  /** Every partition of this generation has its place in the log. */
  get #canBegin(): boolean {
    const claims = [...(this.#runner?.registry.all() ?? [])]
    return !this.#isSpent && claims.length > 0 && claims.every(({ phase }) => phase === 'working')
  }

  async #inSession(handler: ConsumerGroupHandler): Promise<void> {
    const runner = this.#runner!
    const claims = [...runner.registry.all()]
    const streams = claims.map((claim) => (runner.feed.worker(claim) as ByClaim).stream(claim))
    this.#isSpent = true
    this.#session = new Session(streams, handler, {
      memberId: runner.membership.identity.memberId,
      generation: this.#generation,
      commit: async (limits) => {
        if (this.#runner !== runner) throw new TidemarkError('NOT_RUNNING', 'the group is not running any more')
        await runner.commit(commitLimits(limits, this.#options.commit.timeoutMs))
      },
      consumeClaimFailed: ({ topic, partition }, cause) => this.#errors.push(claimFailed(topic, partition, cause)),
      released: (claim) => runner.drain.changed(claim),
    })
    try {
      await this.#session.run()
    } finally {
      this.#session = undefined
      if (claims.some(({ phase }) => phase === 'working')) {
        await this.#commitMarks(runner)
        // Nobody has taken the partitions: their messages come again in a session of the next generation.
        runner.membership.subscriptionChanged()
      }
    }
  }

  /**
   * At the end of a session, as Sarama does (`offsetManager.Close`); where a partition is given up, its drain commits.
   */
  async #commitMarks(runner: Runner): Promise<void> {
    const { mode, timeoutMs } = this.#options.commit
    if (mode === 'manual' || this.#runner !== runner) return
    try {
      await runner.commit({ timeoutMs })
    } catch (error) {
      if (!(error instanceof TidemarkError)) throw error
      this.#errors.push(error)
    }
  }

  #tooManyUnmarked({ topic, partition }: Claim): void {
    const text = `${this.#unmarkedMax} messages of ${topic}-${partition} are not marked (unmarkedMax): no more are handed out until some are`
    this.#errors.push(new TidemarkError('BUFFER_FULL', text, { topic, partition }))
  }
}

function claimFailed(topic: string, partition: number, cause: unknown): TidemarkError {
  const text = `consumeClaim failed for ${topic}-${partition}, and its session ends: ${cause instanceof Error ? cause.message : describe(cause)}`
  return new TidemarkError('HANDLER_FAILED', text, { topic, partition, cause })
}

function checkedTopics(topics: unknown): readonly string[] {
  if (!Array.isArray(topics) || topics.length === 0) {
    throw new TidemarkError('INVALID_ARGUMENT', `the topics of consume() are ${describe(topics)}; they must be an array of names`)
  }
  return topics.map((topic) => checkName('a topic of consume()', topic))
}

/** Does no I/O yet: `consume` joins. Throws `TidemarkError` INVALID_OPTION. */
export const newConsumerGroup = (kafka: Kafka, groupId: string, config: Config = {}): ConsumerGroup =>
  new ConsumerGroup(kafka, groupId, config)
