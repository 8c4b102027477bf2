/** DeleteGroups: Kafka's `ClassicGroup.validateDeleteGroup` and `GroupCoordinatorShard.deleteGroups`. */
import { ErrorCode } from '@tidemark/protocol'
import type { Ticket } from '../decision.ts'
import type { Shard } from './shard.ts'
import type { Turn } from './turn.ts'

/** A group without members goes with all that it has committed. The reply is an error code. */
export function deleteGroup(shard: Shard, groupId: string, ticket: Ticket<number>, turn: Turn): void {
  const { decision } = turn
  const group = shard.groups.get(groupId)
  if (group === undefined || group.phase === 'Dead') return decision.reply(ticket, ErrorCode.GROUP_ID_NOT_FOUND)
  if (group.phase !== 'Empty') return decision.reply(ticket, ErrorCode.NON_EMPTY_GROUP)
  for (const [topic, ofTopic] of shard.offsets.of(groupId) ?? []) {
    for (const partition of ofTopic.keys()) decision.write({ kind: 'offset', key: { group: groupId, topic, partition }, value: null })
  }
  if (shard.stored.has(groupId)) decision.write({ kind: 'group', groupId, value: null })
  group.enter('Dead', turn.now.wallMs)
  shard.groups.delete(groupId)
  decision.reply(ticket, ErrorCode.NONE)
}
