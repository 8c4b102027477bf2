import type { Process } from '@tidemark/testing/internal'
import { type Fact, type Invariant, Violation } from '../facts.ts'

/** The first time something is refused it is tried again; from the second time on it can be seen. */
const REFUSALS_UNSEEN_MAX = 4
/** What was asked for several topics at once is refused within that time. */
const MOMENT_MS = 10
/** Within that time each of several claims may be refused for the first time. */
const UNSEEN_MS_MAX = 300

/**
 * What a client asks of each partition is tried again by itself: with several partitions each may be refused for the
 * first time, and then be answered. What is asked for a group as a whole is counted as a whole.
 */
const TRIED_BY_PARTITION: ReadonlySet<string> = new Set(['Fetch', 'ListOffsets'])

interface Refusals {
  readonly sinceMs: number
  lastMs: number
  /** What is refused in one moment, for several topics for instance, counts once: nothing could be shown in between. */
  count: number
}

/**
 * What is refused again and again can be seen: as an event, a report or the rejection of `run()`.
 * Found in 0.1: a join that was refused for good left no trace but a consumer that did nothing.
 */
export class NothingIsSilent implements Invariant {
  readonly name = 'nothing is silent'
  readonly #refused = new Map<Process, Map<string, Refusals>>()

  see(fact: Fact): void {
    if (fact.kind === 'shown') this.#refused.delete(fact.process)
    // A seek that was refused rejects: its caller knows.
    if (fact.kind === 'placesKnown' || fact.kind === 'seekSettled') this.#beginAnew(fact.process)
    // A rebalance is nothing that fails.
    if (fact.kind !== 'refused' || fact.error === 'REBALANCE_IN_PROGRESS') return
    const causes = this.#refused.get(fact.process) ?? new Map<string, Refusals>()
    this.#refused.set(fact.process, causes)
    const nowMs = fact.process.platform.clock.monotonic()
    for (const cause of causesOf(fact)) {
      const refusals = causes.get(cause) ?? { sinceMs: nowMs, lastMs: Number.NEGATIVE_INFINITY, count: 0 }
      causes.set(cause, refusals)
      if (nowMs > refusals.lastMs + MOMENT_MS) refusals.count++
      refusals.lastMs = nowMs
      if (refusals.count <= REFUSALS_UNSEEN_MAX || nowMs - refusals.sinceMs <= UNSEEN_MS_MAX) continue
      throw new Violation(this.name, `${fact.process.name} was refused ${refusals.count} times (${cause}), and shows nothing`)
    }
  }

  /** New claims, and those who called, count their own attempts. */
  #beginAnew(process: Process): void {
    const causes = this.#refused.get(process)
    for (const cause of causes?.keys() ?? []) if (TRIED_BY_PARTITION.has(cause.split(' ')[0]!)) causes!.delete(cause)
  }
}

function causesOf({ api, error, partitions }: Extract<Fact, { kind: 'refused' }>): string[] {
  if (!TRIED_BY_PARTITION.has(api)) return [`${api}: ${error}`]
  return partitions.map((partition) => `${api} of ${partition}: ${error}`)
}
