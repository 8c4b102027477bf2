/**
 * Records from the fetcher to the workers: begins and stops fetching for claims, pauses it at the limits, and hands
 * records over.
 *
 * Invariant: records reach a worker only for a working claim; each delivery is released exactly once, whatever
 * becomes of the claim.
 */
import {
  type Cluster,
  type Delivery,
  type FetchedMessage,
  Fetcher,
  type FetcherOptions,
  type FetchOwner,
  type FetchProblem,
  type NextPosition,
} from '@tidemark/client/internal'
import type { Clock, Timer } from '@tidemark/platform'
import type { Claim } from '../claims/claim.ts'
import type { Pauses } from '../claims/pauses.ts'
import type { StartPosition } from '../claims/registry.ts'
import { enter, keepNotes, reach, type Ticket, type Tracker, wasCompleted } from '../commit/tracker.ts'
import type { Routes } from '../selection.ts'
import type { Worker } from '../work/work.ts'
import { Intake, type IntakeLimits } from './intake.ts'

/**
 * Where memory is short, or a claim stands still of which no record that waits can start, records are copied out that
 * have waited for so long.
 */
const COPY_AFTER_MS = 500
/** Later if that claim goes on: the records of one slow key keep all others from being fetched. */
const COPY_FOR_SLOW_AFTER_MS = 5_000
/** Sooner if the claim has stood still for so long, though the worker could start others. */
const COPY_FOR_HUNGRY_AFTER_MS = 50

export class Feed implements FetchOwner<Claim> {
  readonly #fetcher: Fetcher<Claim>
  readonly #limits: IntakeLimits
  readonly #workers: Routes<Worker>
  readonly #onProblem: (claim: Claim, problem: FetchProblem) => void
  readonly #clock: Clock
  readonly #intakes = new Map<Claim, Intake>()
  #crowdedTimer: Timer | undefined
  /** Claims of which a record pauses before it is tried again, and when they are looked at. */
  readonly #pausing = new Set<Claim>()
  #pausingTimer: Timer | undefined

  constructor(
    cluster: Cluster,
    options: FetcherOptions,
    limits: IntakeLimits,
    workers: Routes<Worker>,
    onProblem: (claim: Claim, problem: FetchProblem) => void,
  ) {
    this.#fetcher = new Fetcher(cluster, this, options)
    this.#clock = cluster.options.platform.clock
    this.#limits = limits
    this.#workers = workers
    this.#onProblem = onProblem
  }

  reads(topic: string): boolean {
    return this.#workers.of(topic) !== undefined
  }

  worker(claim: Claim): Worker {
    return this.#workers.of(claim.topic)!
  }

  /** Records are wanted from this position on. */
  begin(claim: Claim, position: StartPosition): void {
    this.#intakes.set(claim, new Intake(claim, this.#limits))
    const { offset, leaderEpoch } = position
    this.#fetcher.add(claim, { offset, leaderEpoch, topicId: claim.topicUuid }, claim)
    if (claim.paused) this.#fetcher.pause(claim)
  }

  /** No more records are wanted, and those that wait are forgotten. */
  stop(claim: Claim): void {
    this.#fetcher.remove(claim)
    const running = this.worker(claim).drop(claim)
    const intake = this.#intakes.get(claim)
    intake?.keepOnly(running)
    if (intake?.isEmpty) this.#intakes.delete(claim)
  }

  /** What a user has paused or resumed takes effect. */
  follow(pauses: Pauses, claims: Iterable<Claim>): void {
    for (const claim of claims) {
      const isPaused = pauses.has(claim.topic, claim.partition)
      if (isPaused !== claim.paused) this.#setPaused(claim, isPaused)
    }
  }

