import { type Fact, type FinishedIn, type Invariant, Violation } from '../facts.ts'
import type { Process } from '../machine/process.ts'

/**
 * What a commit calls done above its offset was done by somebody; and a member that reads this where its claim begins does none of it again.
 */
export class FinishedStaysFinished implements Invariant {
  readonly name = 'what is on record as done above the offset is done, and not done again'
  readonly #done = new Set<string>()
  readonly #known = new Map<Process, Map<number, FinishedIn>>()

  see(fact: Fact): void {
    switch (fact.kind) {
      case 'handlerDone':
        this.#done.add(`${fact.partition}/${fact.offset}`)
        return
      case 'commitSent':
        for (const finished of fact.finished) this.#check(fact.process, finished, fact.offsets.get(finished.partition))
        return
      case 'placesKnown': {
        const known = this.#known.get(fact.process) ?? new Map<number, FinishedIn>()
        this.#known.set(fact.process, known)
        for (const partition of fact.partitions) known.delete(partition)
        for (const finished of fact.finished) known.set(finished.partition, finished)
        return
      }
      case 'handlerStarted': {
        const finished = this.#known.get(fact.process)?.get(fact.partition)
        if (finished === undefined || !namesAsDone(finished, fact.offset)) return
        throw new Violation(this.name, `${fact.process.name} starts ${fact.partition}/${fact.offset}, which it was told is done`)
      }
    }
  }

  #check(process: Process, finished: FinishedIn, committed: number | undefined): void {
    if (finished.base !== committed) {
      throw new Violation(this.name, `${process.name} commits ${committed} with what is done above ${finished.base}`)
    }
    for (let offset = finished.base; offset < finished.top; offset++) {
      if (!namesAsDone(finished, offset) || this.#done.has(`${finished.partition}/${offset}`)) continue
      throw new Violation(this.name, `${process.name} calls ${finished.partition}/${offset} done, which it never was`)
    }
  }
}

const namesAsDone = ({ base, top, open }: FinishedIn, offset: number): boolean => offset >= base && offset < top && !open.includes(offset)
