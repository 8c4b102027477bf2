import { type Fact, type Invariant, Violation } from '../facts.ts'
import { DoneWork } from './done-work.ts'

/**
 * `run()` resolves only if everything that was done is on record: the records of the partitions that the member held
 * until then, from the first it started up to the first that is not done. Found in 0.1: with every commit refused, or
 * the broker gone, `run()` resolved all the same.
 */
export class RunResolvesCommitted implements Invariant {
  readonly name = 'run() resolves only if what was done is committed'
  readonly #work: DoneWork

  constructor(mapsAreWhole: boolean) {
    this.#work = new DoneWork(mapsAreWhole)
  }

  see(fact: Fact): void {
    this.#work.see(fact)
    if (fact.kind !== 'runSettled' || fact.error !== undefined) return
    for (const { place, doneUpTo, recorded } of this.#work.uncommitted(fact.process, fact.group)) {
      const text = `run() of ${fact.process.name} resolved, ${place} is done up to ${doneUpTo}, and on record is ${recorded}`
      throw new Violation(this.name, text)
    }
  }
}
