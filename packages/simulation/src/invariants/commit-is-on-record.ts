import { type Fact, type Invariant, Violation } from '../facts.ts'
import { covers, Records } from './recorded.ts'

/**
 * A `commit()` that resolved is on record at the coordinator.
 * Found in 0.1: `context.commit()` resolved for a claim that a seek had ended, though nothing of it was ever committed.
 */
export class CommitIsOnRecord implements Invariant {
  readonly name = 'a commit that resolved is on record'
  readonly #records = new Records()

  see(fact: Fact): void {
    this.#records.see(fact)
    if (fact.kind !== 'commitResolved') return
    for (const [place, offset] of fact.offsets) {
      const all = fact.covers === 'below' ? this.#records.named(fact.group, place) : this.#records.of(fact.group, place)
      if (all.some((r) => (fact.covers === 'below' ? r.offset >= offset : covers(r, offset)))) continue
      const last = all.at(-1)?.offset ?? 'nothing'
      throw new Violation(this.name, `${fact.process.name} was told that ${place} is committed (${offset}); on record is ${last}`)
    }
  }
}
