/** What has to be done, what was done and what is committed, as the world knows it from facts: for the end of a run. */
import type { Fact, Place } from './facts.ts'

export interface Acknowledged {
  readonly place: Place
  readonly offset: number
}

export class Ledger {
  /** Every value that a producer sent and will not give up, and where it was acknowledged. */
  readonly sent = new Map<string, Acknowledged | undefined>()
  /** Producers that had something under way when a topic was deleted. */
  readonly #interrupted = new Set<string>()
  /** By group: the values that a handler did. */
  readonly #handled = new Map<string, Set<string>>()
  /** `group/place`: below this offset nothing has to be done. */
  readonly #jumped = new Map<string, number>()
  /** `group/place/offset`: counts as done. */
  readonly #ends = new Map<Place, number>()
  readonly #excused = new Set<string>()
  /** By group and place: the highest offset ever committed, and the last. */
  readonly committedMost = new Map<string, Map<Place, number>>()
  readonly committedLast = new Map<string, Map<Place, number>>()

  see(fact: Fact): void {
    switch (fact.kind) {
      case 'acknowledged':
        this.sent.set(fact.value, fact)
        this.#ends.set(fact.place, Math.max(fact.offset + 1, this.endOf(fact.place)))
        return
      case 'topicDeleted':
        for (const [value, at] of this.sent) if (at === undefined) this.#interrupted.add(producerOf(value))
        return
      case 'handlerDone':
        setOf(this.#handled, fact.group).add(fact.value)
        return
      case 'excused':
        this.#excused.add(`${fact.group}/${fact.place}/${fact.offset}`)
        return
      case 'jumped': {
        const key = `${fact.group}/${fact.place}`
        this.#jumped.set(key, Math.max(fact.offset, this.#jumped.get(key) ?? 0))
        return
      }
      case 'commitAccepted':
      case 'commitKnown': {
        const most = mapOf(this.committedMost, fact.group)
        const last = mapOf(this.committedLast, fact.group)
        for (const [place, offset] of fact.offsets) {
          most.set(place, Math.max(offset, most.get(place) ?? 0))
          last.set(place, offset)
        }
      }
    }
  }

  /**
   * Whether a value may stand twice in a topic that was made again. A broker takes any sequence of a producer that its
   * topic does not know: a later batch can come before one that was under way, and is sent again after it.
   */
  mayBeTwice(value: string): boolean {
    return this.#interrupted.has(producerOf(value))
  }

  /** The end of the log, as far as records were acknowledged. */
  endOf(place: Place): number {
    return this.#ends.get(place) ?? 0
  }

  isDone(group: string, value: string, { place, offset }: Acknowledged): boolean {
    return (
      this.#handled.get(group)?.has(value) === true ||
      offset < (this.#jumped.get(`${group}/${place}`) ?? 0) ||
      this.#excused.has(`${group}/${place}/${offset}`)
    )
  }

  isExcused(group: string, { place, offset }: Acknowledged): boolean {
    return this.#excused.has(`${group}/${place}/${offset}`)
  }

  /** Values that are not done, whatever is committed; those of topics that are gone do not count. */
  *open(group: string, exists: (place: Place) => boolean): Generator<string> {
    for (const [value, at] of this.sent) {
      if (at === undefined) yield value
      else if (exists(at.place) && !this.isDone(group, value, at)) yield value
    }
  }

  /** Whether everything up to the end of each log is committed. */
  isCommitted(group: string, exists: (place: Place) => boolean): boolean {
    const last = this.committedLast.get(group)
    for (const at of this.sent.values()) {
      if (at !== undefined && exists(at.place) && (last?.get(at.place) ?? 0) <= at.offset) return false
    }
    return true
  }
}

function mapOf<K, A, B>(maps: Map<K, Map<A, B>>, key: K): Map<A, B> {
  const map = maps.get(key) ?? new Map<A, B>()
  maps.set(key, map)
  return map
}

function setOf<K, A>(sets: Map<K, Set<A>>, key: K): Set<A> {
  const set = sets.get(key) ?? new Set<A>()
  sets.set(key, set)
  return set
}

const producerOf = (value: string): string => value.slice(0, value.indexOf(':'))
