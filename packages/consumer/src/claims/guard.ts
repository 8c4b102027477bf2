/**
 * Finds the record that kills its process (docs/decisions/0010).
 *
 * While a run works on a partition, its commits carry its name; it takes the name back when it hands the partition
 * over. Whoever begins and finds another run's name there knows that it died, and that one of the records it had
 * started may have killed it. Those that it can have started are suspects: their calls are put on record before they
 * begin. A suspect that was on record when a process died again is called alone: no other call of the process runs
 * meanwhile, as far as records that kill are looked for. One that died alone, and with `deathsMax` processes in all, is
 * condemned. Pure.
 */
import type { NotedStart, RecordNote } from '@tidemark/client/internal'
import { note } from '../commit/tracker.ts'
import type { Claim } from './claim.ts'

export interface Poison {
  /** Processes that a record may kill, before it is not handled any more. */
  readonly deathsMax: number
  /** How many records count as suspects after a death: those that a process may start between two commits. */
  readonly suspectsMax: number
}

/** How a record may be started. */
export type Suspicion = NotedStart | 'free'

/** Suspects of one partition that are called side by side: a commit has room for so many. */
export const SUSPECTS_MAX = 32

export class Guard {
  readonly #claim: Claim
  readonly #firstStart: NotedStart
  #suspectsLeft: number
  /** The name of the run is on record: calls may begin. */
  isOpen = false

  constructor(claim: Claim, { deathsMax, suspectsMax }: Poison, run: string) {
    const { holderBefore, tracker } = claim
    const hasDied = holderBefore !== undefined && holderBefore !== run
    this.#claim = claim
    // With two deaths there is no other occasion to find out which of several it was.
    this.#firstStart = deathsMax <= 2 ? 'alone' : 'beside'
    this.#suspectsLeft = hasDied ? suspectsMax : 0
    claim.holder = run
    tracker.notesVersion++
    for (const noted of [...tracker.notes.values()]) {
      if (noted.start === 'beside' || noted.start === 'alone')
        note(tracker, noted.offset, hasDied ? afterDeath(noted, deathsMax) : { start: undefined })
    }
  }

  /** No record is under suspicion any more. */
  get isIdle(): boolean {
    return this.#suspectsLeft === 0 && this.#claim.tracker.notes.size === 0
  }

  suspicionOf(offset: number): Suspicion {
    const noted = this.#claim.tracker.notes.get(offset)
    if (noted?.start === 'condemned') return 'condemned'
    if (noted !== undefined && noted.deaths > 0) return 'alone'
    return this.#suspectsLeft > 0 ? this.#firstStart : 'free'
  }

  /** How many of these records, from the first on, may be handled by one call. */
  span(offsets: readonly number[]): number {
    if (this.isIdle) return offsets.length
    const first = this.suspicionOf(offsets[0]!)
    if (first === 'alone' || first === 'condemned') return 1
    const end = offsets.findIndex((offset) => this.suspicionOf(offset) !== first)
    const same = end < 0 ? offsets.length : end
    return first === 'beside' ? Math.min(same, SUSPECTS_MAX) : same
  }

  /** A call for these records is about to begin: the next commit says so. */
  begin(offsets: readonly number[], start: NotedStart): void {
    this.#suspectsLeft = Math.max(0, this.#suspectsLeft - offsets.length)
    for (const offset of offsets) note(this.#claim.tracker, offset, { start })
  }

  /** The call for these records has settled, or did not begin after all: its process lives. */
  end(offsets: readonly number[]): void {
    const { tracker } = this.#claim
    for (const offset of offsets) {
      const start = tracker.notes.get(offset)?.start
      if (start === 'beside' || start === 'alone') note(tracker, offset, { start: undefined })
    }
  }

  /** The partition is being given up by a process that lives: the last commit takes the name back. */
  handOver(): void {
    const { tracker } = this.#claim
    this.end([...tracker.notes.keys()])
    this.#claim.holder = undefined
    tracker.notesVersion++
  }
}

/** The first death, after which nothing was on record yet, counts as well. */
function afterDeath({ start, deaths, attempts }: RecordNote, deathsMax: number): Partial<RecordNote> {
  const isCondemned = start === 'alone' && deaths + 2 >= deathsMax
  return { deaths: deaths + 1, attempts: attempts + 1, start: isCondemned ? 'condemned' : undefined }
}
