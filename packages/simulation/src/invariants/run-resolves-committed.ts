import { type Fact, type FinishedIn, type Invariant, ownedName, type Place, Violation } from '../facts.ts'
import type { Process } from '../machine/process.ts'
import { namesAsDone, Records } from './recorded.ts'

interface Work {
  readonly done: Set<number>
  first: number
}

/**
 * `run()` resolves only if everything that was done is on record: the records of the partitions that the member held until then, from the
 * first it started up to the first that is not done.
 * Found in 0.1: with every commit refused, or the broker gone, `run()` resolved all the same.
 */
export class RunResolvesCommitted implements Invariant {
  readonly name = 'run() resolves only if what was done is committed'
  readonly #records = new Records()
  readonly #work = new Map<Process, Map<Place, Work>>()
  readonly #known = new Map<Process, Map<Place, FinishedIn>>()

  see(fact: Fact): void {
    this.#records.see(fact)
    switch (fact.kind) {
      case 'handlerStarted': {
        const work = this.#of(fact.process, fact.place)
        work.first = Math.min(work.first, fact.offset)
        return
      }
      case 'handlerDone':
        this.#of(fact.process, fact.place).done.add(fact.offset)
        return
      case 'placesKnown': {
        const known = this.#known.get(fact.process) ?? new Map<Place, FinishedIn>()
        this.#known.set(fact.process, known)
        for (const f of fact.finished) known.set(f.place, f)
        for (const place of fact.places) this.#work.get(fact.process)?.delete(place)
        return
      }
      case 'seekCalled':
      case 'seekSettled':
      case 'offsetListed':
      case 'outOfRangeTold':
        this.#work.get(fact.process)?.delete(fact.place)
        return
      case 'lossKnown':
        this.#work.delete(fact.process)
        return
      case 'joinSent': {
        const work = this.#work.get(fact.process)
        for (const place of work?.keys() ?? []) if (!fact.owned.includes(ownedName(place))) work!.delete(place)
        return
      }
      case 'brokerCrashed':
        if (fact.power) this.#work.clear()
        return
      case 'runSettled':
        if (fact.error === undefined && !fact.manual) this.#check(fact)
    }
  }

  #of(process: Process, place: Place): Work {
    const places = this.#work.get(process) ?? new Map<Place, Work>()
    this.#work.set(process, places)
    const work = places.get(place) ?? { done: new Set<number>(), first: Number.POSITIVE_INFINITY }
    places.set(place, work)
    return work
  }

  #check({ process, group }: { process: Process; group: string }): void {
    for (const [place, { done, first }] of this.#work.get(process) ?? []) {
      const before = this.#known.get(process)?.get(place)
      let end = first
      while (done.has(end) || (before !== undefined && namesAsDone(before, end))) end++
      if (end === first) continue
      const recorded = this.#records.of(group, place).at(-1)?.offset ?? -1
      if (recorded >= end) continue
      throw new Violation(this.name, `run() of ${process.name} resolved, ${place} is done up to ${end}, and on record is ${recorded}`)
    }
  }
}
