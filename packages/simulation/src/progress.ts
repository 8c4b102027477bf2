/**
 * Once the faults are over each group goes on: what is left of its work is handled, and no time goes by in which
 * nothing is.
 */
import { type Fact, Violation } from './facts.ts'
import type { World } from './world.ts'

const LOOKS_EVERY_MS = 250
/**
 * The sum of what a group may wait for: a node that comes back (1.5 s), a pause (1.5 s), the sessions and rebalances of
 * members that are gone, the time-out of a request, and its back-off. Measured: see docs/invariants.md.
 */
const WITHIN_MS = 20_000

const isProgress = (fact: Fact): fact is Extract<Fact, { group: string }> =>
  fact.kind === 'handlerStarted' || fact.kind === 'handlerDone' || fact.kind === 'excused' || fact.kind === 'commitAccepted'

export class Progress {
  readonly #world: World
  readonly #lastMs = new Map<string, number>()
  #sinceMs = 0
  /** The longest that a group waited. */
  longestMs = 0

  constructor(world: World) {
    this.#world = world
  }

  see(fact: Fact): void {
    if (isProgress(fact)) this.#lastMs.set(fact.group, this.#world.scheduler.now)
  }

  /** The faults are over, and what they have left behind is at this time. */
  watch(fromMs: number): void {
    this.#sinceMs = fromMs
    this.#look()
  }

  #look(): void {
    const { scheduler, plan, groups } = this.#world
    // Whether what a loss of power took is waited for cannot be known.
    if (plan.everything?.truncation) return
    for (const group of groups) this.#judge(group)
    scheduler.later(LOOKS_EVERY_MS, () => this.#look())
  }

  #judge(group: string): void {
    const { scheduler, ledger, isTopicBeingRemade } = this.#world
    const sinceMs = Math.max(this.#sinceMs, this.#lastMs.get(group) ?? 0)
    const waitedMs = scheduler.now - sinceMs
    if (waitedMs < LOOKS_EVERY_MS || isTopicBeingRemade) return
    const [open] = ledger.open(group, (place) => this.#world.exists(place))
    if (open === undefined) return
    this.longestMs = Math.max(this.longestMs, waitedMs)
    if (waitedMs <= WITHIN_MS) return
    this.#world.violation ??= new Violation(
      'after the faults each group makes progress',
      `${group} has handled nothing for ${Math.round(waitedMs)} ms, and ${open} is open`,
    )
  }
}
