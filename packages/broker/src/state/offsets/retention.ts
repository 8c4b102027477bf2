/**
 * Offsets past their retention time are forgotten, and with the last of them an empty group (KIP-211).
 *
 * A group whose members committed keeps its offsets while it has members, and then for the retention time; topics
 * that a Stable group of consumers does not read lose theirs that long after the last commit. Offsets without a
 * group's management count from their own commit. A retention time that came with a commit (versions 2 to 4) takes
 * the place of the broker's.
 */

import type { StoredOffset } from '@tidemark/protocol'
import { ConsumerProtocolSubscription, codecOf, Reader, WireError } from '@tidemark/protocol'
import { isFull } from '../decision.ts'
import type { Group } from '../group/group.ts'
import { metadataOf } from '../group/member.ts'
import type { Shard } from '../group/shard.ts'
import type { Turn } from '../group/turn.ts'

export const CONSUMER = 'consumer'

/** Writes tombstones for what of a group is past its time, as many as one turn may write. */
export function forgetExpired(shard: Shard, groupId: string, retentionMs: number, turn: Turn): void {
  const group = shard.groups.get(groupId)
  if (group !== undefined && forgetOffsets(shard, group, retentionMs, turn)) forgetGroup(shard, group, turn)
}

/** Returns whether none is left. */
function forgetOffsets(shard: Shard, group: Group, retentionMs: number, turn: Turn): boolean {
  const { groupId } = group
  const ofGroup = shard.offsets.of(groupId)
  if (ofGroup === undefined) return true
  const since = retentionBegins(group)
  if (since === undefined) return false
  const subscribed = subscribedTopics(group)
  let noneLeft = true
  for (const [topic, ofTopic] of ofGroup) {
    for (const [partition, committed] of ofTopic) {
      if (isFull(turn.decision)) return false
      const expired = !subscribed(topic) && turn.now.wallMs >= expiryOf(committed, since, retentionMs)
      if (expired) turn.decision.write({ kind: 'offset', key: { group: groupId, topic, partition }, value: null })
      else noneLeft = false
    }
  }
  return noneLeft
}

const expiryOf = (committed: StoredOffset, since: (committed: StoredOffset) => number, retentionMs: number): number =>
  committed.expireTimestamp === -1 ? since(committed) + retentionMs : committed.expireTimestamp

/** Undefined: nothing of this group expires now. */
function retentionBegins(group: Group): ((committed: StoredOffset) => number) | undefined {
  const ownCommit = (committed: StoredOffset): number => committed.commitTimestamp
  if (group.protocolType === null) return ownCommit
  if (group.phase === 'Empty') return () => group.phaseSinceMs
  return group.phase === 'Stable' && group.protocolType === CONSUMER ? ownCommit : undefined
}

/** A group of consumers whose subscriptions cannot be read counts as subscribed to everything. */
export function subscribedTopics(group: Group): (topic: string) => boolean {
  if (group.protocolType !== CONSUMER || group.phase === 'Empty') return () => false
  const topics = new Set<string>()
  for (const member of group.members.values()) {
    const read = topicsOf(metadataOf(member, group.protocol))
    if (read === undefined) return () => true
    for (const topic of read) topics.add(topic)
  }
  return (topic) => topics.has(topic)
}

/** Every version of a subscription begins as version 0 does. */
function topicsOf(subscription: Buffer): readonly string[] | undefined {
  try {
    const r = new Reader(subscription)
    r.int16()
    return codecOf(ConsumerProtocolSubscription, 0).decode(r).topics
  } catch (error) {
    if (error instanceof WireError) return undefined
    throw error
  }
}

function forgetGroup(shard: Shard, group: Group, turn: Turn): void {
  if (group.phase !== 'Empty' || group.pendingJoin.size > 0) return
  const { groupId } = group
  if (shard.stored.has(groupId)) turn.decision.write({ kind: 'group', groupId, value: null })
  group.enter('Dead', turn.now.wallMs)
  shard.groups.delete(groupId)
}
