/**
 * What members did of the partitions that they hold, next to what is on record; for the invariants that compare the
 * two.
 */

import type { Process } from '@tidemark/testing/internal'
import { type Fact, ownedName, type Place } from '../facts.ts'
import { covers, type Recorded, Records } from './recorded.ts'

const NOT_COUNTED: ReadonlySet<unknown> = new Set(['timeout', 'lost', 'seek'])

interface Work {
  readonly group: string
  readonly done: Set<number>
  first: number
}

export interface Uncommitted {
  readonly place: Place
  /** Everything below, from the first record that was started, is done. */
  readonly doneUpTo: number
  /** -1: nothing. */
  readonly recorded: number
}

export class DoneWork {
  readonly #records = new Records()
  readonly #work = new Map<Process, Map<Place, Work>>()
  readonly #deleted = new Set<string>()
  /**
   * Members that have left, with what was on record then, or put there by them later: the next owner may be told to
   * begin elsewhere.
   */
  readonly #gone = new Map<Process, Map<Place, Recorded | undefined>>()
  readonly #mapsAreWhole: boolean

  /** `mapsAreWhole`: a commit can carry all of what is done above its offset. */
  constructor(mapsAreWhole: boolean) {
    this.#mapsAreWhole = mapsAreWhole
  }

  see(fact: Fact): void {
    this.#records.see(fact)
    switch (fact.kind) {
      case 'handlerStarted': {
        const work = this.#at(fact.process, fact.group, fact.place)
        work.first = Math.min(work.first, fact.offset)
        return
      }
      case 'handlerDone':
        // A call whose time was over has failed, however it ends; one of a claim that has ended does not count.
        if (fact.how.isCommittedByHand) return
        if (!this.#gone.has(fact.process) && !NOT_COUNTED.has(fact.signal().reason))
          this.#at(fact.process, fact.group, fact.place).done.add(fact.offset)
        return
      // What was on record before somebody of the group went elsewhere is not its fault if it is not any more.
      case 'jumped':
        for (const [process, places] of this.#work) {
          const work = places.get(fact.place)
          if (work?.group === fact.group && this.#uncommittedOf(process, fact.place, work) === undefined) places.delete(fact.place)
        }
        return
      case 'topicDeletionSent':
        this.#deleted.add(fact.topic)
        return
      case 'placesKnown': {
        for (const place of fact.places) this.#work.get(fact.process)?.delete(place)
        return
      }
      case 'seekCalled':
      case 'seekSettled':
      case 'offsetListed':
      case 'outOfRangeTold':
        this.#work.get(fact.process)?.delete(fact.place)
        return
      case 'syncAnswered': {
        const work = this.#work.get(fact.process)
        for (const place of work?.keys() ?? []) if (fact.eager && !fact.places.includes(ownedName(place))) work!.delete(place)
        return
      }
      case 'commitAccepted': {
        const gone = this.#gone.get(fact.process)
        for (const place of fact.offsets.keys()) gone?.set(place, this.#records.of(fact.group, place).at(-1))
        return
      }
      case 'leaveSent':
        this.#gone.set(fact.process, new Map([...this.#of(fact.process).keys()].map((p) => [p, this.#records.of(fact.group, p).at(-1)])))
        return
      case 'joinAnswered':
        if (fact.eager) this.#work.delete(fact.process)
        return
      case 'lossKnown':
      // When it goes on, the time of a drain may be over, and what it did is left to the next owner.
      case 'memberStopped':
        this.#work.delete(fact.process)
        return
      case 'joinSent': {
        const work = this.#work.get(fact.process)
        for (const place of work?.keys() ?? []) if (!fact.owned.includes(ownedName(place))) work!.delete(place)
      }
    }
  }

  /** What the member did of a partition is nobody's claim any more; the place as assignments name it. */
  forget(process: Process, owned: Place): void {
    const work = this.#work.get(process)
    for (const place of work?.keys() ?? []) if (ownedName(place) === owned) work!.delete(place)
  }

  #of(process: Process): Map<Place, Work> {
    const places = this.#work.get(process) ?? new Map<Place, Work>()
    this.#work.set(process, places)
    return places
  }

  #at(process: Process, group: string, place: Place): Work {
    const places = this.#of(process)
    const work = places.get(place) ?? { group, done: new Set<number>(), first: Number.POSITIVE_INFINITY }
    places.set(place, work)
    return work
  }

  /** The partitions of a member of which less is on record than it did. */
  *uncommitted(process: Process): Generator<Uncommitted> {
    for (const [place, work] of this.#work.get(process) ?? []) {
      if (this.#deleted.has(place.slice(0, place.lastIndexOf('-')))) continue
      const uncommitted = this.#uncommittedOf(process, place, work)
      if (uncommitted !== undefined) yield uncommitted
    }
  }

  #uncommittedOf(process: Process, place: Place, { group, done, first }: Work): Uncommitted | undefined {
    let end = first
    while (done.has(end)) end++
    const last = this.#gone.get(process)?.get(place) ?? this.#records.of(group, place).at(-1)
    const recorded = last?.offset ?? -1
    // Records between are open, or held back by a busy key: only a map can tell of those above.
    if (!this.#mapsAreWhole && recorded >= 0 && recorded < first) return undefined
    // A record below the first may be open: its key was busy. Then the map of the commit says what is done.
    const isRecorded = (offset: number): boolean => last !== undefined && covers(last, offset)
    const isOpen = Array.from({ length: Math.max(0, end - first) }, (_, i) => first + i).some((o) => !isRecorded(o))
    return isOpen ? { place, doneUpTo: end, recorded } : undefined
  }
}
