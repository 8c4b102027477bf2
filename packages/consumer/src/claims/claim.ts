/**
 * A claim: a partition that is assigned to this member, on whose behalf records are handled and results count.
 *
 * It lives from the assignment until the partition is revoked or lost, through every rebalance in which the partition
 * is kept. Records and results belong to a claim. A dead claim commits nothing, ever: the same partition assigned
 * again is another claim with a tracker of its own (T2, T8).
 *
 * ```
 *   placing ──► working ──► draining ──► dead
 *      └───────────┴────────────────────►
 * ```
 * Only the registry changes a phase.
 */
import { uuidToText, ZERO_UUID } from '@tidemark/protocol'
import type { Acknowledgement, CommitSubject } from '../commit/subject.ts'
import { type Tracker, tracker } from '../commit/tracker.ts'
import type { Holding } from '../stores/store.ts'
import type { Guard } from './guard.ts'

/** Why a claim ended: `signal.reason` of the handlers that still run. */
export type EndReason = 'revoked' | 'lost' | 'seek' | 'shutdown'

export type ClaimPhase =
  /** The place to begin is being looked up. */
  | 'placing'
  | 'working'
  /** Nothing new is started; running handlers may finish, and what is done is committed. */
  | 'draining'
  | 'dead'

/** Calls of handlers that have not settled, however long ago their time-out was. */
export interface PartitionCalls {
  /** So many were begun. */
  started: number
  running: number
  /** Of these, the ones that have not settled within their grace period either: nobody waits for them any more. */
  stuck: number
  /** Records, or batches, that pause before they are tried again. */
  pausing: number
}

export class Claim implements CommitSubject {
  readonly id: number
  readonly topic: string
  readonly partition: number
  topicId: string
  topicUuid: string | undefined
  phase: ClaimPhase = 'placing'
  endReason: EndReason | undefined
  tracker: Tracker = tracker(0)
  start = 0
  committed: number | undefined
  recordedCount = 0
  recordedNotes = 0
  holder: string | undefined
  /** The run whose name the commit carried at which the claim begins: it did not hand the partition over. */
  holderBefore: string | undefined
  /** Looks for records that kill their process, if that is asked for. */
  guard: Guard | undefined
  isRecordStale = false
  acknowledgedLate: Acknowledgement | undefined = undefined
  isRequested = false
  isTopicMissing = false
  missingLookUps = 0
  commitError: Error | undefined
  leaderEpoch = -1
  /** The end of the log as the last answer told it, replicated; -1: there was none. */
  highWatermark = -1
  /** With a store: the right to write there. */
  holding: Holding | undefined
  /** Shared with the claims that a move replaced by this one: their calls may still run. */
  calls: PartitionCalls = { started: 0, running: 0, stuck: 0, pausing: 0 }
  paused = false
  /** Signals of running calls that asked for one. */
  readonly #signals = new Set<AbortController>()

  constructor(id: number, topic: string, partition: number, topicUuid: string | undefined) {
    this.id = id
    this.topic = topic
    this.partition = partition
    this.topicId = topic
    this.identify(topicUuid)
  }

  get isDead(): boolean {
    return this.phase === 'dead'
  }

  get isCommittable(): boolean {
    return this.phase === 'working' || this.phase === 'draining'
  }

  /** Ties the claim to the topic that has its name now. */
  identify(uuid: string | undefined): void {
    this.topicUuid = uuid === ZERO_UUID ? undefined : uuid
    this.topicId = this.topicUuid === undefined ? this.topic : uuidToText(this.topicUuid)
  }

  /** The signal of one call: aborts with the claim, and is forgotten when the call settles. */
  addSignal(controller: AbortController): void {
    if (this.isDead) controller.abort(this.endReason)
    else this.#signals.add(controller)
  }

  removeSignal(controller: AbortController): void {
    this.#signals.delete(controller)
  }

  /** Tells running handlers that their results will not count. */
  abort(reason: EndReason): void {
    const signals = [...this.#signals]
    this.#signals.clear()
    for (const controller of signals) controller.abort(reason)
  }
}
