/**
 * Takes partitions over in the stores of their topics: the place where a claim begins comes from there, and nothing
 * that an earlier owner still does can be written any more.
 */
import type { CompletionMap } from '@tidemark/client/internal'
import type { StoredPosition, TransactionalStore } from '../stores/store.ts'
import type { Claim } from './claim.ts'

/**
 * Offsets that are not done between those that are. Beyond it, records are read again, and found in the store one by
 * one.
 */
const OPEN_MAX = 1_000_000

/** The store of a topic; undefined: it has none. */
export type StoreOf = (topic: string) => TransactionalStore<unknown> | undefined

export class Takeover {
  readonly storeOf: StoreOf
  readonly #group: string
  readonly #owner: () => string

  constructor(storeOf: StoreOf, group: string, owner: () => string) {
    this.storeOf = storeOf
    this.#group = group
    this.#owner = owner
  }

  /**
   * Gives the claim the right to write. The place where the store stands, and what is done above it; undefined: it has
   * none yet.
   */
  async take(claim: Claim): Promise<StoredPlace | undefined> {
    const { topic, topicId, partition } = claim
    const store = this.storeOf(topic)!
    const { holding, position, done } = await store.takeOver({ group: this.#group, topic, topicId, partition }, this.#owner())
    claim.holding = holding
    return position && placeOf(topicId, position, done)
  }

  /** Work begins at this position; what is done below `doneBelow` stays done. */
  async begin(claim: Claim, position: StoredPosition, doneBelow: number): Promise<void> {
    await this.storeOf(claim.topic)!.begin(claim.holding!, position, doneBelow)
  }
}

export interface StoredPlace {
  readonly position: StoredPosition
  readonly restored: CompletionMap | undefined
}

/**
 * Where the claim begins: behind what is done without a gap, which the store keeps one by one until the next sweep.
 * What the group has on record may have come as far, and must not go back.
 */
export function placeOf(topicId: string, position: StoredPosition, done: readonly StoredPosition[]): StoredPlace {
  let { offset, leaderEpoch } = position
  let passed = 0
  for (const record of done) {
    if (record.offset !== offset) break
    offset++
    leaderEpoch = Math.max(leaderEpoch, record.leaderEpoch)
    passed++
  }
  return { position: { offset, leaderEpoch }, restored: restoredMap(topicId, offset, done.slice(passed)) }
}

/** The map of what is done at `base` or above; cut off at the top if too much of it is open. */
function restoredMap(topicId: string, base: number, done: readonly StoredPosition[]): CompletionMap | undefined {
  const open: number[] = []
  let top = base
  let newestEpoch = -1
  for (const { offset, leaderEpoch } of done) {
    if (open.length + (offset - top) > OPEN_MAX) break
    for (let o = top; o < offset; o++) open.push(o)
    top = offset + 1
    newestEpoch = Math.max(newestEpoch, leaderEpoch)
  }
  return top === base ? undefined : { topicId, base, top, open, leaderEpoch: newestEpoch, notes: [], holder: undefined }
}
