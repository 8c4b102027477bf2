/**
 * One consumer at work: claims come and go as the group decides, records flow from the fetcher to the workers, and what is done is
 * committed.
 *
 * Everything that changes a claim is here, and synchronous: a claim ends in the turn in which its end was decided.
 */

import type { Kafka, Message } from '@tidemark/client'
import { type Delivery, Fetcher, type FetchProblem, handleOf, type NextPosition } from '@tidemark/client/internal'
import { type Clock, TidemarkError } from '@tidemark/platform'
import type { ConsumerEvent } from '../events.ts'
import { Intake } from '../fetch/intake.ts'
import { isPassing, type OffsetsAt, type Place, startPositions } from '../fetch/start-positions.ts'
import type { Outcomes, Worker } from '../handle/work.ts'
import type { TopicPartition } from '../membership/assignors/assignor.ts'
import { Member, type MemberListener } from '../membership/member.ts'
import type { ResolvedOptions } from '../options.ts'
import { type Claim, claim, type EndReason, end, identify, isAlive, keyOf, mayStart } from '../state/claims.ts'
import { type CompletionMap, readCompletionMap } from '../state/finished.ts'
import { committable, enter, reach, type Tracker, tracker, wasCompleted } from '../state/tracker.ts'
import { Committer } from './committer.ts'
import { MissingTopics } from './missing-topics.ts'

/** Draining ends so long before the rebalance time-out: for the last commit and the way of the JoinGroup. */
const marginOf = (timeoutMs: number): number => Math.min(5_000, timeoutMs / 5)
const RETRY_DELAY_MS = 100

