import type { Process } from '@tidemark/testing/internal'
import { type Fact, type Handling, type Invariant, ownedName, Violation } from '../facts.ts'

/** The latest record of a key, or of a partition where its order is kept, and where this is known. */
export const laneOf = ({ how, place, key }: Handling): string => (how.order === 'key' ? `${place}/${key}` : place)
export const isOrdered = ({ how, key }: Handling): boolean => how.order !== 'none' && (how.order !== 'key' || key !== undefined)

/**
 * As long as a member keeps a partition and is not told to read elsewhere, records of one key start in the order of
 * the log.
 */
export class OrderOfKeys implements Invariant {
  readonly name = 'order is kept per key'
  readonly #last = new Map<Process, Map<string, number>>()
  readonly #seeking = new Set<number>()

  see(fact: Fact): void {
    switch (fact.kind) {
      case 'handlerStarted':
        // A batch that is tried again begins anew.
        if (isOrdered(fact) && fact.how.order !== 'batches' && this.#seeking.size === 0) this.#check(fact)
        return
      case 'seekCalled':
        this.#seeking.add(fact.call)
        return
      case 'seekSettled':
        this.#seeking.delete(fact.call)
        return this.#forget(fact.process, () => false)
      case 'outOfRangeTold':
      case 'offsetListed':
      case 'lossKnown':
      case 'leaveSent':
        return this.#forget(fact.process, () => false)
      // A claim begins anew, also where a crash of the broker took its generation back.
      case 'placesKnown':
        return this.#forget(fact.process, (place) => !fact.places.some((p) => ownedName(p) === place))
      case 'joinSent':
        return this.#forget(fact.process, (place) => fact.owned.includes(place))
      case 'syncAnswered':
        return this.#forget(fact.process, (place) => fact.places.includes(place))
    }
  }

  #forget(process: Process, keeps: (place: string) => boolean): void {
    const lanes = this.#last.get(process)
    for (const lane of lanes?.keys() ?? []) if (!keeps(ownedName(lane.split('/')[0]!))) lanes!.delete(lane)
  }

  #check(handling: Handling): void {
    const { process, place, key, offset } = handling
    const lanes = this.#last.get(process) ?? new Map<string, number>()
    this.#last.set(process, lanes)
    const lane = laneOf(handling)
    const last = lanes.get(lane) ?? -1
    if (offset < last) throw new Violation(this.name, `${process.name} starts ${place} at ${offset}, key ${key}, after ${last}`)
    lanes.set(lane, offset)
  }
}
