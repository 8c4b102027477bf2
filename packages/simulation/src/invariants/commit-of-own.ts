import type { Process } from '@tidemark/testing/internal'
import { type Fact, type Invariant, ownedName, type Place, Violation } from '../facts.ts'

/**
 * A member commits only for partitions that it holds: assigned to it, and neither lost nor left out of a join since.
 */
export class CommitOfOwn implements Invariant {
  readonly name = 'no commit for a dead claim'
  readonly #held = new Map<Process, Set<Place>>()

  see(fact: Fact): void {
    switch (fact.kind) {
      case 'syncAnswered':
        this.#held.set(fact.process, new Set([...(this.#held.get(fact.process) ?? []), ...fact.places]))
        return
      case 'joinSent':
        this.#held.set(fact.process, new Set(fact.owned))
        return
      case 'lossKnown':
      case 'leaveSent':
        this.#held.delete(fact.process)
        return
      case 'commitSent':
        for (const place of fact.offsets.keys()) {
          if (!this.#held.get(fact.process)?.has(ownedName(place))) {
            throw new Violation(this.name, `${fact.process.name} commits for ${place}, which it does not hold`)
          }
        }
    }
  }
}
