import type { Process } from '@tidemark/testing/internal'
import { type Fact, type Handling, type Invariant, topicOf, Violation } from '../facts.ts'

const partitionOf = (place: string): number => Number(place.slice(place.lastIndexOf('-') + 1))

/**
 * What was paused starts nothing until `resume`, whatever is assigned, taken away and assigned again meanwhile. Found
 * in 0.1: a pause before the assignment was ignored, and a paused topic ran again when a partition of it came back.
 */
export class PausedStartsNothing implements Invariant {
  readonly name = 'what is paused starts nothing'
  /** By topic: undefined stands for all of its partitions. */
  readonly #paused = new Map<Process, Map<string, Set<number | undefined>>>()

  see(fact: Fact): void {
    if (fact.kind === 'handlerStarted') return this.#check(fact)
    if (fact.kind !== 'paused' && fact.kind !== 'resumed') return
    const topics = this.#paused.get(fact.process) ?? new Map<string, Set<number | undefined>>()
    this.#paused.set(fact.process, topics)
    const wishes = topics.get(fact.topic) ?? new Set()
    topics.set(fact.topic, wishes)
    if (fact.kind === 'paused') for (const p of fact.partitions ?? [undefined]) wishes.add(p)
    else if (fact.partitions === undefined) topics.delete(fact.topic)
    // Part of a topic that is paused as a whole runs again: which part does not matter, `resume` names it.
    else if (wishes.has(undefined)) topics.delete(fact.topic)
    else for (const p of fact.partitions) wishes.delete(p)
  }

  #check({ process, place, offset }: Handling): void {
    const wishes = this.#paused.get(process)?.get(topicOf(place))
    if (wishes?.has(undefined) || wishes?.has(partitionOf(place))) {
      throw new Violation(this.name, `${process.name} starts ${place} at ${offset}, which is paused`)
    }
  }
}
