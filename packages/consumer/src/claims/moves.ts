/**
 * How a claim comes to another place in the log: a user seeks, the position is out of range, the log was truncated,
 * or the topic was replaced. A move ends the claim and begins another one of the same partition, so that results of
 * records read before do not count.
 *
 * Invariant: every await is followed by a look at the claim: it is moved only if it is still the partition's claim,
 * and working.
 */

import type { CompletionMap } from '@tidemark/client/internal'
import { type Cluster, type FetchProblem, keyOf } from '@tidemark/client/internal'
import { TidemarkError } from '@tidemark/platform'
import { committable, completedAbove } from '../commit/tracker.ts'
import type { Claim } from './claim.ts'
import type { LogPlace, Placement } from './placement.ts'
import type { ClaimRegistry } from './registry.ts'

export interface MoveListener {
  seeked(claim: Claim, from: number, to: number): void
  outOfRange(claim: Claim, offset: number, movedTo: number): void
  truncated(claim: Claim, offset: number, movedTo: number): void
  /** The claim cannot go on, and no retry can fix it. */
  failed(error: unknown): void
}

export class Moves {
  readonly #registry: ClaimRegistry
  readonly #placement: Placement
  readonly #cluster: Cluster
  readonly #outOfRange: 'fail' | 'earliest' | 'latest'
  readonly #listener: MoveListener
  /** How many seeks each partition has had: a later call overtakes an earlier one. */
  readonly #seeks = new Map<string, number>()

  constructor(
    registry: ClaimRegistry,
    placement: Placement,
    cluster: Cluster,
    outOfRange: 'fail' | 'earliest' | 'latest',
    listener: MoveListener,
  ) {
    this.#registry = registry
    this.#placement = placement
    this.#cluster = cluster
    this.#outOfRange = outOfRange
    this.#listener = listener
  }

  /**
   * Rejects with `TidemarkError`: NOT_ASSIGNED if the partition is not this member's, or goes meanwhile; ABORTED if a
   * later seek overtakes it.
   */
  async seek(topic: string, partition: number, to: LogPlace): Promise<void> {
    let claim = this.#owned(topic, partition)
    const key = keyOf(claim)
    const turn = (this.#seeks.get(key) ?? 0) + 1
    this.#seeks.set(key, turn)
    if (typeof to === 'number' && claim.phase === 'working') return this.#seekTo(claim, to)
    for (;;) {
      const asked = claim
      const isWanted = (): boolean => (asked.phase === 'placing' || asked.phase === 'working') && this.#seeks.get(key) === turn
      const offset = await this.#placement.offsetAt(asked, to, isWanted)
      if (isWanted()) await this.#registry.placed(asked)
      if (this.#seeks.get(key) !== turn) throw overtaken(asked)
      if (offset !== undefined && asked.phase === 'working') return this.#seekTo(asked, offset)
      // A move of another kind (out of range, truncated) replaced the claim: the seek is meant for the partition, and
      // goes on.
      if (asked.endReason !== 'seek') throw notAssigned(topic, partition)
      claim = this.#owned(topic, partition)
    }
  }

  #seekTo(claim: Claim, offset: number): void {
    const from = claim.tracker.position
    const fresh = this.#move(claim, offset)
    if (fresh === undefined) throw notAssigned(claim.topic, claim.partition)
    this.#listener.seeked(fresh, from, offset)
  }

  #owned(topic: string, partition: number): Claim {
    const claim = this.#registry.get(topic, partition)
    if (claim === undefined || claim.phase === 'draining') throw notAssigned(topic, partition)
    return claim
  }

