import type { Process } from '@tidemark/testing/internal'
import { type Fact, type Invariant, Violation } from '../facts.ts'

/**
 * After `close()` has resolved, or `run()` has settled, nothing is started and the group is not joined.
 * Found in 0.1: a `close()` before `run()` was ignored, and the consumer joined afterwards.
 */
export class NothingAfterClose implements Invariant {
  readonly name = 'nothing starts after the end'
  readonly #closed = new Set<Process>()

  see(fact: Fact): void {
    if (fact.kind === 'closed' || fact.kind === 'runSettled') this.#closed.add(fact.process)
    if ((fact.kind !== 'handlerStarted' && fact.kind !== 'joinSent') || !this.#closed.has(fact.process)) return
    throw new Violation(this.name, `${fact.process.name}: ${fact.kind} after the consumer was closed`)
  }
}
