/**
 * Claims: what the member may work on, and on whose behalf results count.
 *
 * A partition that the group assigned to us is a claim, with an id of its own, from the assignment until it is revoked or lost,
 * through every rebalance in which the partition is kept. Records and results belong to a claim. A dead claim commits nothing,
 * for ever: the same partition assigned again is another claim with a tracker of its own (T2, T8).
 */
import { uuidToText, ZERO_UUID } from '@tidemark/protocol'
import { type Tracker, tracker } from './tracker.ts'

/** Why a handler is told to stop: `signal.reason`. */
export type EndReason = 'revoked' | 'lost' | 'shutdown' | 'timeout'

export type ClaimPhase =
  /** Where to begin is being asked. */
  | 'placing'
  | 'working'
  /** Nothing new is started; what runs may finish and be committed. */
  | 'draining'
  | 'dead'

export interface Claim {
  readonly id: number
  readonly topic: string
  readonly partition: number
  /** The topic's id in Kafka's spelling; its name where the broker has none. Known once the claim is placed, like the next. */
  topicId: string
  /** The topic's id as the wire has it: the topic that the positions belong to, whatever has its name now (T4). Undefined: the broker has none. */
  topicUuid: string | undefined
  /** The coordinator did not know the topic when last asked: the commit may be void, and nothing waits for it. */
  topicMissing: boolean
  phase: ClaimPhase
  tracker: Tracker
  /** What the group has on record for us, as far as we know: the last acknowledged commit, or what was fetched at the start. */
  committed: number | undefined
  /** Of how many finished records that commit knew. Undefined: it tells of those that another claim finished, and of another place. */
  finishedOnRecord: number | undefined
  /** The leader epoch of the last record handed over: committed with the offset (KIP-320, T16). -1: none yet. */
  leaderEpoch: number
  /** Handlers that run now. */
  running: number
  pausedByUser: boolean
  controller: AbortController | undefined
}

export function claim(id: number, topic: string, partition: number): Claim {
  return {
    id,
    topic,
    partition,
    topicId: topic,
    topicUuid: undefined,
    topicMissing: false,
    phase: 'placing',
    tracker: tracker(0),
    committed: undefined,
    finishedOnRecord: 0,
    leaderEpoch: -1,
    running: 0,
    pausedByUser: false,
    controller: undefined,
  }
}

/** Ties the claim to the topic that has its name now. */
export function identify(c: Claim, uuid: string | undefined): void {
  c.topicUuid = uuid === ZERO_UUID ? undefined : uuid
  c.topicId = c.topicUuid === undefined ? c.topic : uuidToText(c.topicUuid)
}

export const isAlive = (c: Claim): boolean => c.phase !== 'dead'
export const mayStart = (c: Claim): boolean => c.phase === 'working' && !c.pausedByUser

/** The signal that handlers of this claim share; made when the first one asks. */
export function signalOf(c: Claim): AbortSignal {
  c.controller ??= new AbortController()
  if (c.phase === 'dead' && !c.controller.signal.aborted) c.controller.abort('lost' satisfies EndReason)
  return c.controller.signal
}

export function end(c: Claim, reason: EndReason): void {
  c.phase = 'dead'
  c.controller?.abort(reason)
}

export const keyOf = (topic: string, partition: number): string => `${topic}\n${partition}`
