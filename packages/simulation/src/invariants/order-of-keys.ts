import { type Fact, type Invariant, Violation } from '../facts.ts'

/** Within a claim the records of one key are handled one after the other, in the order of the log. */
export class OrderOfKeys implements Invariant {
  readonly name = 'order is kept per key'
  readonly #last = new Map<AbortSignal, Map<string, { offset: number; running: boolean }>>()

  see(fact: Fact): void {
    if (fact.kind === 'handlerDone' || fact.kind === 'handlerFailed') {
      const last = this.#last.get(fact.claim)?.get(fact.key)
      if (last?.offset === fact.offset) last.running = false
    }
    if (fact.kind !== 'handlerStarted') return
    const keys = this.#last.get(fact.claim) ?? new Map<string, { offset: number; running: boolean }>()
    this.#last.set(fact.claim, keys)
    const last = keys.get(fact.key)
    if (last !== undefined && (last.running || fact.offset < last.offset)) {
      const how = last.running ? 'is still running' : 'was handled before'
      throw new Violation(
        this.name,
        `${fact.process.name} starts ${fact.partition}/${fact.offset} of key ${fact.key} while ${last.offset} ${how}`,
      )
    }
    keys.set(fact.key, { offset: fact.offset, running: true })
  }
}
