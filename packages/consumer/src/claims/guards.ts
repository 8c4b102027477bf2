/**
 * Puts the calls of suspects on record before they begin (guard.ts), for all partitions of a run: one suspect that runs
 * alone at a time, and a limited number of others in each partition.
 */
import { Fifo } from '@tidemark/platform'
import type { Claim } from './claim.ts'
import { BESIDE_MAX, Guard, type Poison } from './guard.ts'

/** Counts those that are inside, and lets the others wait in their order. */
class Turnstile {
  readonly #max: number
  readonly #waiting = new Fifo<{ readonly count: number; enter(): void }>()
  #inside = 0

  constructor(max: number) {
    this.#max = max
  }

  async enter(count: number): Promise<void> {
    if (this.#waiting.length > 0 || this.#inside + count > this.#max) {
      await new Promise<void>((enter) => this.#waiting.push({ count, enter }))
    } else this.#inside += count
  }

  leave(count: number): void {
    this.#inside -= count
    for (let next = this.#waiting.peek(); next !== undefined && this.#inside + next.count <= this.#max; next = this.#waiting.peek()) {
      this.#inside += next.count
      this.#waiting.shift()
      next.enter()
    }
  }
}

/** A call that was let in; `over` is called when it has settled, or did not begin after all. */
export interface Admission {
  over(): void
}

export class Guards {
  readonly #run: string
  readonly #record: (claim: Claim, notesVersion: number) => Promise<void>
  readonly #opened: (claim: Claim) => void
  readonly #alone = new Turnstile(1)
  readonly #beside = new WeakMap<Claim, Turnstile>()

  /** `record` resolves once these notes of the claim are on record, and rejects if they cannot be. */
  constructor(run: string, record: (claim: Claim, notesVersion: number) => Promise<void>, opened: (claim: Claim) => void) {
    this.#run = run
    this.#record = record
    this.#opened = opened
  }

  /** Nothing of the claim is started before the name of this run is on record. */
  watch(claim: Claim, poison: Poison): void {
    const guard = new Guard(claim, poison, this.#run)
    claim.guard = guard
    this.#beside.set(claim, new Turnstile(BESIDE_MAX))
    const open = (): void => {
      guard.isOpen = true
      this.#opened(claim)
    }
    this.#record(claim, claim.tracker.notesVersion).then(open, () => {}) // the claim is dead, or the run is ending
  }

  /**
   * 'free': the call may begin now. Else it is resolved once the call is on record and may begin; undefined: it may
   * not, since the claim is dead or the run is ending.
   */
  admit(claim: Claim, guard: Guard, offsets: readonly number[]): 'free' | 'condemned' | Promise<Admission | undefined> {
    const suspicion = guard.suspicionOf(offsets[0]!)
    if (suspicion === 'free' || suspicion === 'condemned') return suspicion
    return this.#admitSuspects(claim, guard, offsets, suspicion)
  }

  async #admitSuspects(claim: Claim, guard: Guard, offsets: readonly number[], start: 'beside' | 'alone'): Promise<Admission | undefined> {
    const turnstile = start === 'alone' ? this.#alone : this.#beside.get(claim)!
    const count = start === 'alone' ? 1 : offsets.length
    await turnstile.enter(count)
    const over = (): void => {
      guard.end(offsets)
      turnstile.leave(count)
    }
    if (claim.phase === 'working') {
      guard.begin(offsets, start)
      const isOnRecord = await this.#record(claim, claim.tracker.notesVersion).then(
        () => true,
        () => false,
      )
      if (isOnRecord) return { over }
    }
    over()
    return undefined
  }
}
