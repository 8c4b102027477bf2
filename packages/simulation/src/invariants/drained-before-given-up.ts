import { type Fact, type Handling, type Invariant, ownedName, type Place, Violation } from '../facts.ts'
import type { Process } from '../machine/process.ts'

/** Every drain of the world may take longer than this: a handler that ran for less was not waited for. */
const DRAIN_MS = 400
/** Of the time that `close()` may take, so much at least is the handlers'. */
const DRAIN_SHARE = 0.75

/**
 * A member that leaves a partition out of its next join, or leaves, has no handler of it running any more; unless the partition was lost or
 * sought elsewhere, or the drain took all its time and the handler was told to stop.
 */
export class DrainedBeforeGivenUp implements Invariant {
  readonly name = 'a partition is drained before it is given up'
  /** When the handlers of a member that is being closed have had the time that its caller gave them. */
  readonly #closesMs = new Map<Process, number>()
  readonly #running = new Map<Process, Map<string, { readonly handling: Handling; readonly startedMs: number }>>()

  see(fact: Fact): void {
    switch (fact.kind) {
      case 'handlerStarted': {
        const running = this.#running.get(fact.process) ?? new Map()
        this.#running.set(fact.process, running)
        running.set(`${fact.call}/${fact.offset}`, { handling: fact, startedMs: fact.process.platform.clock.monotonic() })
        return
      }
      case 'handlerDone':
      case 'handlerFailed':
        this.#running.get(fact.process)?.delete(`${fact.call}/${fact.offset}`)
        return
      case 'closeCalled':
        this.#closesMs.set(fact.process, fact.process.platform.clock.monotonic() + fact.timeoutMs * DRAIN_SHARE)
        return
      // Its member reads elsewhere: what it read before is not waited for, also where its signal tells of its time-out.
      case 'seekSettled':
      case 'outOfRangeTold': {
        const running = this.#running.get(fact.process)
        for (const [key, { handling }] of running ?? []) if (handling.place === fact.place) running!.delete(key)
        return
      }
      case 'lossKnown':
        this.#running.delete(fact.process)
        return
      case 'joinSent':
        return this.#check(fact.process, fact.owned)
      case 'leaveSent':
        return this.#check(fact.process, [])
    }
  }

  #check(process: Process, kept: readonly Place[]): void {
    for (const { handling, startedMs } of this.#running.get(process)?.values() ?? []) {
      const { place, offset } = handling
      if (kept.includes(ownedName(place))) continue
      const signal = handling.signal()
      if (signal.aborted && (signal.reason === 'lost' || signal.reason === 'seek')) continue
      if (signal.aborted && process.platform.clock.monotonic() - startedMs > DRAIN_MS) continue
      if (signal.aborted && process.platform.clock.monotonic() >= (this.#closesMs.get(process) ?? Number.POSITIVE_INFINITY)) continue
      throw new Violation(this.name, `${process.name} gives up ${place} while its handler of ${offset} runs`)
    }
  }
}
