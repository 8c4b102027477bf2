/** One partition that a fetcher reads, and what it needs next. */

import type { TidemarkError } from '@tidemark/platform'
import type { FetchResponse } from '@tidemark/protocol'
import type { Cluster } from '../cluster/cluster.ts'
import type { FetchedMessage } from '../messages/message.ts'
import type { TopicPartition } from '../messages/topic-partition.ts'
import { nodeToRead, type PreferredReplica } from './replica.ts'
import type { Delivery, NextPosition } from './types.ts'

export type PartitionAnswer = FetchResponse['responses'][number]['partitions'][number]

/**
 * A position is an object with an identity: an answer counts only while the partition still has the very one that was
 * requested.
 */
export interface FetchPosition {
  readonly offset: number
  /** -1: not known. */
  readonly leaderEpoch: number
}

/** Records that arrived: the position has moved past them, and they are handed out unless it moves again first. */
export interface Arrival {
  readonly messages: readonly FetchedMessage[]
  readonly position: FetchPosition & NextPosition
  readonly delivery: Delivery
  /** Its records are views on memory that is larger than they are. */
  isView: boolean
  /** What came after them and cannot be read. */
  readonly error: TidemarkError | undefined
}

export interface Tracked<Claim> extends TopicPartition {
  readonly claim: Claim
  position: FetchPosition
  /**
   * `reading`: fetched when it may be. `validating`: a leader is asked whether the position is in its log.
   * `stopped`: the owner was told why, and has to add it again.
   */
  state: 'reading' | 'validating' | 'stopped'
  paused: boolean
  /** Its leader is being looked up. */
  doubtful: boolean
  /** A Fetch for it is in flight. */
  isFetching: boolean
  /** Records that came and are not handed out yet: in this turn, or while it is paused. */
  kept: Arrival | undefined
  /** The topic id with which it was first seen. */
  topicId: string | undefined
  /** The leader epoch in which the position is known to be good; -1: none yet. */
  validEpoch: number
  /** Bytes handed out and neither released nor copied out. */
  bufferedBytes: number
  /** The replica that the leader named to read from (KIP-392); undefined: the leader itself. */
  replica: PreferredReplica | undefined
  failures: number
  notBeforeMs: number
}

/** What stands between a partition and its next Fetch. */
export type Next =
  | { readonly kind: 'nothing' }
  /** It has as many answers handed out as it may. */
  | { readonly kind: 'full' }
  | { readonly kind: 'wait'; readonly untilMs: number }
  | { readonly kind: 'look_up' }
  | { readonly kind: 'validate' | 'fetch'; readonly nodeId: number; readonly epoch: number }

/** Pure but for what the cluster view holds, and for a preferred replica that is over. */
export function nextFor(t: Tracked<unknown>, cluster: Cluster, nowMs: number, bufferedBytesMax: number): Next {
  if (t.state !== 'reading' || t.paused || t.isFetching || t.doubtful) return { kind: 'nothing' }
  if (t.notBeforeMs > nowMs) return { kind: 'wait', untilMs: t.notBeforeMs }
  const leader = cluster.leader(t.topic, t.partition)
  if (leader === undefined) return { kind: 'look_up' }
  const { nodeId, epoch } = leader
  if (needsValidation(t, epoch)) return { kind: 'validate', nodeId, epoch }
  return t.bufferedBytes >= bufferedBytesMax ? { kind: 'full' } : { kind: 'fetch', nodeId: nodeToRead(t, nodeId, epoch, nowMs), epoch }
}

/**
 * A position read under an older leader may be beyond what the new one has (KIP-320). Within one epoch nothing is cut
 * off.
 */
function needsValidation(t: Tracked<unknown>, epoch: number): boolean {
  const { leaderEpoch } = t.position
  return leaderEpoch >= 0 && epoch >= 0 && epoch > t.validEpoch && epoch !== leaderEpoch
}
