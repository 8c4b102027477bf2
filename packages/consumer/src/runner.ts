/**
 * One run of a consumer: puts the parts together. Claims come and go as the membership decides, records flow through the feed to the
 * workers, and what is done is committed.
 *
 * It resolves only if everything that was done is on record (decision 18).
 */
import type { AsyncLocalStorage } from 'node:async_hooks'
import type { FetcherOptions, KafkaHandle } from '@tidemark/client/internal'
import { type Clock, TidemarkError, type TidemarkErrorCode, type Timer } from '@tidemark/platform'
import type { Claim, EndReason } from './claims/claim.ts'
import { Drain, type DrainDeadline, deadlineAt, earlier } from './claims/drain.ts'
import { Moves } from './claims/moves.ts'
import type { Pauses } from './claims/pauses.ts'
import { Placement } from './claims/placement.ts'
import { ClaimRegistry, type StartPosition } from './claims/registry.ts'
import { type CommitLimits, Committer, commitFailed } from './commit/committer.ts'
import type { PlannedCommit } from './commit/plan.ts'
import { finishUpTo } from './commit/tracker.ts'
import type { ConsumerEvent } from './events.ts'
import { mayPass } from './failures.ts'
import { Feed } from './intake/feed.ts'
import { ClassicMember } from './membership/classic/member.ts'
import type { Membership } from './membership/membership.ts'
import { MissingTopics } from './membership/missing-topics.ts'
import { membershipListener } from './on-membership.ts'
import { workListener } from './on-work.ts'
import type { ResolvedOptions } from './options.ts'
import { Reports } from './reports.ts'
import type { RunParts } from './run-parts.ts'
import { ByBatch } from './work/by-batch.ts'
import { ByOrder } from './work/by-order.ts'
import type { BatchWork, EachWork, Worker } from './work/work.ts'

const COMMIT_RETRY_DELAY_MS = 100

export class Runner implements RunParts {
  readonly options: ResolvedOptions
  readonly cluster: KafkaHandle['cluster']
  readonly clock: Clock
  readonly insideHandler: AsyncLocalStorage<object>
  readonly emit: (event: ConsumerEvent) => void
  readonly reports: Reports
  readonly registry: ClaimRegistry
  readonly placement: Placement
  readonly moves: Moves
  readonly feed: Feed
  readonly drain: Drain
  readonly committer: Committer<Claim>
  readonly membership: Membership
  readonly #missing: MissingTopics
  readonly #stopListening: readonly (() => void)[]
  readonly #finished = Promise.withResolvers<void>()
  #isStopping = false
  #isFinished = false
  #failure: unknown
  /** What was done for claims that ended while the run was stopping, and is not on record. */
  readonly #uncommitted: PlannedCommit<Claim>[] = []
  #stopLimit: { readonly atMs: number; readonly timer: Timer } | undefined