  #setPaused(claim: Claim, paused: boolean): void {
    claim.paused = paused
    const intake = this.#intakes.get(claim)
    if (intake === undefined) return
    if (paused) return this.#fetcher.pause(claim)
    if (!intake.isFull) this.#fetcher.resume(claim)
    this.worker(claim).wake(claim)
  }

  /** The claim is finished with these records. */
  closed(claim: Claim, ticket: Ticket, count: number): void {
    const intake = this.#intakes.get(claim)
    intake?.closed(ticket, count)
    if (intake?.isEmpty && claim.phase !== 'working') this.#intakes.delete(claim)
  }

  /** How long ago the claim's oldest record that is not done was fetched; 0: there is none. */
  heldForMs(claim: Claim): number {
    const { first, next } = claim.tracker
    const sinceMs = first === next ? undefined : this.#intakes.get(claim)?.heldSinceMs(first)
    return sinceMs === undefined ? 0 : this.#clock.monotonic() - sinceMs
  }

  /** Records of the claim were handled: fetching goes on where it had stopped at a limit and is well below it. */
  relax(claim: Claim): void {
    const intake = this.#intakes.get(claim)
    if (intake?.isFull && claim.phase === 'working') this.#regulate(claim, intake)
  }

  /**
   * A record of the claim waits for its next attempt. If that is long, it holds no more memory than its own: it is
   * copied out of its response once the others of that are done.
   */
  pausing(claim: Claim): void {
    this.#pausing.add(claim)
    this.#pausingTimer ??= this.#clock.schedule(COPY_AFTER_MS, () => this.#copyPausing())
  }

  #copyPausing(): void {
    this.#pausingTimer = undefined
    const untilMs = this.#clock.monotonic() - COPY_AFTER_MS
    for (const claim of this.#pausing) {
      const intake = this.#intakes.get(claim)
      if (intake === undefined || claim.calls.pausing === 0) this.#pausing.delete(claim)
      else intake.copyFewOut(untilMs, () => this.worker(claim).held(claim))
    }
    if (this.#pausing.size > 0) this.#pausingTimer = this.#clock.schedule(COPY_AFTER_MS, () => this.#copyPausing())
  }

  #regulate(claim: Claim, intake: Intake): void {
    const isFull = !intake.mayFetch(this.worker(claim).waiting(claim))
    if (isFull === intake.isFull) return
    intake.isFull = isFull
    if (isFull) this.#fetcher.pause(claim)
    else if (!claim.paused) this.#fetcher.resume(claim)
  }

  /** Resolves once its fetch sessions have ended, or are left to the brokers; within `timeoutMs`. */
  async close(timeoutMs: number): Promise<void> {
    for (const intake of this.#intakes.values()) intake.keepOnly([])
    this.#intakes.clear()
    this.#crowdedTimer?.cancel()
    this.#pausingTimer?.cancel()
    for (const worker of this.#workers.targets) worker.close()
    await this.#fetcher.close(timeoutMs)
  }

  // What the fetcher tells ------------------------------------------------------------------------------

  onRecords(claim: Claim, messages: readonly FetchedMessage[], next: NextPosition, delivery: Delivery): void {
    const intake = this.#intakes.get(claim)
    if (claim.phase !== 'working' || intake === undefined) return delivery.release()
    const firstTicket = claim.tracker.next
    const open = enterOpen(claim.tracker, messages)
    reach(claim.tracker, next.offset)
    claim.leaderEpoch = next.leaderEpoch
    claim.highWatermark = delivery.highWatermark
    intake.took(firstTicket, open.length, delivery, this.#clock.monotonic())
    if (open.length > 0) this.worker(claim).enter(claim, open, firstTicket)
    // Only now: while the records are being handed over, those that follow count as waiting.
    if (this.#intakes.get(claim) === intake) this.#regulate(claim, intake)
  }

  onProblem(claim: Claim, problem: FetchProblem): void {
    this.#onProblem(claim, problem)
  }

  /**
   * Fetching waits for memory: records that have waited for long are copied out, where that lets something go on.
   * Handlers that are busy with what came are the normal state of affairs, and cost no copy.
   */
  onCrowded(): void {
    if (this.#crowdedTimer !== undefined) return
    const nowMs = this.#clock.monotonic()
    let isCrowded = false
    for (const [claim, intake] of this.#intakes) {
      const worker = this.worker(claim)
      const mayStart = claim.phase === 'working' && !claim.paused
      const standsStill = intake.standsStill()
      const copy = (afterMs: number): void => intake.copyOut(nowMs - afterMs, () => worker.held(claim))
      const slowMs = standsStill ? COPY_AFTER_MS : COPY_FOR_SLOW_AFTER_MS
      if (mayStart && standsStill && worker.isHungry(claim)) copy(COPY_FOR_HUNGRY_AFTER_MS)
      else if (intake.isMemoryShort) copy(COPY_AFTER_MS)
      else if (mayStart && intake.hasCrowdedView(nowMs - slowMs) && worker.isHeldUp(claim)) copy(slowMs)
      isCrowded ||= intake.isCrowded
    }
    if (isCrowded) this.#crowdedTimer = this.#clock.schedule(COPY_FOR_HUNGRY_AFTER_MS, () => this.#stillCrowded())
  }

  #stillCrowded(): void {
    this.#crowdedTimer = undefined
    for (const intake of this.#intakes.values()) if (intake.isCrowded) return this.onCrowded()
  }
}

/** Enters the records that were not done before this claim began, and returns them. */
function enterOpen(tracker: Tracker, messages: readonly FetchedMessage[]): readonly FetchedMessage[] {
  const open = tracker.restored === undefined ? messages : messages.filter((m) => !wasCompleted(tracker, m.offset, m.leaderEpoch))
  for (const { offset, leaderEpoch } of open) {
    if (tracker.notes.size > 0) keepNotes(tracker, offset, leaderEpoch)
    enter(tracker, offset)
  }
  return open
}
