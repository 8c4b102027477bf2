/**
 * When a Fetch may go to a leader, and how long it may be parked there. Pure but for its own memory.
 *
 * There are two slots to each leader, each with connections of its own. The first is for all partitions that may be
 * read, and is parked for as long as the options say. The second is for those that may be read again while the first
 * is parked: it is parked for a short time, twice as long each time that nothing came, and never beyond the end of
 * the first, so that their partitions join again.
 *
 * The first has a fetch session with each leader. The second has none: its partitions are few, and others each time.
 */
import { FetchSession, type SessionRequest } from './session.ts'

export interface FetchSlot {
  /** Whose connections it uses. */
  readonly owner: object
  /** Until when a Fetch may be parked at each leader that has one. */
  readonly untilMs: Map<number, number>
  /** With each leader; undefined: none. */
  readonly sessions: Map<number, FetchSession> | undefined
}

const SECOND_WAIT_MS = 20
/** A Fetch waits this long for the end of the other one, to join it. */
const JOIN_WAIT_MS = 10

export class FetchSlots {
  readonly count = 2
  readonly first: FetchSlot
  readonly #second: FetchSlot = { owner: {}, untilMs: new Map(), sessions: undefined }
  readonly #secondWaitMs = new Map<number, number>()
  readonly #waitMaxMs: number

  constructor(waitMaxMs: number, hasSessions = true) {
    this.#waitMaxMs = waitMaxMs
    this.first = { owner: {}, untilMs: new Map(), sessions: hasSessions ? new Map() : undefined }
  }

  get owners(): readonly object[] {
    return [this.first.owner, this.#second.owner]
  }

  /** The slot that is free, if any is. */
  choose(nodeId: number, nowMs: number): { readonly slot: FetchSlot; readonly waitMs: number } | undefined {
    const firstUntilMs = this.first.untilMs.get(nodeId)
    const secondUntilMs = this.#second.untilMs.get(nodeId)
    if (firstUntilMs === undefined) {
      const joins = secondUntilMs !== undefined && secondUntilMs <= nowMs + JOIN_WAIT_MS
      return joins ? undefined : { slot: this.first, waitMs: this.#waitMaxMs }
    }
    if (secondUntilMs !== undefined) return undefined
    const waitMs = Math.min(this.#waitMaxMs, this.#secondWaitMs.get(nodeId) ?? SECOND_WAIT_MS, firstUntilMs - nowMs)
    return { slot: this.#second, waitMs: Math.max(1, Math.ceil(waitMs)) }
  }

  /**
   * The requests that end sessions, and whose connections they go on: those on which nothing is parked at that leader,
   * so that they do not wait behind it.
   */
  endings(): { readonly nodeId: number; readonly owner: object; readonly request: SessionRequest }[] {
    return [...(this.first.sessions ?? [])].flatMap(([nodeId, session]) => {
      const request = session.final()
      const { owner } = this.first.untilMs.has(nodeId) ? this.#second : this.first
      return request === undefined ? [] : [{ nodeId, owner, request }]
    })
  }

  /** An answer came. */
  answered(slot: FetchSlot, nodeId: number, waitMs: number, nothingCame: boolean): void {
    if (slot === this.#second) this.#secondWaitMs.set(nodeId, nothingCame ? waitMs * 2 : SECOND_WAIT_MS)
  }

  /** Partitions may be read that could not be before. */
  hurry(): void {
    this.#secondWaitMs.clear()
  }
}

/** Undefined: requests of the slot name all that they ask for. */
export function sessionOf({ sessions }: FetchSlot, nodeId: number): FetchSession | undefined {
  let session = sessions?.get(nodeId)
  if (session === undefined && sessions !== undefined) sessions.set(nodeId, (session = new FetchSession()))
  return session
}
