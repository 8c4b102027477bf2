/**
 * OffsetFetch: what is committed. Nothing committed is offset -1 and no error. Kafka's
 * OffsetMetadataManager.fetchOffsets.
 */

import type { StoredOffset } from '@tidemark/protocol'
import { ZERO_UUID } from '@tidemark/protocol'
import type { Shard } from '../group/shard.ts'

export interface FetchTopic {
  readonly name: string
  /** Zeros: asked for by name. */
  readonly topicId: string
  readonly partitions: readonly number[]
}

export interface FetchedTopic {
  readonly name: string
  readonly partitions: readonly FetchedOffset[]
}

export interface FetchedOffset {
  readonly partition: number
  readonly offset: number
  readonly leaderEpoch: number
  readonly metadata: string
}

/** `topics` null: all that are committed. */
export function fetchOffsets(shard: Shard, groupId: string, topics: readonly FetchTopic[] | null): readonly FetchedTopic[] {
  const ofGroup = shard.offsets.of(groupId)
  if (topics === null) {
    return Array.from(ofGroup ?? [], ([name, ofTopic]) => ({
      name,
      partitions: Array.from(ofTopic, ([partition, committed]) => fetched(partition, committed)),
    }))
  }
  return topics.map(({ name, topicId, partitions }) => {
    const ofTopic = ofGroup?.get(name)
    return { name, partitions: partitions.map((partition) => fetched(partition, sameTopic(ofTopic?.get(partition), topicId))) }
  })
}

/** An offset of a topic that was deleted does not belong to a new topic of the same name. */
function sameTopic(committed: StoredOffset | undefined, topicId: string): StoredOffset | undefined {
  if (committed === undefined || topicId === ZERO_UUID || committed.topicId === ZERO_UUID) return committed
  return committed.topicId === topicId ? committed : undefined
}

const fetched = (partition: number, committed: StoredOffset | undefined): FetchedOffset => ({
  partition,
  offset: committed?.offset ?? -1,
  leaderEpoch: committed?.leaderEpoch ?? -1,
  metadata: committed?.metadata ?? '',
})
