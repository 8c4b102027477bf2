import type { Process } from '@tidemark/testing/internal'
import { type Fact, type Invariant, Violation } from '../facts.ts'
import { DoneWork } from './done-work.ts'

/** What a member reports of a partition whose commit it could not bring to the coordinator in time. */
const GIVEN_UP = /: (\S+) was (?:given up|lost) before all that is done was committed/

/**
 * `run()` resolves only if everything that was done is on record: the records of the partitions that the member held
 * until then, from the first it started up to the first that is not done. Found in 0.1: with every commit refused, or
 * the broker gone, `run()` resolved all the same.
 */
export class RunResolvesCommitted implements Invariant {
  readonly name = 'run() resolves only if what was done is committed'
  readonly #work: DoneWork
  readonly #closing = new Set<Process>()

  constructor(mapsAreWhole: boolean) {
    this.#work = new DoneWork(mapsAreWhole)
  }

  see(fact: Fact): void {
    this.#work.see(fact)
    if (fact.kind === 'closeCalled') this.#closing.add(fact.process)
    // In a rebalance it gives partitions up before it can reach anybody to tell. At its end it has to say so otherwise.
    if (fact.kind === 'shown' && !this.#closing.has(fact.process)) {
      const [, given] = GIVEN_UP.exec(fact.what) ?? []
      if (given !== undefined) this.#work.forget(fact.process, given)
    }
    if (fact.kind !== 'runSettled' || fact.error !== undefined) return
    for (const { place, doneUpTo, recorded } of this.#work.uncommitted(fact.process)) {
      const text = `run() of ${fact.process.name} resolved, ${place} is done up to ${doneUpTo}, and on record is ${recorded}`
      throw new Violation(this.name, text)
    }
  }
}
