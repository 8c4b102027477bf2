import type { Process } from '@tidemark/testing/internal'
import { type Fact, type Invariant, topicOf, Violation } from '../facts.ts'

/**
 * Never more handlers of a topic in one process than `concurrency` says, those whose time is over among them: they
 * run as long as they have not settled.
 */
export class Concurrency implements Invariant {
  readonly name = 'no more handlers than the concurrency run at once'
  readonly #running = new Map<Process, Map<string, Set<number>>>()

  see(fact: Fact): void {
    if (fact.kind !== 'handlerStarted' && fact.kind !== 'handlerDone' && fact.kind !== 'handlerFailed') return
    const topic = topicOf(fact.place)
    const topics = this.#running.get(fact.process) ?? new Map<string, Set<number>>()
    this.#running.set(fact.process, topics)
    const running = topics.get(topic) ?? new Set<number>()
    topics.set(topic, running)
    if (fact.kind !== 'handlerStarted') running.delete(fact.call)
    else if (running.add(fact.call).size > fact.how.concurrency) {
      throw new Violation(this.name, `${fact.process.name} runs ${running.size} handlers of ${topic}; ${fact.how.concurrency} may`)
    }
  }
}
