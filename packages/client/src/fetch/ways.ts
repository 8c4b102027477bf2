/**
 * When a Fetch may go to a leader, and how long it may be parked there. Pure but for its own memory.
 *
 * There are two ways to each leader, each with connections of its own. The first is for all partitions that may be read, and is parked
 * for as long as the options say. The second is for those that may be read again while the first is parked: it is parked for a short time,
 * twice as long each time that nothing came, and never beyond the end of the first, so that their partitions join again.
 */
export interface Way {
  /** Whose connections it uses. */
  readonly owner: object
  /** Until when a Fetch may be parked at each leader that has one. */
  readonly untilMs: Map<number, number>
}

const SECOND_WAIT_MS = 20
/** A Fetch waits this long for the end of the other one, to join it. */
const JOIN_WAIT_MS = 10

export class Ways {
  readonly count = 2
  readonly first: Way = { owner: {}, untilMs: new Map() }
  readonly #second: Way = { owner: {}, untilMs: new Map() }
  readonly #secondWaitMs = new Map<number, number>()
  readonly #waitMaxMs: number

  constructor(waitMaxMs: number) {
    this.#waitMaxMs = waitMaxMs
  }

  get owners(): readonly object[] {
    return [this.first.owner, this.#second.owner]
  }

  /** The way that is free, if any is. */
  choose(nodeId: number, nowMs: number): { readonly way: Way; readonly waitMs: number } | undefined {
    const firstUntilMs = this.first.untilMs.get(nodeId)
    const secondUntilMs = this.#second.untilMs.get(nodeId)
    if (firstUntilMs === undefined) {
      const joins = secondUntilMs !== undefined && secondUntilMs <= nowMs + JOIN_WAIT_MS
      return joins ? undefined : { way: this.first, waitMs: this.#waitMaxMs }
    }
    if (secondUntilMs !== undefined) return undefined
    const waitMs = Math.min(this.#waitMaxMs, this.#secondWaitMs.get(nodeId) ?? SECOND_WAIT_MS, firstUntilMs - nowMs)
    return { way: this.#second, waitMs: Math.max(1, Math.ceil(waitMs)) }
  }

  /** An answer came. */
  answered(way: Way, nodeId: number, waitMs: number, nothingCame: boolean): void {
    if (way === this.#second) this.#secondWaitMs.set(nodeId, nothingCame ? waitMs * 2 : SECOND_WAIT_MS)
  }

  /** Partitions may be read that could not be before. */
  hurry(): void {
    this.#secondWaitMs.clear()
  }
}
