import { type Fact, type Invariant, type Place, Violation } from '../facts.ts'

interface Known {
  readonly done: Set<number>
  /** Below this everything is known to be done, or was jumped over. */
  checked: number
}

/**
 * No commit passes a record that is not done: not when it is sent, whichever member of the group did the work. What a
 * member was told to jump over (`seek`, a place to begin) counts as done.
 */
export class CommitBehindWork implements Invariant {
  readonly name = 'no commit passes a record that is not done'
  readonly #known = new Map<string, Known>()

  see(fact: Fact): void {
    if (fact.kind === 'handlerDone' || fact.kind === 'excused') this.#of(fact.group, fact.place).done.add(fact.offset)
    if (fact.kind === 'jumped') {
      const known = this.#of(fact.group, fact.place)
      known.checked = Math.max(known.checked, fact.offset)
    }
    if (fact.kind !== 'commitSent') return
    for (const [place, offset] of fact.offsets) {
      const known = this.#of(fact.group, place)
      for (; known.checked < offset; known.checked++) {
        if (known.done.has(known.checked)) continue
        throw new Violation(this.name, `${fact.process.name} commits ${offset} for ${place}, but ${known.checked} was never done`)
      }
    }
  }

  #of(group: string, place: Place): Known {
    const key = `${group}/${place}`
    const known = this.#known.get(key) ?? { done: new Set(), checked: 0 }
    this.#known.set(key, known)
    return known
  }
}
