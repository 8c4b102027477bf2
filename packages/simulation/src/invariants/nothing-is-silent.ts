import { type Fact, type Invariant, Violation } from '../facts.ts'
import type { Process } from '../machine/process.ts'

/** The first time something is refused it is tried again; from the second time on it can be seen. */
const REFUSALS_UNSEEN_MAX = 4
/** Several seeks of a partition may be under way, each of which asks for offsets by itself. */
const LOOK_UPS_UNSEEN_MAX = 12

/**
 * What is refused again and again can be seen: as an event, a report or the rejection of `run()`.
 * Found in 0.1: a join that was refused for good left no trace but a consumer that did nothing.
 */
export class NothingIsSilent implements Invariant {
  readonly name = 'nothing is silent'
  readonly #refused = new Map<Process, Map<string, number>>()

  see(fact: Fact): void {
    if (fact.kind === 'shown') this.#refused.delete(fact.process)
    // A claim that begins reads for the first time.
    if (fact.kind === 'syncAnswered') this.#forget(fact.process, 'Fetch')
    // A rebalance is nothing that fails.
    if (fact.kind !== 'refused' || fact.error === 'REBALANCE_IN_PROGRESS') return
    const causes = this.#refused.get(fact.process) ?? new Map<string, number>()
    this.#refused.set(fact.process, causes)
    const cause = `${fact.api}${fact.of}: ${fact.error}`
    const count = (causes.get(cause) ?? 0) + 1
    causes.set(cause, count)
    if (count <= (fact.api === 'ListOffsets' ? LOOK_UPS_UNSEEN_MAX : REFUSALS_UNSEEN_MAX)) return
    throw new Violation(this.name, `${fact.process.name} was refused ${count} times (${cause}), and shows nothing`)
  }

  #forget(process: Process, api: string): void {
    const causes = this.#refused.get(process)
    for (const cause of causes?.keys() ?? []) if (cause.startsWith(`${api}:`)) causes!.delete(cause)
  }
}
