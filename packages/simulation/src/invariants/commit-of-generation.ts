import { type Fact, type Invariant, Violation } from '../facts.ts'

/** The broker accepts no commit from outside the current generation. */
export class CommitOfGeneration implements Invariant {
  readonly name = 'no commit is accepted from outside the current generation'

  see(fact: Fact): void {
    if (fact.kind === 'commitAccepted' && fact.generation < fact.current) {
      const text = `a commit of generation ${fact.generation} was accepted in generation ${fact.current} (${fact.process.name})`
      throw new Violation(this.name, text)
    }
  }
}
