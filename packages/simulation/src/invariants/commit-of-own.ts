import { type Fact, type Invariant, Violation } from '../facts.ts'
import type { Process } from '../machine/process.ts'

/** A member commits only for partitions that it holds: assigned to it, and neither lost nor left out of a join since. */
export class CommitOfOwn implements Invariant {
  readonly name = 'no commit for a dead claim'
  readonly #held = new Map<Process, Set<number>>()

  see(fact: Fact): void {
    switch (fact.kind) {
      case 'syncAnswered':
        this.#held.set(fact.process, new Set([...(this.#held.get(fact.process) ?? []), ...fact.partitions]))
        return
      case 'joinSent':
        this.#held.set(fact.process, new Set(fact.owned))
        return
      case 'lossKnown':
      case 'leaveSent':
        this.#held.delete(fact.process)
        return
      case 'commitSent':
        for (const partition of fact.offsets.keys()) {
          if (!this.#held.get(fact.process)?.has(partition)) {
            throw new Violation(this.name, `${fact.process.name} commits for partition ${partition}, which it does not hold`)
          }
        }
    }
  }
}
