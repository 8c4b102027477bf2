import { type Fact, type Invariant, Violation } from '../facts.ts'

/** Within a generation the assignment gives a partition to one member. */
export class OneOwner implements Invariant {
  readonly name = 'within a generation a partition has one owner'
  #owners = new Map<string, string>()

  see(fact: Fact): void {
    // A crash of the machine may lose a generation whose number is then used again.
    if (fact.kind === 'brokerCrashed') this.#owners = new Map()
    if (fact.kind !== 'syncDecided') return
    for (const place of fact.places) {
      const key = `${fact.group}/${fact.generation}/${place}`
      const owner = this.#owners.get(key) ?? fact.member
      this.#owners.set(key, owner)
      if (owner !== fact.member) {
        throw new Violation(this.name, `generation ${fact.generation} gives ${place} to ${owner} and to ${fact.member}`)
      }
    }
  }
}
