/**
 * How a run ends: who asks for it, how long it may take, and what it resolves or rejects with.
 *
 * Invariant: the run resolves only if everything that was done is on record (with manual commits: everything whose
 * commit was asked for), and ends within the time of its stop.
 */
import { type Clock, TidemarkError, type TidemarkErrorCode, type Timer } from '@tidemark/platform'
import type { Claim } from './claims/claim.ts'
import { type DrainDeadline, deadlineAt, earlier } from './claims/drain.ts'
import { commitFailed } from './commit/committer.ts'
import type { PlannedCommit } from './commit/plan.ts'
import { mayPass } from './failures.ts'

export interface EndingListener {
  /** Nothing new is started; drain, commit, leave: by this deadline. */
  stop(deadline: DrainDeadline): void
  /** The time is almost over: what is still waited for is given up, and the member leaves. */
  abandon(): void
  /** The end has come, whatever is under way. */
  end(): void
  /** It has failed, and what is running keeps it from saying so: for `leftMs` at most. */
  failing(error: unknown, leftMs: number): void
}

/** A run that fails says so by itself once everything is done; if that takes longer, it is told before. */
const TOLD_AFTER_MS = 1_000

export class Ending {
  readonly #clock: Clock
  readonly #timeoutMs: number
  readonly #listener: EndingListener
  readonly #done = Promise.withResolvers<void>()
  #isStopping = false
  #isOver = false
  #failure: unknown
  #telling: Timer | undefined
  /** Whether the failure is the refusal of a commit. */
  #isRefusal = false
  #limit: { readonly atMs: number; readonly timers: readonly Timer[] } | undefined
  /** What was done for claims that ended while the run was stopping, and is not on record. */
  readonly #uncommitted: PlannedCommit<Claim>[] = []

  /** `timeoutMs`: what a stop may take, where it does not say. */
  constructor(clock: Clock, timeoutMs: number, listener: EndingListener) {
    this.#clock = clock
    this.#timeoutMs = timeoutMs
    this.#listener = listener
  }

  get isOver(): boolean {
    return this.#isOver
  }

  /** Drain, final commit, leave; all of it within `timeoutMs`. A second call can only shorten the time. */
  stop(timeoutMs = this.#timeoutMs): void {
    if (this.#isOver) return
    this.#isStopping = true
    const atMs = this.#clock.monotonic() + timeoutMs
    if (this.#limit === undefined || atMs < this.#limit.atMs) {
      this.#cancelLimit()
      const abandonMs = deadlineAt(timeoutMs, timeoutMs).commitMs
      const timers = [
        this.#clock.schedule(abandonMs, () => this.#listener.abandon()),
        this.#clock.schedule(timeoutMs, () => this.failWith(undefined)),
      ]
      this.#limit = { atMs, timers }
    }
    this.#listener.stop(deadlineAt(atMs, timeoutMs))
  }

  /** The deadline, or an earlier one if the run is being stopped. */
  limited(deadline: DrainDeadline): DrainDeadline {
    if (this.#limit === undefined) return deadline
    return earlier(deadline, deadlineAt(this.#limit.atMs, this.leftMs))
  }

  /** Of the time of its stop; as long as nobody stops it, all there is. */
  get leftMs(): number {
    return this.#limit === undefined ? Number.POSITIVE_INFINITY : Math.max(0, this.#limit.atMs - this.#clock.monotonic())
  }

  /** What is running drains and commits; then the run rejects with this, unless something else came first. */
  stopWith(error: unknown): void {
    if (!this.#isOver && this.#failure === undefined) {
      this.#failure = error
      this.#telling = this.#clock.schedule(TOLD_AFTER_MS, () => this.#listener.failing(error, this.leftMs))
    }
    this.stop()
  }

  /** As `stopWith`, with the refusal of a commit that no retry can fix. */
  commitRefused(cause: unknown): void {
    this.#isRefusal ||= !this.#isOver && this.#failure === undefined
    this.stopWith(cause)
  }

  /** The run ends now. */
  failWith(error: unknown): void {
    if (this.#isOver) return
    this.#failure ??= error
    this.#isStopping = true
    this.finish()
  }

  /** Everything is done that can be. */
  finish(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#telling?.cancel()
    this.#cancelLimit()
    this.#listener.end()
    this.#done.resolve()
  }

  #cancelLimit(): void {
    for (const timer of this.#limit?.timers ?? []) timer.cancel()
  }

  /** A claim ended before all that is done was on record: if the run is stopping, nobody will fix that. */
  leftUncommitted(planned: PlannedCommit<Claim>): void {
    if (this.#isStopping) this.#uncommitted.push(planned)
  }

  /** Resolves at the end; rejects with what stopped the run, or with COMMIT_FAILED. */
  async wait(): Promise<void> {
    await this.#done.promise
    const error = this.#outcome()
    if (error !== undefined) throw error
  }

  /** What stopped the run, unless that only kept what was done from being committed. */
  #outcome(): unknown {
    const failure = this.#failure
    // What was refused may have been committed since, by the final commit.
    const uncommitted = this.#uncommitted.filter((planned) => !isAcknowledged(planned))
    if (uncommitted.length === 0) return failure
    const isOfRequests = this.#isRefusal || failure === undefined || mayPass(failure) || hasCode(failure, 'CLOSED')
    return isOfRequests ? commitFailed(uncommitted, failure) : failure
  }
}

/** The answer came after its claim had ended. */
function isAcknowledged({ subject, offset, finishedCount }: PlannedCommit<Claim>): boolean {
  const late = subject.acknowledgedLate
  return late !== undefined && late.offset >= offset && late.finishedCount >= finishedCount
}

const hasCode = (error: unknown, code: TidemarkErrorCode): boolean => error instanceof TidemarkError && error.code === code
