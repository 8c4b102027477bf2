/** What the group has on record, as commits were accepted; for the invariants that compare it with what was done. */
import { type Fact, type FinishedIn, ownedName, type Place } from '../facts.ts'

export interface Recorded {
  readonly atMs: number
  readonly offset: number
  readonly finished: FinishedIn | undefined
}

export const namesAsDone = ({ base, top, open }: FinishedIn, offset: number): boolean =>
  offset >= base && offset < top && !open.includes(offset)

/** Whether the commit says of this record that it is done. */
export const covers = ({ offset, finished }: Recorded, record: number): boolean =>
  record < offset || (finished !== undefined && namesAsDone(finished, record))

export class Records {
  readonly #accepted = new Map<string, Recorded[]>()

  see(fact: Fact): void {
    if (fact.kind === 'commitKnown') {
      for (const [place, offset] of fact.offsets) {
        // What is known already, is known with its map.
        if (this.of(fact.group, place).at(-1)?.offset === offset) continue
        this.#add(fact.group, place, { atMs: Number.NEGATIVE_INFINITY, offset, finished: undefined })
      }
    }
    if (fact.kind !== 'commitAccepted') return
    const atMs = fact.process.platform.clock.monotonic()
    for (const [place, offset] of fact.offsets) {
      this.#add(fact.group, place, { atMs, offset, finished: fact.finished.find((f) => f.place === place) })
    }
  }

  #add(group: string, place: Place, recorded: Recorded): void {
    const key = `${group}/${place}`
    const all = this.#accepted.get(key)
    if (all === undefined) this.#accepted.set(key, [recorded])
    else all.push(recorded)
  }

  /** Of all topics that ever had the name of this one. */
  named(group: string, owned: Place): readonly Recorded[] {
    return [...this.#accepted].flatMap(([key, all]) => (ownedName(key) === `${group}/${owned}` ? all : []))
  }

  /** In the order in which they were accepted. */
  of(group: string, place: Place): readonly Recorded[] {
    return this.#accepted.get(`${group}/${place}`) ?? []
  }
}