  constructor(
    kafka: KafkaHandle,
    options: ResolvedOptions,
    works: readonly (EachWork | BatchWork)[],
    pauses: Pauses,
    insideHandler: AsyncLocalStorage<object>,
    emit: (event: ConsumerEvent) => void,
  ) {
    const { clock, random } = kafka.platform
    const { requestTimeoutMs } = kafka.options
    const topics = works.map((work) => work.topic)
    const failing = (request: string, error: Parameters<Reports['failing']>[1], attempts: number) =>
      this.reports.failing(request, error, attempts)
    this.options = options
    this.cluster = kafka.cluster
    this.clock = clock
    this.insideHandler = insideHandler
    this.emit = emit
    this.reports = new Reports(options.group, kafka.diagnostics, emit)
    this.registry = new ClaimRegistry(pauses, {
      began: (claim, position) => this.feed.begin(claim, position),
      stopped: (claim) => this.feed.stop(claim),
      ended: (claim, reason) => this.#ended(claim, reason),
    })
    this.committer = new Committer(
      {
        ...options.commit,
        group: options.group,
        automatic: options.commit.mode !== 'manual',
        requestTimeoutMs: Math.min(requestTimeoutMs, options.sessionTimeoutMs),
        retryDelayMs: COMMIT_RETRY_DELAY_MS,
      },
      kafka.cluster,
      clock,
      () => this.membership.identity,
      () => this.registry.all(),
      {
        committed: ({ topic, partition }, offset) => emit({ kind: 'committed', topic, partition, offset }),
        refused: ({ topic, partition }, offset, error) => emit({ kind: 'commitRefused', topic, partition, offset, error }),
        memberRefused: (error, generation) => this.membership.refused(error, generation),
        failing: (error, attempts) => failing('OffsetCommit', error, attempts),
        failed: (error) => this.stopWith(error),
      },
    )
    this.placement = new Placement(options, kafka.cluster, this, {
      placed: (claim, position) => this.#placed(claim, position),
      failing,
      failed: (error) => this.stopWith(error),
    })
    this.moves = new Moves(this.registry, this.placement, kafka.cluster, options.outOfRange, {
      seeked: ({ topic, partition }, from, to) => emit({ kind: 'seeked', topic, partition, from, to }),
      outOfRange: ({ topic, partition }, offset, movedTo) => emit({ kind: 'outOfRange', topic, partition, offset, movedTo }),
      truncated: ({ topic, partition }, offset, movedTo) => emit({ kind: 'truncated', topic, partition, offset, movedTo }),
      failed: (error) => this.stopWith(error),
    })
    this.drain = new Drain(this.registry, clock, (claims, untilMs) => this.committer.settle(claims, untilMs))
    const listener = workListener(this)
    const workers = new Map<string, Worker>()
    for (const work of works) {
      workers.set(
        work.topic,
        work.kind === 'each' ? new ByOrder(work, listener, clock, random) : new ByBatch(work, listener, clock, random),
      )
    }
    this.feed = new Feed(kafka.cluster, fetcherOptions(options), options, workers, (claim, problem) => this.moves.onProblem(claim, problem))
    this.membership = new ClassicMember({ ...options, topics, requestTimeoutMs }, kafka.cluster, clock, random, membershipListener(this))
    this.#missing = new MissingTopics(
      kafka.cluster,
      clock,
      topics,
      (topic) => this.reports.topicMissing(topic),
      (error) => this.failWith(error),
    )
    this.#stopListening = [
      kafka.cluster.onChange(() => this.membership.clusterChanged()),
      kafka.cluster.onClose((error) => this.failWith(error)),
    ]
  }

  /** Resolves after the drain, the final commit and the leave; rejects with what stopped the run, or with COMMIT_FAILED. */
  async run(signal: AbortSignal | undefined): Promise<void> {
    const stop = (): void => this.stop()
    signal?.addEventListener('abort', stop, { once: true })
    this.membership.start()
    this.committer.start()
    this.#missing.start()
    if (signal?.aborted) stop()
    try {
      await this.#finished.promise
    } finally {
      signal?.removeEventListener('abort', stop)
      this.#close()
    }
    const error = this.#outcome()
    if (error !== undefined) throw error
  }

  /** What the run rejects with: what stopped it, unless that only kept what was done from being committed. */
  #outcome(): unknown {
    const failure = this.#failure
    const isOfRequests = failure === undefined || mayPass(failure) || hasCode(failure, 'CLOSED') || hasCode(failure, 'COMMIT_FAILED')
    if (this.#uncommitted.length === 0 || !isOfRequests) return failure
    return commitFailed(this.#uncommitted, hasCode(failure, 'COMMIT_FAILED') ? (failure as Error).cause : failure)
  }

  #close(): void {
    this.#stopLimit?.timer.cancel()
    this.committer.stop()
    this.#missing.stop()
    for (const stopListening of this.#stopListening) stopListening()
    this.membership.close()
    this.placement.close()
    this.feed.close()
    for (const owner of [this, this.committer]) this.cluster.release(owner)
  }

  /** Drain, final commit, leave; all of it within `timeoutMs`. A second call can only shorten the time. */
  stop(timeoutMs = this.options.shutdownTimeoutMs): void {
    if (this.#isFinished) return
    this.#isStopping = true
    const atMs = this.clock.monotonic() + timeoutMs
    if (this.#stopLimit === undefined || atMs < this.#stopLimit.atMs) {
      this.#stopLimit?.timer.cancel()
      this.#stopLimit = { atMs, timer: this.clock.schedule(timeoutMs, () => this.failWith(undefined)) }
      this.drain.hasten(deadlineAt(atMs, timeoutMs))
    }
    this.membership.stop()
  }

  /** A user's commit of everything that may be committed. */
  async commit(limits: CommitLimits): Promise<void> {
    const claims = [...this.registry.all()]
    if (this.options.commit.mode === 'manual') for (const { tracker } of claims) finishUpTo(tracker, tracker.next)
    await this.committer.commit(claims, limits)
  }

  limited(deadline: DrainDeadline): DrainDeadline {
    if (this.#stopLimit === undefined) return deadline
    const leftMs = Math.max(0, this.#stopLimit.atMs - this.clock.monotonic())
    return earlier(deadline, deadlineAt(this.#stopLimit.atMs, leftMs))
  }

  stopWith(error: unknown): void {
    if (!this.#isFinished) this.#failure ??= error
    this.stop()
  }

  failWith(error: unknown): void {
    if (this.#isFinished) return
    this.#failure ??= error
    this.#isStopping = true
    this.finish()
  }

  finish(): void {
    if (this.#isFinished) return
    this.#isFinished = true
    for (const claim of [...this.registry.all()]) this.registry.end(claim, 'shutdown')
    this.#finished.resolve()
  }

  #placed(claim: Claim, position: StartPosition): void {
    if (!this.registry.begin(claim, position)) return
    const { topic, partition } = claim
    this.emit({ kind: 'assigned', topic, partition, position: position.offset, committed: position.committed })
  }

  #ended(claim: Claim, reason: EndReason): void {
    this.drain.changed(claim)
    if (reason === 'seek') return
    const { topic, partition } = claim
    const unrecorded = this.committer.unrecorded(claim)
    const uncommittedFrom = unrecorded && (claim.committed ?? claim.start)
    this.emit({ kind: 'ended', topic, partition, reason, uncommittedFrom })
    if (unrecorded === undefined) return
    if (this.#isStopping) this.#uncommitted.push(unrecorded)
    const text = `${topic}-${partition} was ${reason === 'lost' ? 'lost' : 'given up'} before all that is done was committed: it will be handled again from offset ${uncommittedFrom} on`
    this.reports.warning(`uncommitted ${topic}-${partition}`, text)
  }
}

function fetcherOptions(options: ResolvedOptions): FetcherOptions {
  const { isolation, rack, fetchWaitMaxMs, fetchBytesMin, fetchBytesMax, partitionBytesMax, bufferBytesMax } = options
  return {
    isolation,
    waitMaxMs: fetchWaitMaxMs,
    bytesMin: fetchBytesMin,
    bytesMax: fetchBytesMax,
    partitionBytesMax,
    bufferBytesMax,
    ...(rack !== undefined && { rack }),
  }
}

const hasCode = (error: unknown, code: TidemarkErrorCode): boolean => error instanceof TidemarkError && error.code === code
