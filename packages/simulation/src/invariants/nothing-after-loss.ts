import type { Process } from '@tidemark/testing/internal'
import { type Fact, type Invariant, ownedName, type Place, Violation } from '../facts.ts'

/** No handler starts for a partition after its member knew that it is lost, or has given it up. */
export class NothingAfterLoss implements Invariant {
  readonly name = 'no handler starts after its member knew of the loss'
  readonly #held = new Map<Process, Set<Place>>()

  see(fact: Fact): void {
    switch (fact.kind) {
      case 'handlerStarted':
        if (!this.#held.get(fact.process)?.has(ownedName(fact.place))) {
          throw new Violation(this.name, `${fact.process.name} starts ${fact.offset} of ${fact.place}, which it knew not to be its own`)
        }
        return
      case 'joinSent': {
        const held = this.#held.get(fact.process)
        for (const place of held ?? []) if (!fact.owned.includes(place)) held!.delete(place)
        return
      }
      case 'syncAnswered':
        this.#held.set(fact.process, new Set(fact.places))
        return
      case 'joinAnswered':
        if (fact.eager) this.#held.delete(fact.process)
        return
      case 'lossKnown':
      case 'leaveSent':
        this.#held.delete(fact.process)
    }
  }
}
