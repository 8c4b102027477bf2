import type { Process } from '@tidemark/testing/internal'
import { type Fact, type Invariant, ownedName, type Place, Violation } from '../facts.ts'
import { covers, type Recorded } from './recorded.ts'

/**
 * `run()` rejects COMMIT_FAILED only for partitions of which something is done and not on record, as far as the
 * member can know: each that it names has a record at its offset or above that counts as done and that no commit
 * covers whose answer the member got; or it was moved to another place in the log (a seek, a place to begin, a
 * position out of range), and no commit was acknowledged since.
 */
export class CommitFailedIsTrue implements Invariant {
  readonly name = 'COMMIT_FAILED names what is done and not on record'
  /** `group/place`: a handler did it, or it counts as done all the same. */
  readonly #done = new Map<string, Set<number>>()
  /** By member, and for places to begin by group. */
  readonly #moved = new Map<Process | string, Set<string>>()
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
      case 'seekSettled':
      case 'offsetListed':
        return this.#move(fact.process, fact.place)
      case 'jumped':
        return this.#move(fact.group, fact.place)
      case 'commitAcknowledged': {
        const known = this.#acknowledged.get(fact.process) ?? new Map<Place, Recorded>()
        this.#acknowledged.set(fact.process, known)
        for (const [place, offset] of fact.offsets) {
          this.#moved.get(fact.process)?.delete(ownedName(place))
          known.set(place, { atMs: 0, offset, finished: fact.finished.find((f) => f.place === place) })
        }
        return
      }
      case 'runSettled':
        for (const [place, offset] of fact.uncommitted) this.#check(fact.process, fact.group, place, offset)
    }
  }

  #move(who: Process | string, place: Place): void {
    const moved = this.#moved.get(who) ?? new Set()
    this.#moved.set(who, moved.add(ownedName(place)))
  }

  #check(process: Process, group: string, place: Place, from: number): void {
    if ([process, group].some((who) => this.#moved.get(who)?.has(ownedName(place)))) return
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
