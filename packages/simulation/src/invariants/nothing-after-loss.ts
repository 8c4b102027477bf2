import { type Fact, type Invariant, Violation } from '../facts.ts'
import type { Process } from '../machine/process.ts'

interface Known {
  readonly partition: number
  readonly claim: AbortSignal
}

/** No handler starts for a claim after its member knew that the claim is lost, or has to be given up. */
export class NothingAfterLoss implements Invariant {
  readonly name = 'no handler starts after its member knew of the loss'
  readonly #claims = new Map<Process, Known[]>()
  readonly #over = new Set<AbortSignal>()

  see(fact: Fact): void {
    switch (fact.kind) {
      case 'handlerStarted': {
        if (this.#over.has(fact.claim)) {
          const text = `${fact.process.name} starts ${fact.offset} of partition ${fact.partition}, which it knew to be lost`
          throw new Violation(this.name, text)
        }
        const known = this.#claims.get(fact.process) ?? []
        this.#claims.set(fact.process, known)
        if (!known.some((k) => k.claim === fact.claim)) known.push(fact)
        return
      }
      case 'lossKnown':
        for (const { claim } of this.#claims.get(fact.process) ?? []) this.#over.add(claim)
        return
      case 'syncAnswered':
        for (const { claim, partition } of this.#claims.get(fact.process) ?? []) {
          if (!fact.partitions.includes(partition)) this.#over.add(claim)
        }
        return
      case 'leaveSent':
        for (const { claim } of this.#claims.get(fact.process) ?? []) this.#over.add(claim)
    }
  }
}