  #move(claim: Claim, offset: number, restored?: CompletionMap): Claim | undefined {
    const topicUuid = this.#cluster.topic(claim.topic)?.id
    if (claim.holding === undefined) return this.#registry.replace(claim, offset, topicUuid, restored)
    // The store has the last word on where the partition stands: it is told first, and the claim waits for it.
    const fresh = this.#registry.replaceUnplaced(claim, 'seek', topicUuid)
    if (fresh !== undefined) this.#placeAt(fresh, offset, restored?.top ?? offset, claim.committed)
    return fresh
  }

  #placeAt(claim: Claim, offset: number, doneBelow: number, committed: number | undefined): void {
    this.#placement.takeOverAt(claim, offset, doneBelow, committed).then(
      (position) => position && this.#registry.begin(claim, position),
      (error) => this.#listener.failed(error),
    )
  }

  /**
   * The store says that another member has the claim's partition: this one is over. The group decides who is right: the
   * partition is taken over again, unless it turns out to be lost, once the coordinator has had time to say so.
   */
  fenced(claim: Claim): void {
    const fresh = this.#registry.replaceUnplaced(claim, 'lost', this.#cluster.topic(claim.topic)?.id)
    if (fresh === undefined) return
    fresh.committed = claim.committed
    this.#placement.placeLater(fresh)
  }

  /** The fetcher cannot go on at the claim's position. */
  onProblem(claim: Claim, problem: FetchProblem): void {
    if (claim.phase !== 'working') return
    if (problem.kind === 'failed') return this.#listener.failed(problem.error)
    if (problem.kind === 'replaced' && isUntouched(claim)) return this.#placeAgain(claim, problem.topicId)
    if (this.#outOfRange === 'fail') {
      if (problem.kind === 'replaced') this.#registry.end(claim, 'lost') // its offsets mean nothing in the new topic
      return this.#listener.failed(problem.error)
    }
    if (problem.kind === 'truncated' && problem.end !== undefined) return this.#truncate(claim, problem.offset, problem.end.offset)
    this.#goTo(claim, this.#outOfRange).catch((error) => this.#listener.failed(error))
  }

  /**
   * The logs agree up to `end` (KIP-320): records from there on are others now, and those below that are not done are
   * read again. What is done above the committable offset, and below `end`, stays done.
   */
  #truncate(claim: Claim, offset: number, end: number): void {
    const { tracker, leaderEpoch, topicId } = claim
    const to = Math.min(end, committable(tracker))
    const completed = completedAbove(tracker, leaderEpoch)
    const top = Math.min(completed.top, end)
    const open = completed.open.filter((o) => o < top)
    const notes = completed.notes.filter((n) => n.offset < end)
    const restored =
      top > to || notes.length > 0 ? { ...completed, topicId, base: to, top: Math.max(top, to), open, notes, holder: undefined } : undefined
    const fresh = this.#move(claim, to, restored)
    if (fresh !== undefined) this.#listener.truncated(fresh, offset, to)
  }

  /** The topic was deleted and created again while the claim's place in it was looked up. */
  #placeAgain(claim: Claim, topicUuid: string): void {
    const fresh = this.#registry.replaceUnplaced(claim, 'seek', topicUuid)
    if (fresh !== undefined) this.#placement.place([fresh])
  }

  async #goTo(claim: Claim, policy: 'earliest' | 'latest'): Promise<void> {
    const { position } = claim.tracker
    const offset = await this.#placement.offsetAt(claim, policy, () => claim.phase === 'working')
    const fresh = offset === undefined ? undefined : this.#move(claim, offset)
    if (fresh !== undefined) this.#listener.outOfRange(fresh, position, offset!)
  }
}

/** It has read nothing yet, and nothing is on record for it. */
const isUntouched = ({ committed, start, tracker }: Claim): boolean => committed === undefined && tracker.position === start

const notAssigned = (topic: string, partition: number): TidemarkError =>
  new TidemarkError('NOT_ASSIGNED', `${topic}-${partition} is not assigned to this member now`, { topic, partition })

function overtaken({ topic, partition }: Claim): TidemarkError {
  return new TidemarkError('ABORTED', `a later seek of ${topic}-${partition} overtook this one`, { topic, partition })
}
