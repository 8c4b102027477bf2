import { type Fact, type Invariant, ownedName, Violation } from '../facts.ts'
import { DoneWork } from './done-work.ts'

/**
 * What was done of a partition is on record before a join leaves it out, where nothing keeps the commit from the
 * coordinator: the next owner does none of it again. Found in 0.1: a rebalance that a member of another make forced
 * made finished records happen again.
 */
export class CommittedBeforeGivenUp implements Invariant {
  readonly name = 'what was done is committed before its partition is given up'
  readonly #work: DoneWork

  constructor(mapsAreWhole: boolean) {
    this.#work = new DoneWork(mapsAreWhole)
  }

  see(fact: Fact): void {
    if (fact.kind === 'joinSent') {
      for (const { place, doneUpTo, recorded } of this.#work.uncommitted(fact.process)) {
        if (fact.owned.includes(ownedName(place))) continue
        const text = `${fact.process.name} gives up ${place}, which is done up to ${doneUpTo}; on record is ${recorded}`
        throw new Violation(this.name, text)
      }
    }
    this.#work.see(fact)
  }
}
