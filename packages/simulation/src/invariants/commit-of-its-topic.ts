import { type Fact, type Invariant, Violation } from '../facts.ts'

/**
 * What the coordinator tells to be committed for a partition was committed for this partition: not for one of another
 * topic that had the name before. Found in 0.1: a broker answered the offsets of a deleted topic for the one that was
 * created under its name.
 */
export class CommitOfItsTopic implements Invariant {
  readonly name = 'a committed offset belongs to its topic'
  readonly #sent = new Set<string>()

  see(fact: Fact): void {
    // A commit counts also when its answer never left.
    if (fact.kind === 'commitSent') for (const place of fact.offsets.keys()) this.#sent.add(`${fact.group}/${place}`)
    if (fact.kind !== 'commitKnown') return
    for (const [place, offset] of fact.offsets) {
      if (this.#sent.has(`${fact.group}/${place}`)) continue
      throw new Violation(
        this.name,
        `${fact.group} is told that ${offset} is committed for ${place}, for which it never committed anything`,
      )
    }
  }
}
