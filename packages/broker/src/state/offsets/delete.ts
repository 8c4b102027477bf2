/** OffsetDelete (KIP-496): Kafka's `OffsetMetadataManager.deleteOffsets`. */
import { ErrorCode } from '@tidemark/protocol'
import type { Ticket } from '../decision.ts'
import type { Group } from '../group/group.ts'
import type { Shard } from '../group/shard.ts'
import type { Turn } from '../group/turn.ts'
import { CONSUMER, subscribedTopics } from './retention.ts'

export interface OffsetDeleteRequest {
  readonly groupId: string
  readonly topics: readonly { readonly name: string; readonly partitions: readonly number[] }[]
}

export interface OffsetDeleteReply {
  readonly errorCode: number
  readonly topics: readonly {
    readonly name: string
    readonly partitions: readonly { readonly partitionIndex: number; readonly errorCode: number }[]
  }[]
}

export const offsetDeleteError = (errorCode: number): OffsetDeleteReply => ({ errorCode, topics: [] })

export function deleteOffsets(shard: Shard, { groupId, topics }: OffsetDeleteRequest, ticket: Ticket<OffsetDeleteReply>, turn: Turn): void {
  const group = shard.groups.get(groupId)
  const errorCode = check(group)
  if (errorCode !== ErrorCode.NONE) return turn.decision.reply(ticket, offsetDeleteError(errorCode))
  const isSubscribed = subscribedTopics(group!)
  const answers = topics.map(({ name, partitions }) => ({
    name,
    partitions: partitions.map((partition) => {
      if (isSubscribed(name)) return { partitionIndex: partition, errorCode: ErrorCode.GROUP_SUBSCRIBED_TO_TOPIC }
      const isCommitted = shard.offsets.get(groupId, name, partition) !== undefined
      if (isCommitted) turn.decision.write({ kind: 'offset', key: { group: groupId, topic: name, partition }, value: null })
      return { partitionIndex: partition, errorCode: ErrorCode.NONE }
    }),
  }))
  turn.decision.reply(ticket, { errorCode: ErrorCode.NONE, topics: answers })
}

/** While a group that is not one of consumers has members, nobody can tell what they read. */
function check(group: Group | undefined): number {
  if (group === undefined || group.phase === 'Dead') return ErrorCode.GROUP_ID_NOT_FOUND
  return group.phase === 'Empty' || group.protocolType === CONSUMER ? ErrorCode.NONE : ErrorCode.NON_EMPTY_GROUP
}
