/** What a consumer has done since it was made: numbers that only grow. */
import type { ConsumerEvent } from './events.ts'

export interface Totals {
  /** Records that are done: handled, skipped, or in a dead-letter topic. */
  readonly done: number
  /** Attempts that failed and were followed by another. */
  readonly retried: number
  /** Calls whose records counted as done although no handler succeeded. */
  readonly skipped: number
  /** Records that went to a dead-letter topic. */
  readonly deadLettered: number
  /** Commits of a partition that were acknowledged, and that were refused. */
  readonly committed: number
  readonly commitsRefused: number
  /** Generations of the group that were joined. */
  readonly joined: number
  /** Partitions that were lost, or given up before all that is done was committed. */
  readonly lost: number
  /** Requests that failed more than once in a row. */
  readonly requestsFailed: number
}

export class Tally {
  readonly #totals = {
    done: 0,
    retried: 0,
    skipped: 0,
    deadLettered: 0,
    committed: 0,
    commitsRefused: 0,
    joined: 0,
    lost: 0,
    requestsFailed: 0,
  }

  did(records: number): void {
    this.#totals.done += records
  }

  see(event: ConsumerEvent): void {
    const totals = this.#totals
    switch (event.kind) {
      case 'retrying':
        totals.retried++
        return
      case 'skipped':
        totals.skipped++
        return
      case 'deadLettered':
        totals.deadLettered++
        return
      case 'committed':
        totals.committed++
        return
      case 'commitRefused':
        totals.commitsRefused++
        return
      case 'joined':
        totals.joined++
        return
      case 'ended':
        if (event.reason === 'lost' || event.uncommittedFrom !== undefined) totals.lost++
        return
      case 'requestFailed':
        totals.requestsFailed++
    }
  }

  get totals(): Totals {
    return { ...this.#totals }
  }
}