export class Runner implements MemberListener, Outcomes {
  readonly mode: Outcomes['mode']
  readonly #options: ResolvedOptions
  readonly #kafka: Kafka
  readonly #clock: Clock
  readonly #offsetsAt: OffsetsAt
  readonly #emit: (event: ConsumerEvent) => void
  readonly #workers = new Map<string, Worker>()
  readonly #claims = new Map<string, Claim>()
  readonly #intakes = new Map<Claim, Intake>()
  readonly #fetcher: Fetcher<Claim>
  readonly #member: Member
  readonly #committer: Committer
  readonly #drained = new Map<Claim, () => void>()
  readonly #stopListening: () => void
  readonly #missing: MissingTopics
  #nextClaim = 1
  #failure: unknown
  #finish!: () => void
  readonly #finished = new Promise<void>((resolve) => {
    this.#finish = resolve
  })

  constructor(
    options: ResolvedOptions,
    kafka: Kafka,
    topics: readonly string[],
    offsetsAt: OffsetsAt,
    emit: (event: ConsumerEvent) => void,
  ) {
    const { platform, cluster } = handleOf(kafka)
    this.mode = options.mode
    this.#options = options
    this.#kafka = kafka
    this.#clock = platform.clock
    this.#offsetsAt = offsetsAt
    this.#emit = emit
    const requestTimeoutMs = handleOf(kafka).options.requestTimeoutMs
    this.#fetcher = new Fetcher(cluster, this, { bufferBytesMax: options.bufferBytesMax })
    this.#member = new Member({ ...options, topics, requestTimeoutMs }, cluster, platform.clock, platform.random, this)
    this.#committer = new Committer(
      {
        group: options.group,
        intervalMs: options.commitIntervalMs,
        recordsMax: options.commitRecordsMax,
        requestTimeoutMs: Math.min(requestTimeoutMs, options.sessionTimeoutMs),
        retryDelayMs: RETRY_DELAY_MS,
      },
      cluster,
      platform.clock,
      this.#member,
      () => this.#claims.values(),
      {
        committed: (c, offset) => emit({ kind: 'committed', topic: c.topic, partition: c.partition, offset }),
        refused: (c, offset, error) => emit({ kind: 'commitRefused', topic: c.topic, partition: c.partition, offset, error }),
      },
    )
    this.#stopListening = cluster.onChange(() => this.#member.clusterChanged())
    this.#missing = new MissingTopics(cluster, platform.clock, topics)
  }

  setWorker(topic: string, worker: Worker): void {
    this.#workers.set(topic, worker)
  }

  /** Resolves after the drain, the final commit and the leave; rejects with what stopped the consumer. */
  async run(signal: AbortSignal | undefined): Promise<void> {
    const stop = (): void => this.#member.stop()
    signal?.addEventListener('abort', stop, { once: true })
    this.#member.start()
    this.#committer.start()
    this.#missing.start()
    if (signal?.aborted) stop()
    try {
      await this.#finished
    } finally {
      signal?.removeEventListener('abort', stop)
      this.#committer.stop()
      this.#missing.stop()
      this.#stopListening()
      this.#fetcher.close()
      for (const owner of [this.#member, this.#committer]) handleOf(this.#kafka).cluster.release(owner)
    }
    if (this.#failure !== undefined) throw this.#failure
  }

  stop(): void {
    this.#member.stop()
  }

  // What the group decides ----------------------------------------------------------------------------

  joined(generation: number): void {
    this.#emit({ kind: 'joined', generation, memberId: this.#member.identity.memberId })
  }

  take(partitions: readonly TopicPartition[]): void {
    const fresh: Claim[] = []
    for (const { topic, partition } of partitions) {
      if (this.#claims.has(keyOf(topic, partition))) continue
      fresh.push(this.#newClaim(topic, partition))
    }
    if (fresh.length > 0) void this.#place(fresh)
  }

  async giveUp(partitions: readonly TopicPartition[], reason: 'revoked' | 'shutdown'): Promise<void> {
    const { rebalanceTimeoutMs, shutdownTimeoutMs } = this.#options
    const timeoutMs = reason === 'shutdown' ? shutdownTimeoutMs : rebalanceTimeoutMs
    const marginMs = marginOf(timeoutMs)
    const until = this.#clock.monotonic() + timeoutMs - marginMs
    const claims = this.#claimsOf(partitions)
    for (const c of claims) this.#startDrain(c)
    await Promise.all(claims.map((c) => this.#drainedBy(c, until)))
    for (const c of claims) c.controller?.abort(reason)
    await this.#committer.settle(claims, until + marginMs / 2)
    for (const c of claims) this.#end(c, reason)
  }

  lose(partitions: readonly TopicPartition[]): void {
    for (const c of this.#claimsOf(partitions)) this.#end(c, 'lost')
  }

  trusted(): void {
    for (const c of this.#claims.values()) this.#workers.get(c.topic)?.wake(c)
  }

  failed(error: TidemarkError): void {
    this.#failure ??= error
    this.#finish()
  }

  gone(): void {
    for (const c of [...this.#claims.values()]) this.#end(c, 'shutdown')
    this.#finish()
  }

  #claimsOf(partitions: readonly TopicPartition[]): Claim[] {
    return partitions.flatMap(({ topic, partition }) => this.#claims.get(keyOf(topic, partition)) ?? [])
  }

  #newClaim(topic: string, partition: number): Claim {
    const c = claim(this.#nextClaim++, topic, partition)
    identify(c, handleOf(this.#kafka).cluster.topic(topic)?.id)
    this.#claims.set(keyOf(topic, partition), c)
    return c
  }

  #startDrain(c: Claim): void {
    if (c.phase === 'placing') return this.#end(c, 'revoked')
    c.phase = 'draining'
    this.#stopFeeding(c)
  }

  #stopFeeding(c: Claim): void {
    this.#fetcher.remove(c)
    this.#workers.get(c.topic)?.drop(c)
    this.#intakes.get(c)?.releaseAll()
    this.#intakes.delete(c)
  }

  /** Resolves when no handler of the claim runs, when the claim is dead, or at `until`. */
  #drainedBy(c: Claim, until: number): Promise<void> {
    if (c.running === 0 || !isAlive(c)) return Promise.resolve()
    return new Promise((resolve) => {
      const timer = this.#clock.schedule(until - this.#clock.monotonic(), () => finish())
      const finish = (): void => {
        timer.cancel()
        this.#drained.delete(c)
        resolve()
      }
      this.#drained.set(c, finish)
    })
  }

  #end(c: Claim, reason: EndReason): void {
    if (!isAlive(c)) return
    this.#stopFeeding(c)
    end(c, reason)
    if (this.#claims.get(keyOf(c.topic, c.partition)) === c) this.#claims.delete(keyOf(c.topic, c.partition))
    this.#drained.get(c)?.()
    this.#emit({ kind: 'ended', topic: c.topic, partition: c.partition, reason })
  }

  // Where claims begin --------------------------------------------------------------------------------

  async #place(claims: readonly Claim[]): Promise<void> {
    const { group, startFrom } = this.#options
    for (;;) {
      const living = claims.filter((c) => c.phase === 'placing')
      if (living.length === 0) return
      try {
        // A member that does not lead may never have asked for the topic until now.
        const topics = await handleOf(this.#kafka).cluster.topics([...new Set(living.map((c) => c.topic))])
        for (const c of living) identify(c, topics.get(c.topic)?.id)
        const places = await startPositions(handleOf(this.#kafka).cluster, this.#member, group, living, startFrom, this.#offsetsAt)
        for (const [c, place] of places) if (c.phase === 'placing') this.#begin(c, place)
        return
      } catch (error) {
        if (!isPassing(error)) return this.#stopWith(error)
        await new Promise<void>((resolve) => this.#clock.schedule(RETRY_DELAY_MS, resolve))
      }
    }
  }

  #begin(c: Claim, place: Place): void {
    c.tracker = tracker(place.offset, finishedBefore(c, place))
    c.committed = place.committed
    c.leaderEpoch = place.leaderEpoch
    c.phase = 'working'
    this.#intakes.set(c, new Intake(c, this.#options))
    this.#fetcher.add(c, place, c)
    if (c.pausedByUser) this.#fetcher.pause(c)
    this.#emit({ kind: 'assigned', topic: c.topic, partition: c.partition, position: place.offset, committed: place.committed })
  }

  /** Reads on elsewhere: what was read and is not done belongs to a claim that is dead now. */
  async seek(topic: string, partition: number, to: number | 'earliest' | 'latest' | Date): Promise<void> {
    const old = this.#owned(topic, partition)
    const offset = typeof to === 'number' ? to : (await this.#offsetsAt([old], to)).get(keyOf(topic, partition))!
    if (!isAlive(old)) this.#owned(topic, partition)
    this.#replace(old, offset)
  }

  #replace(old: Claim, offset: number): void {
    if (!isAlive(old)) return
    this.#end(old, 'revoked')
    const fresh = this.#newClaim(old.topic, old.partition)
    fresh.pausedByUser = old.pausedByUser
    fresh.finishedOnRecord = undefined // what the last commit called done may be wanted once more
    this.#begin(fresh, { offset, leaderEpoch: -1, committed: old.committed, metadata: '' })
  }

  pause(topic: string, partitions: readonly number[] | undefined): void {
    for (const c of this.#chosen(topic, partitions)) {
      c.pausedByUser = true
      this.#fetcher.pause(c)
    }
  }

  resume(topic: string, partitions: readonly number[] | undefined): void {
    for (const c of this.#chosen(topic, partitions)) {
      c.pausedByUser = false
      if (this.#intakes.get(c)?.full === false) this.#fetcher.resume(c)
      this.#workers.get(c.topic)?.wake(c)
    }
  }

  #chosen(topic: string, partitions: readonly number[] | undefined): Claim[] {
    return [...this.#claims.values()].filter((c) => c.topic === topic && (partitions === undefined || partitions.includes(c.partition)))
  }

  #owned(topic: string, partition: number): Claim {
    const c = this.#claims.get(keyOf(topic, partition))
    if (c !== undefined && c.phase !== 'draining') return c
    throw new TidemarkError('NOT_ASSIGNED', `${topic}-${partition} is not assigned to this member now`, { topic, partition })
  }

  /** Every claim with the worker that serves it. */
  *claims(): Generator<{ readonly claim: Claim; readonly worker: Worker }> {
    for (const c of this.#claims.values()) yield { claim: c, worker: this.#workers.get(c.topic)! }
  }

  // Records in ----------------------------------------------------------------------------------------

  onRecords(c: Claim, messages: readonly Message[], next: NextPosition, delivery: Delivery): void {
    const intake = this.#intakes.get(c)
    if (c.phase !== 'working' || intake === undefined) return delivery.release()
    const first = c.tracker.next
    const open = enterOpen(c.tracker, messages)
    reach(c.tracker, next.offset)
    c.leaderEpoch = next.leaderEpoch
    intake.took(open.length, delivery)
    if (open.length > 0) this.#workers.get(c.topic)!.enter(c, open, first)
    this.#regulate(c)
  }

  onProblem(c: Claim, problem: FetchProblem): void {
    if (!isAlive(c)) return
    const { outOfRange } = this.#options
    if (problem.kind === 'replaced' && outOfRange === 'fail') this.#end(c, 'lost') // its offsets mean nothing in the new topic
    if (problem.kind === 'failed' || outOfRange === 'fail') return this.#stopWith(problem.error)
    const offset = committable(c.tracker)
    void this.#offsetsAt([c], outOfRange)
      .then((offsets) => {
        const movedTo = offsets.get(keyOf(c.topic, c.partition))!
        this.#emit({ kind: 'outOfRange', topic: c.topic, partition: c.partition, offset, movedTo })
        this.#replace(c, movedTo)
      })
      .catch((error) => this.#stopWith(error))
  }

  #regulate(c: Claim): void {
    const intake = this.#intakes.get(c)
    if (intake === undefined) return
    const open = intake.update(this.#workers.get(c.topic)!.waiting(c))
    if (open !== intake.full) return
    intake.full = !open
    if (intake.full) this.#fetcher.pause(c)
    else if (!c.pausedByUser) this.#fetcher.resume(c)
  }

  // Outcomes ------------------------------------------------------------------------------------------

  mayStart(c: Claim): boolean {
    return mayStart(c) && !this.#member.doubtful
  }

  settled(c: Claim): void {
    if (!isAlive(c)) return
    this.#committer.count()
    if (c.phase === 'working') this.#regulate(c)
    else if (c.running === 0) this.#drained.get(c)?.()
  }

  retrying(c: Claim, offset: number, attempt: number, delayMs: number, error: unknown): void {
    this.#emit({ kind: 'retrying', topic: c.topic, partition: c.partition, offset, attempt, delayMs, error })
  }

  skipped(c: Claim, offset: number, why: unknown): void {
    this.#emit({ kind: 'skipped', topic: c.topic, partition: c.partition, offset, why })
  }

  stopped(c: Claim, offset: number, error: unknown): void {
    const { topic, partition } = c
    this.#emit({ kind: 'stopped', topic, partition, offset, error })
    const why = error instanceof Error ? error.message : String(error)
    const text = `the handler failed for ${topic}-${partition} at offset ${offset} and its attempts are exhausted: ${why}`
    this.#stopWith(new TidemarkError('HANDLER_FAILED', text, { topic, partition, offset, cause: error }))
  }

  flush(): Promise<void> {
    return this.#committer.flush()
  }

  /** The others drain and commit; then `run` rejects with this. */
  #stopWith(error: unknown): void {
    this.#failure ??= error
    this.#member.stop()
  }
}

/** Enters what was not done before this claim began, and returns it. */
function enterOpen(t: Tracker, messages: readonly Message[]): readonly Message[] {
  const open = t.before === undefined ? messages : messages.filter((m) => !wasCompleted(t, m.offset, m.leaderEpoch))
  for (const message of open) enter(t, message.offset)
  return open
}

/** What the commit at which a claim begins says of the records above it: if it was made for this topic and this very offset. */
function finishedBefore(c: Claim, { offset, metadata }: Place): CompletionMap | undefined {
  const finished = readCompletionMap(metadata)
  return c.topicUuid !== undefined && finished?.topicId === c.topicId && finished.base === offset ? finished : undefined
}
