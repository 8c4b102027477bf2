import type { Process } from '@tidemark/testing/internal'
import { type Fact, type Handling, type Invariant, ownedName, type Place, topicOf, Violation } from '../facts.ts'

/**
 * Every drain of the world may take longer than this, from its beginning, or from that of the rebalance that waits
 * for it: a handler that ran for less was not waited for.
 */
const DRAIN_MS = 400
/** Of the time that `close()` may take, so much at least is the handlers'. */
const DRAIN_SHARE = 0.75
/** A partition that a store gave to another member; the signal of a call may have told of its time-out before. */
const LOST = /: (\S+) was lost before all that is done was committed/

/**
 * A member that leaves a partition out of its next join, or leaves, has no handler of it running any more; unless the
 * partition was lost or sought elsewhere, or the drain took all its time and the handler was told to stop.
 */
export class DrainedBeforeGivenUp implements Invariant {
  readonly name = 'a partition is drained before it is given up'
  readonly #truncated: boolean
  readonly #stuckMs: ReadonlyMap<string, number>
  /** When the handlers of a member that is being closed have had the time that its caller gave them. */
  readonly #closesMs = new Map<Process, number>()
  /** What was wrong when a member left, until its run settles. */
  readonly #leaving = new Map<Process, Violation | undefined>()
  readonly #running = new Map<
    Process,
    Map<string, { readonly handling: Handling; readonly startedMs: number; readonly stableMs: number }>
  >()
  readonly #stableMs = new Map<Process, number>()

  /**
   * `truncated`: a claim may be moved because its log was cut, which cannot be seen from outside; of such a call the
   * signal may still say `timeout`. `stuckMs`, by topic: after so long a call is known to be stuck, and is not waited
   * for.
   */
  constructor(truncated: boolean, stuckMs: ReadonlyMap<string, number>) {
    this.#truncated = truncated
    this.#stuckMs = stuckMs
  }

  see(fact: Fact): void {
    switch (fact.kind) {
      case 'handlerStarted': {
        const running = this.#running.get(fact.process) ?? new Map()
        this.#running.set(fact.process, running)
        const startedMs = fact.process.platform.clock.monotonic()
        // A member that gives everything up, for a reason of its own too, takes the rebalance to have begun there.
        const stableMs = this.#stableMs.get(fact.process) ?? startedMs
        running.set(`${fact.call}/${fact.offset}`, { handling: fact, startedMs, stableMs })
        return
      }
      case 'stableKnown':
        this.#stableMs.set(fact.process, fact.atMs)
        return
      case 'handlerDone':
      case 'handlerFailed':
        this.#running.get(fact.process)?.delete(`${fact.call}/${fact.offset}`)
        return
      case 'closeCalled':
        return this.#closing(fact.process, fact.timeoutMs * DRAIN_SHARE)
      case 'topicDeleted':
        for (const running of this.#running.values()) {
          for (const [key, { handling }] of running) if (handling.place.startsWith(`${fact.topic}-`)) running.delete(key)
        }
        return
      // Its member reads elsewhere: what it read before is not waited for, also where its signal tells of its time-out.
      case 'seekSettled':
      case 'outOfRangeTold': {
        const running = this.#running.get(fact.process)
        for (const [key, { handling }] of running ?? []) if (handling.place === fact.place) running!.delete(key)
        return
      }
      case 'shown': {
        const [, lost] = LOST.exec(fact.what) ?? []
        const running = this.#running.get(fact.process)
        for (const [key, { handling }] of running ?? []) if (ownedName(handling.place) === lost) running!.delete(key)
        return
      }
      case 'joinAnswered':
        if (fact.eager) this.#running.delete(fact.process)
        return
      case 'lossKnown':
        this.#running.delete(fact.process)
        return
      case 'syncAnswered': {
        const running = this.#running.get(fact.process)
        for (const [key, { handling }] of running ?? []) {
          if (fact.eager && !fact.places.includes(ownedName(handling.place))) running!.delete(key)
        }
        return
      }
      case 'joinSent':
        return this.#judge(this.#broken(fact.process, fact.owned, fact.stableMs))
      case 'leaveSent':
        this.#leaving.set(fact.process, this.#broken(fact.process, [], fact.stableMs))
        return
      // An error that ended the run did so before, which cannot be seen from outside: the drain counts from then.
      case 'runSettled':
        if (fact.error === undefined || fact.error === 'COMMIT_FAILED') this.#judge(this.#leaving.get(fact.process))
        return
    }
  }

  /** The shortest of its limits counts. */
  #closing(process: Process, withinMs: number): void {
    const untilMs = process.platform.clock.monotonic() + withinMs
    this.#closesMs.set(process, Math.min(untilMs, this.#closesMs.get(process) ?? Number.POSITIVE_INFINITY))
  }

  #judge(violation: Violation | undefined): void {
    if (violation !== undefined) throw violation
  }

  #broken(process: Process, kept: readonly Place[], stableMs: number): Violation | undefined {
    const nowMs = process.platform.clock.monotonic()
    for (const { handling, startedMs, stableMs: stableBeforeMs } of this.#running.get(process)?.values() ?? []) {
      const { place, offset } = handling
      if (kept.includes(ownedName(place))) continue
      const signal = handling.signal()
      if (signal.aborted && this.#truncated && signal.reason === 'timeout') continue
      if (signal.aborted && (signal.reason === 'lost' || signal.reason === 'seek')) continue
      const stuckMs = this.#stuckMs.get(topicOf(place)) ?? Number.POSITIVE_INFINITY
      if (signal.aborted && signal.reason === 'timeout' && nowMs - startedMs >= stuckMs) continue
      if (signal.aborted && nowMs - Math.min(startedMs, stableBeforeMs, stableMs) > DRAIN_MS) continue
      if (signal.aborted && nowMs >= (this.#closesMs.get(process) ?? Number.POSITIVE_INFINITY)) continue
      return new Violation(this.name, `${process.name} gives up ${place} while its handler of ${offset} runs`)
    }
    return undefined
  }
}
