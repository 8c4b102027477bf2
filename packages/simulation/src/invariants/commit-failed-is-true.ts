import { type Fact, type Invariant, ownedName, type Place, Violation } from '../facts.ts'
import type { Process } from '../machine/process.ts'
import { covers, type Recorded } from './recorded.ts'

/**
 * `run()` rejects COMMIT_FAILED only for partitions of which something is done and not on record, as far as the
 * member can know: each that it names has a record at its offset or above that counts as done and that no commit
 * covers whose answer the member got.
 */
export class CommitFailedIsTrue implements Invariant {
  readonly name = 'COMMIT_FAILED names what is done and not on record'
  /** `group/place`: a handler did it, or it counts as done all the same. */
  readonly #done = new Map<string, Set<number>>()
  readonly #acknowledged = new Map<Process, Map<Place, Recorded>>()

  see(fact: Fact): void {
    switch (fact.kind) {
      case 'handlerDone':
      case 'excused': {
        const key = `${fact.group}/${fact.place}`
        const done = this.#done.get(key) ?? new Set()
        this.#done.set(key, done.add(fact.offset))
        return
      }
      case 'commitAcknowledged': {
        const known = this.#acknowledged.get(fact.process) ?? new Map<Place, Recorded>()
        this.#acknowledged.set(fact.process, known)
        for (const [place, offset] of fact.offsets) {
          known.set(place, { atMs: 0, offset, finished: fact.finished.find((f) => f.place === place) })
        }
        return
      }
      case 'runSettled':
        for (const [place, offset] of fact.uncommitted) this.#check(fact.process, fact.group, place, offset)
    }
  }

  #check(process: Process, group: string, place: Place, from: number): void {
    const last = this.#acknowledged.get(process)?.get(place)
    // A topic that was made again has the name of the one whose records were done.
    for (const [key, done] of this.#done) {
      if (ownedName(key) !== `${group}/${ownedName(place)}`) continue
      for (const offset of done) if (offset >= from && (last === undefined || !covers(last, offset))) return
    }
    const text = `${process.name} says that ${place} from ${from} on is done and not on record, and nothing of it is`
    throw new Violation(this.name, text)
  }
}
