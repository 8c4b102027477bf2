import type { Process } from '@tidemark/testing/internal'
import { type Fact, type Handling, type Invariant, Violation } from '../facts.ts'
import { isOrdered, laneOf } from './order-of-keys.ts'

/**
 * A call that was told to stop because its partition is another claim's now. One whose time is over is not among
 * them.
 */
const GONE: ReadonlySet<unknown> = new Set(['lost', 'revoked', 'seek', 'shutdown'])

/**
 * In one process no two calls for one record run at once, nor for two records of one key (order `key`) or partition
 * (order `partition`, batches): a handler whose time is over keeps its place until it settles. Found in 0.1: with
 * `timeoutMs` a slot and a key were freed while the first call still ran; five calls for one record were seen.
 */
export class OneCallAtATime implements Invariant {
  readonly name = 'no two calls for one record, key or partition run at once'
  readonly #truncated: boolean
  readonly #running = new Map<Process, Map<string, Handling>>()

  /**
   * `truncated`: a claim may be moved because its log was cut, which cannot be seen from outside; of a call that was
   * over its time before, the signal still says `timeout`.
   */
  constructor(truncated: boolean) {
    this.#truncated = truncated
  }

  see(fact: Fact): void {
    if (fact.kind === 'handlerDone' || fact.kind === 'handlerFailed') {
      const running = this.#running.get(fact.process)
      for (const lane of lanesOf(fact)) if (running?.get(lane)?.call === fact.call) running.delete(lane)
    }
    if (fact.kind !== 'handlerStarted') return
    const running = this.#running.get(fact.process) ?? new Map<string, Handling>()
    this.#running.set(fact.process, running)
    for (const lane of lanesOf(fact)) {
      const other = running.get(lane)
      if (other !== undefined && other.call !== fact.call && !this.#isGone(other)) {
        const what = `${fact.process.name} starts ${fact.place} at ${fact.offset}, key ${fact.key}`
        throw new Violation(this.name, `${what}, while its call for ${other.offset} runs`)
      }
      running.set(lane, fact)
    }
  }

  #isGone(handling: Handling): boolean {
    const signal = handling.signal()
    return signal.aborted && (GONE.has(signal.reason) || (this.#truncated && signal.reason === 'timeout'))
  }
}

const lanesOf = (h: Handling): string[] => [`${h.place}@${h.offset}`, ...(isOrdered(h) ? [laneOf(h)] : [])]
