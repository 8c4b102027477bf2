import type { Process } from '@tidemark/testing/internal'
import { type Fact, type Invariant, Violation } from '../facts.ts'

/** An answer may be late by so much; from then on the run only drains. */
const ENDS_WITHIN_MS = 300

/**
 * A commit that is refused again though no retry mends it ends the run: the member starts nothing more.
 * Found in 0.1: no error of a commit was ever fatal, so that a member without the right to commit worked on for ever.
 */
export class FinalRefusalEnds implements Invariant {
  readonly name = 'a refusal that no retry mends ends the run'
  readonly #first = new Set<Process>()
  readonly #againMs = new Map<Process, number>()

  see(fact: Fact): void {
    if (fact.kind === 'refused' && fact.final && fact.api === 'OffsetCommit') {
      const { process } = fact
      // One refusal may have been for a claim that had ended before its answer came.
      if (this.#first.has(process) && !this.#againMs.has(process)) this.#againMs.set(process, process.platform.clock.monotonic())
      this.#first.add(process)
    }
    if (fact.kind !== 'handlerStarted') return
    const sinceMs = this.#againMs.get(fact.process)
    if (sinceMs === undefined || fact.process.platform.clock.monotonic() - sinceMs <= ENDS_WITHIN_MS) return
    throw new Violation(this.name, `${fact.process.name} starts ${fact.place} at ${fact.offset}, and its commits were refused for good`)
  }
}
