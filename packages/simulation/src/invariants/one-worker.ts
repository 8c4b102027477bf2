import type { Process } from '@tidemark/testing/internal'
import { type Fact, type Invariant, ownedName, type Place, Violation } from '../facts.ts'

/** What is on its way when a partition changes hands; an answer may be held back for so long. */
const UNKNOWING_MS = 500
/**
 * A process that was stopped while its JoinGroup was parked at the coordinator may start records when it goes on,
 * before it reads the answer: a parked join is no silence.
 */
const STOPPED_MS = 600

interface Owner {
  readonly process: Process
  readonly sinceMs: number
}

/**
 * Nothing is started for a partition by a member to which it does not belong any more, once it belongs to another
 * one. Found in 0.1: a seek whose ListOffsets was answered while its partition was given up made a fresh claim, and
 * two members handled each record for good; an answer of NOT_COORDINATOR counted as a sign of life, and an expelled
 * member went on.
 */
export class OneWorker implements Invariant {
  readonly name = 'a partition has one member that works on it'
  readonly #owners = new Map<string, Owner>()
  readonly #stopped = new Set<Process>()

  see(fact: Fact): void {
    switch (fact.kind) {
      // What a crash takes back is told anew.
      case 'brokerCrashed':
        return this.#owners.clear()
      case 'memberStopped':
        this.#stopped.add(fact.process)
        return
      case 'syncDecided': {
        const sinceMs = fact.process.platform.clock.monotonic()
        for (const place of fact.places) {
          const key = `${fact.group}/${place}`
          if (this.#owners.get(key)?.process !== fact.process) this.#owners.set(key, { process: fact.process, sinceMs })
        }
        return
      }
      case 'handlerStarted':
        return this.#check(fact.process, fact.group, fact.place)
    }
  }

  #check(process: Process, group: string, place: Place): void {
    const owner = this.#owners.get(`${group}/${ownedName(place)}`)
    if (owner === undefined || owner.process === process) return
    const forMs = process.platform.clock.monotonic() - owner.sinceMs
    if (forMs <= (this.#stopped.has(process) ? STOPPED_MS : UNKNOWING_MS)) return
    const since = `which has belonged to ${owner.process.name} for ${forMs.toFixed(0)} ms`
    throw new Violation(this.name, `${process.name} starts a record of ${place}, ${since}`)
  }
}
