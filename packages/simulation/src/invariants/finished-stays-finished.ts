import type { Process } from '@tidemark/testing/internal'
import { type Fact, type FinishedIn, type Invariant, ownedName, type Place, Violation } from '../facts.ts'
import { namesAsDone } from './recorded.ts'

/**
 * What a commit calls done above its offset was done by a member of the group; and a member that reads this where its
 * claim begins does none of it again, unless it is told to begin elsewhere.
 */
export class FinishedStaysFinished implements Invariant {
  readonly name = 'what is on record as done above the offset is done, and not done again'
  readonly #done = new Set<string>()
  readonly #known = new Map<Process, Map<Place, FinishedIn>>()
  /** Claims that were moved: what is committed is not where they are, whoever asks for it. */
  readonly #moved = new Map<Process, Set<Place>>()

  see(fact: Fact): void {
    switch (fact.kind) {
      case 'handlerDone':
      case 'excused':
        this.#done.add(`${fact.group}/${fact.place}/${fact.offset}`)
        return
      case 'commitSent':
        for (const finished of fact.finished) this.#check(fact, finished, fact.offsets.get(finished.place))
        return
      case 'seekCalled':
      case 'seekSettled':
      case 'offsetListed':
      case 'outOfRangeTold':
        this.#known.get(fact.process)?.delete(fact.place)
        this.#moved.set(fact.process, (this.#moved.get(fact.process) ?? new Set()).add(fact.place))
        return
      case 'lossKnown':
        this.#moved.delete(fact.process)
        return
      case 'joinSent':
        for (const place of this.#moved.get(fact.process) ?? [])
          if (!fact.owned.includes(ownedName(place))) this.#moved.get(fact.process)!.delete(place)
        return
      case 'jumped':
        for (const known of this.#known.values()) known.delete(fact.place)
        return
      case 'placesKnown': {
        const known = this.#known.get(fact.process) ?? new Map<Place, FinishedIn>()
        this.#known.set(fact.process, known)
        for (const place of fact.places) known.delete(place)
        const moved = this.#moved.get(fact.process)
        for (const finished of fact.finished) if (!moved?.has(finished.place)) known.set(finished.place, finished)
        return
      }
      case 'handlerStarted': {
        const finished = this.#known.get(fact.process)?.get(fact.place)
        if (finished === undefined || !namesAsDone(finished, fact.offset)) return
        throw new Violation(this.name, `${fact.process.name} starts ${fact.place} at ${fact.offset}, which it was told is done`)
      }
    }
  }

  #check({ process, group }: { process: Process; group: string }, finished: FinishedIn, committed: number | undefined): void {
    if (finished.base !== committed) {
      throw new Violation(this.name, `${process.name} commits ${committed} with what is done above ${finished.base}`)
    }
    for (let offset = finished.base; offset < finished.top; offset++) {
      if (!namesAsDone(finished, offset) || this.#done.has(`${group}/${finished.place}/${offset}`)) continue
      throw new Violation(this.name, `${process.name} calls ${finished.place} at ${offset} done, which it never was`)
    }
  }
}
