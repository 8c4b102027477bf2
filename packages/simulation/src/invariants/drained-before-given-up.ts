import { type Fact, type Invariant, Violation } from '../facts.ts'
import type { Process } from '../machine/process.ts'

interface Running {
  readonly partition: number
  readonly claim: AbortSignal
  readonly startedMs: number
}

/** Every drain of the world may take longer than this: a handler that ran for less was not waited for. */
const DRAIN_MS = 400

/**
 * A member that leaves a partition out of its next join, or leaves, has no handler of it running any more; unless the partition was lost, or
 * the drain took all its time and the handler was told to stop.
 */
export class DrainedBeforeGivenUp implements Invariant {
  readonly name = 'a partition is drained before it is given up'
  readonly #running = new Map<Process, Map<string, Running>>()

  see(fact: Fact): void {
    switch (fact.kind) {
      case 'handlerStarted': {
        const running = this.#running.get(fact.process) ?? new Map()
        this.#running.set(fact.process, running)
        running.set(`${fact.partition}/${fact.offset}`, { ...fact, startedMs: fact.process.platform.clock.monotonic() })
        return
      }
      case 'handlerDone':
      case 'handlerFailed':
        this.#running.get(fact.process)?.delete(`${fact.partition}/${fact.offset}`)
        return
      case 'lossKnown':
        this.#running.delete(fact.process)
        return
      case 'joinSent':
        return this.#check(fact.process, fact.owned)
      case 'leaveSent':
        return this.#check(fact.process, [])
    }
  }

  #check(process: Process, kept: readonly number[]): void {
    for (const [record, { partition, claim, startedMs }] of this.#running.get(process) ?? []) {
      if (kept.includes(partition) || claim.reason === 'lost') continue
      if (claim.aborted && process.platform.clock.monotonic() - startedMs > DRAIN_MS) continue
      throw new Violation(this.name, `${process.name} gives up partition ${partition} while its handler of ${record} runs`)
    }
  }
}
