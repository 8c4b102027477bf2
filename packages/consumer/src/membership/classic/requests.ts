/** The requests of a classic member. */
import type { TopicPartition } from '@tidemark/client'
import { encodeSubscription } from '@tidemark/client/internal'
import type { MemberOptions } from './member.ts'

export function joinRequest(options: MemberOptions, memberId: string, generation: number, owned: readonly TopicPartition[]) {
  const { group, instanceId, sessionTimeoutMs, rebalanceTimeoutMs, topics, rack } = options
  const metadata = encodeSubscription({ topics, owned, generation, rack })
  return {
    groupId: group,
    sessionTimeoutMs,
    rebalanceTimeoutMs,
    memberId,
    groupInstanceId: instanceId ?? null,
    protocolType: 'consumer',
    protocols: options.assignors.map((name) => ({ name, metadata })),
  }
}

export interface EncodedAssignment {
  readonly memberId: string
  readonly assignment: Buffer
}

export function syncRequest(
  { group, instanceId }: MemberOptions,
  memberId: string,
  generation: number,
  protocolName: string,
  assignments: readonly EncodedAssignment[],
) {
  return {
    groupId: group,
    generationId: generation,
    memberId,
    groupInstanceId: instanceId ?? null,
    protocolType: 'consumer',
    protocolName,
    assignments,
  }
}

export const leaveRequest = (group: string, memberId: string) => (version: number) =>
  version >= 3 ? { groupId: group, members: [{ memberId }] } : { groupId: group, memberId }
