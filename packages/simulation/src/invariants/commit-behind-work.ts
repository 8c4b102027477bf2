import { type Fact, type Invariant, Violation } from '../facts.ts'

/** No commit passes a record that is not done: not when it is sent, whoever did the work. */
export class CommitBehindWork implements Invariant {
  readonly name = 'no commit passes a record that is not done'
  readonly #done = new Map<number, Set<number>>()
  /** Below this everything is known to be done. */
  readonly #checked = new Map<number, number>()

  see(fact: Fact): void {
    if (fact.kind === 'handlerDone') {
      const done = this.#done.get(fact.partition)
      if (done === undefined) this.#done.set(fact.partition, new Set([fact.offset]))
      else done.add(fact.offset)
    }
    if (fact.kind !== 'commitSent') return
    for (const [partition, offset] of fact.offsets) {
      for (let o = this.#checked.get(partition) ?? 0; o < offset; o++) {
        if (!this.#done.get(partition)?.has(o)) {
          throw new Violation(this.name, `${fact.process.name} commits ${offset} for partition ${partition}, but ${o} was never done`)
        }
        this.#checked.set(partition, o + 1)
      }
    }
  }
}
