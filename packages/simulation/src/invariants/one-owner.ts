import { type Fact, type Invariant, Violation } from '../facts.ts'

/** Within a generation the assignment gives a partition to one member. */
export class OneOwner implements Invariant {
  readonly name = 'within a generation a partition has one owner'
  #owners = new Map<string, string>()

  see(fact: Fact): void {
    // A crash of the machine may lose a generation whose number is then used again.
    if (fact.kind === 'brokerCrashed') this.#owners = new Map()
    if (fact.kind !== 'syncDecided') return
    for (const partition of fact.partitions) {
      const place = `${fact.generation}/${partition}`
      const owner = this.#owners.get(place) ?? fact.member
      this.#owners.set(place, owner)
      if (owner !== fact.member) {
        throw new Violation(this.name, `generation ${fact.generation} gives partition ${partition} to ${owner} and to ${fact.member}`)
      }
    }
  }
}
