/**
 * One run of a consumer: puts the parts together. Claims come and go as the membership decides, records flow through
 * the feed to the workers, and what is done is committed. The files `on-*.ts` wire the events of one part to the
 * others.
 */
import type { KafkaHandle } from '@tidemark/client/internal'
import type { Clock } from '@tidemark/platform'
import type { Claim } from './claims/claim.ts'
import { Drain } from './claims/drain.ts'
import type { Poison } from './claims/guard.ts'
import { Guards, runName } from './claims/guards.ts'
import { Moves } from './claims/moves.ts'
import type { Pauses } from './claims/pauses.ts'
import { Placement } from './claims/placement.ts'
import { ClaimRegistry } from './claims/registry.ts'
import { Sweeper } from './claims/sweeper.ts'
import { Takeover } from './claims/takeover.ts'
import { Committer } from './commit/committer.ts'
import type { CommitLimits } from './commit/limits.ts'
import { finishUpTo } from './commit/tracker.ts'
import { Ending } from './ending.ts'
import type { ConsumerEvent } from './events.ts'
import { Feed } from './intake/feed.ts'
import { ClassicMember } from './membership/classic/member.ts'
import type { Membership } from './membership/membership.ts'
import { MissingTopics } from './membership/missing-topics.ts'
import { Subscription } from './membership/subscription.ts'
import { claimEffects, commitListener, moveListener, placementListener, sweepListener } from './on-claims.ts'
import { endingListener } from './on-ending.ts'
import { membershipListener, subscriptionListener } from './on-membership.ts'
import { workListener } from './on-work.ts'
import { committerOptions, fetcherOptions, memberOptions, type ResolvedOptions } from './options.ts'
import { Reports } from './reports.ts'
import type { RunParts } from './run-parts.ts'
import { lookUp } from './selection.ts'
import { Tally } from './tally.ts'
import { DeadLetters } from './work/dead-letters.ts'
import type { Work } from './work/work.ts'
import type { WorkerPool } from './work/workers/pool.ts'
import { workersFor } from './work/workers-for.ts'

export class Runner implements RunParts {
  readonly options: ResolvedOptions
  readonly cluster: KafkaHandle['cluster']
  readonly clock: Clock
  readonly emit: (event: ConsumerEvent) => void
  readonly reports: Reports
  readonly registry: ClaimRegistry
  readonly placement: Placement
  readonly moves: Moves
  readonly feed: Feed
  readonly drain: Drain
  readonly committer: Committer<Claim>
  readonly sweeper: Sweeper
  readonly deadLetters: DeadLetters
  readonly guards: Guards
  readonly poisonOf: (topic: string) => Poison | undefined
  readonly membership: Membership
  readonly subscription: Subscription
  readonly ending: Ending
  readonly tally: Tally
  readonly #missing: MissingTopics
  readonly #pools: readonly WorkerPool[]
  readonly #stopListening: readonly (() => void)[]

  constructor(
    kafka: KafkaHandle,
    options: ResolvedOptions,
    works: readonly Work[],
    pauses: Pauses,
    emit: (event: ConsumerEvent) => void,
    tally = new Tally(),
  ) {
    const { cluster, diagnostics, platform } = kafka
    const { clock, random } = platform
    const { requestTimeoutMs } = kafka.options
    this.options = options
    this.cluster = cluster
    this.clock = clock
    this.emit = emit
    this.tally = tally
    this.reports = new Reports(options.group, diagnostics, emit)
    this.ending = new Ending(clock, options.shutdownTimeoutMs, endingListener(this))
    this.registry = new ClaimRegistry(pauses, claimEffects(this))
    const identity = () => this.membership.identity
    const claims = () => this.registry.all()
    this.committer = new Committer(committerOptions(options, requestTimeoutMs), cluster, clock, identity, claims, commitListener(this))
    const storeOf = lookUp(works, (work) => (work.kind === 'claims' ? undefined : work.store))
    const takeover = new Takeover(storeOf, options.group, () => this.membership.identity.memberId)
    this.placement = new Placement(options, cluster, this, takeover, placementListener(this))
    this.moves = new Moves(this.registry, this.placement, cluster, options.outOfRange, moveListener(this))
    this.sweeper = new Sweeper(storeOf, options.commit.intervalMs, clock, claims, sweepListener(this))
    this.drain = new Drain(this.registry, clock, async (given, untilMs) => {
      await Promise.all([this.committer.settle(given, untilMs), this.sweeper.settle(given, untilMs)])
    })
    const record = (claim: Claim, notesVersion: number) => this.committer.commitNotes(claim, notesVersion)
    this.guards = new Guards(runName(random), clock, record, (claim) => this.feed.worker(claim).wake(claim))
    this.#pools = works.flatMap((work) => (work.kind === 'each' && work.pool !== undefined ? [work.pool] : []))
    this.poisonOf = lookUp(works, (work) => (work.kind === 'claims' ? undefined : work.poison))
    this.deadLetters = new DeadLetters(kafka, options.group)
    const workers = workersFor(works, workListener(this), clock, random)
    this.feed = new Feed(cluster, fetcherOptions(options), options, workers, (claim, problem) => this.moves.onProblem(claim, problem))
    const failed = (error: unknown) => this.ending.failWith(error)
    this.subscription = new Subscription(works, cluster, clock, options.topicsIntervalMs, subscriptionListener(this))
    const asMember = memberOptions(options, requestTimeoutMs, this.subscription)
    this.membership = new ClassicMember(asMember, cluster, clock, random, membershipListener(this))
    this.#missing = new MissingTopics(cluster, clock, this.subscription.named, (topic) => this.reports.topicMissing(topic), failed)
    this.#stopListening = [cluster.onChange(() => this.membership.clusterChanged()), cluster.onClose(failed)]
  }

  /** Resolves after drain, final commit and leave; rejects with what stopped the run, or with COMMIT_FAILED. */
  async run(signal: AbortSignal | undefined): Promise<void> {
    const stop = (): void => this.ending.stop()
    for (const pool of this.#pools) pool.open()
    signal?.addEventListener('abort', stop, { once: true })
    const found = this.subscription.start()
    if (found === undefined) this.membership.start()
    else void found.then(() => this.ending.isOver || this.membership.start())
    this.committer.start()
    this.sweeper.start()
    this.#missing.start()
    if (signal?.aborted) stop()
    try {
      await this.ending.wait()
    } finally {
      signal?.removeEventListener('abort', stop)
      const read = this.#close()
      await Promise.all([read, this.deadLetters.close(), ...this.#pools.map((pool) => pool.close())])
    }
  }

  /** Resolves once nothing is read any more. */
  async #close(): Promise<void> {
    this.committer.stop()
    this.sweeper.stop()
    this.#missing.stop()
    this.subscription.stop()
    for (const stopListening of this.#stopListening) stopListening()
    this.membership.close()
    this.placement.close()
    for (const owner of [this, this.committer]) this.cluster.release(owner)
    await this.feed.close(this.ending.leftMs)
  }

  /** A user's commit of everything that may be committed. */
  async commit(limits: CommitLimits): Promise<void> {
    const claims = [...this.registry.all()]
    if (this.options.commit.mode === 'manual') for (const { tracker } of claims) finishUpTo(tracker, tracker.next)
    await this.committer.commit(claims, limits)
  }
}
