/**
 * Records from the fetcher to the workers: begins and stops fetching for claims, pauses it at the limits, and hands records over.
 *
 * Invariant: records reach a worker only for a working claim; each delivery is released exactly once, whatever becomes of the claim.
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
import type { Claim } from '../claims/claim.ts'
import type { StartPosition } from '../claims/registry.ts'
import { enter, reach, type Ticket, type Tracker, wasCompleted } from '../commit/tracker.ts'
import type { Worker } from '../work/work.ts'
import { Intake, type IntakeLimits } from './intake.ts'

export class Feed implements FetchOwner<Claim> {
  readonly #fetcher: Fetcher<Claim>
  readonly #limits: IntakeLimits
  readonly #workers: ReadonlyMap<string, Worker>
  readonly #onProblem: (claim: Claim, problem: FetchProblem) => void
  readonly #intakes = new Map<Claim, Intake>()

  constructor(
    cluster: Cluster,
    options: FetcherOptions,
    limits: IntakeLimits,
    workers: ReadonlyMap<string, Worker>,
    onProblem: (claim: Claim, problem: FetchProblem) => void,
  ) {
    this.#fetcher = new Fetcher(cluster, this, options)
    this.#limits = limits
    this.#workers = workers
    this.#onProblem = onProblem
  }

  worker(claim: Claim): Worker {
    return this.#workers.get(claim.topic)!
  }

  /** Records are wanted from this position on. */
  begin(claim: Claim, position: StartPosition): void {
    this.#intakes.set(claim, new Intake(claim, this.#limits))
    this.#fetcher.add(claim, position, claim)
    if (claim.paused) this.#fetcher.pause(claim)
  }

  /** No more records are wanted, and those that wait are forgotten. */
  stop(claim: Claim): void {
    this.#fetcher.remove(claim)
    this.worker(claim).drop(claim)
    this.#intakes.get(claim)?.releaseAll()
    this.#intakes.delete(claim)
  }

  /** A user paused or resumed the claim's partition. */
  setPaused(claim: Claim, paused: boolean): void {
    claim.paused = paused
    const intake = this.#intakes.get(claim)
    if (intake === undefined) return
    if (paused) return this.#fetcher.pause(claim)
    if (!intake.isFull) this.#fetcher.resume(claim)
    this.worker(claim).wake(claim)
  }

  /** The claim is finished with these records. */
  closed(claim: Claim, ticket: Ticket, count: number): void {
    this.#intakes.get(claim)?.closed(ticket, count)
  }

  /** Fetching stops at the limits, and goes on below them. */
  regulate(claim: Claim): void {
    const intake = this.#intakes.get(claim)
    if (intake === undefined) return
    const isFull = !intake.mayFetch(this.worker(claim).waiting(claim))
    if (isFull === intake.isFull) return
    intake.isFull = isFull
    if (isFull) this.#fetcher.pause(claim)
    else if (!claim.paused) this.#fetcher.resume(claim)
  }

  close(): void {
    this.#fetcher.close()
    for (const worker of this.#workers.values()) worker.close()
  }

  // What the fetcher tells ------------------------------------------------------------------------------

  onRecords(claim: Claim, messages: readonly FetchedMessage[], next: NextPosition, delivery: Delivery): void {
    const intake = this.#intakes.get(claim)
    if (claim.phase !== 'working' || intake === undefined) return delivery.release()
    const firstTicket = claim.tracker.next
    const open = enterOpen(claim.tracker, messages)
    reach(claim.tracker, next.offset)
    claim.leaderEpoch = next.leaderEpoch
    intake.took(firstTicket, open.length, delivery)
    if (open.length > 0) this.worker(claim).enter(claim, open, firstTicket)
    this.regulate(claim)
  }

  onProblem(claim: Claim, problem: FetchProblem): void {
    this.#onProblem(claim, problem)
  }

  onCrowded(): void {
    for (const [claim, intake] of this.#intakes) intake.copyOut(() => this.worker(claim).held(claim))
  }
}

/** Enters the records that were not done before this claim began, and returns them. */
function enterOpen(tracker: Tracker, messages: readonly FetchedMessage[]): readonly FetchedMessage[] {
  const open = tracker.restored === undefined ? messages : messages.filter((m) => !wasCompleted(tracker, m.offset, m.leaderEpoch))
  for (const message of open) enter(tracker, message.offset)
  return open
}
