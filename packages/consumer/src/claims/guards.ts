/**
 * Lets calls begin where records that kill their process are looked for (guard.ts), over all such partitions of a run:
 * those of suspects once they are on record; one that is to be alone once no other call runs, and nobody else
 * meanwhile.
 *
 * Invariant: nobody waits for a suspect to be alone for longer than `ALONE_WAIT_MS`. A call that takes longer than that
 * makes suspects go beside it, and so nobody is condemned while it runs.
 */
import type { Clock, Random } from '@tidemark/platform'
import type { Claim } from './claim.ts'
import { Guard, type Poison, SUSPECTS_MAX } from './guard.ts'
import { Turnstile } from './turnstile.ts'

/** How long the calls that run may take to leave, when a suspect is to be alone. */
const ALONE_WAIT_MS = 10_000

/** A call that was let in; `over` is called when it has settled, or did not begin after all. */
export interface Admission {
  over(): void
}

/** Of a random name: enough to tell one run from the next. */
const RUN_CHARACTERS = 12

export const runName = (random: Random): string => random.uuid().slice(0, RUN_CHARACTERS)

export class Guards {
  readonly #run: string
  readonly #clock: Clock
  readonly #record: (claim: Claim, notesVersion: number) => Promise<void>
  readonly #opened: (claim: Claim) => void
  /** All calls of the run. */
  readonly #calls = new Turnstile(Number.MAX_SAFE_INTEGER)
  /** Suspects of each partition: a commit has room for so many. */
  readonly #suspects = new WeakMap<Claim, Turnstile>()
  /** A call took too long for a suspect to be alone; false again once none runs. */
  #isCrowded = false

  /** `record` resolves once these notes of the claim are on record, and rejects if they cannot be. */
  constructor(run: string, clock: Clock, record: (claim: Claim, notesVersion: number) => Promise<void>, opened: (claim: Claim) => void) {
    this.#run = run
    this.#clock = clock
    this.#record = record
    this.#opened = opened
  }

  /** Nothing of the claim is started before the name of this run is on record. */
  watch(claim: Claim, poison: Poison): void {
    const guard = new Guard(claim, poison, this.#run)
    claim.guard = guard
    this.#suspects.set(claim, new Turnstile(SUSPECTS_MAX))
    const open = (): void => {
      guard.isOpen = true
      this.#opened(claim)
    }
    this.#record(claim, claim.tracker.notesVersion).then(open, () => {}) // the claim is dead, or the run is ending
  }

  /**
   * An admission: the call begins now. A promise: once it resolves; undefined if the call may not begin any more, since
   * the claim is dead or the run is ending. 'condemned': never.
   */
  admit(claim: Claim, guard: Guard, offsets: readonly number[]): 'condemned' | Admission | Promise<Admission | undefined> {
    const suspicion = guard.suspicionOf(offsets[0]!)
    if (suspicion === 'condemned') return suspicion
    if (suspicion !== 'free') return this.#admitSuspects(claim, guard, offsets, suspicion)
    const admission = { over: () => this.#leave(1) }
    return this.#calls.tryEnter(1) ? admission : this.#calls.enter(1).then(() => admission)
  }

  async #admitSuspects(claim: Claim, guard: Guard, offsets: readonly number[], wish: 'beside' | 'alone'): Promise<Admission | undefined> {
    const ofClaim = this.#suspects.get(claim)!
    await ofClaim.enter(offsets.length)
    const isAlone = wish === 'alone' && (await this.#enterAlone())
    const count = isAlone ? this.#calls.max : 1
    if (!isAlone) await this.#calls.enter(1)
    const over = (): void => {
      guard.end(offsets)
      this.#leave(count)
      ofClaim.leave(offsets.length)
    }
    if (claim.phase === 'working') {
      guard.begin(offsets, isAlone ? 'alone' : 'beside')
      const isOnRecord = await this.#record(claim, claim.tracker.notesVersion).then(
        () => true,
        () => false,
      )
      if (isOnRecord) return { over }
    }
    over()
    return undefined
  }

  async #enterAlone(): Promise<boolean> {
    if (this.#isCrowded) return false
    const waiting = this.#calls.enter(this.#calls.max)
    let isLate = false
    const timer = this.#clock.schedule(ALONE_WAIT_MS, () => {
      isLate = this.#calls.giveUp(waiting)
      this.#isCrowded ||= isLate
    })
    await waiting
    timer.cancel()
    return !isLate
  }

  #leave(count: number): void {
    this.#calls.leave(count)
    if (this.#calls.isEmpty) this.#isCrowded = false
  }
}
