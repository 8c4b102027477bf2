/** DescribeGroups and ListGroups: groups as others see them. */
import type { Group } from './group.ts'
import { EMPTY_BYTES, metadataOf } from './member.ts'
import type { Shard } from './shard.ts'

export interface DescribedGroup {
  readonly groupId: string
  readonly groupState: string
  readonly protocolType: string
  readonly protocolData: string
  readonly members: readonly {
    readonly memberId: string
    readonly groupInstanceId: string | null
    readonly clientId: string
    readonly clientHost: string
    readonly memberMetadata: Buffer
    readonly memberAssignment: Buffer
  }[]
}

/** Undefined: the group does not exist. */
export function describe(shard: Shard, groupId: string): DescribedGroup | undefined {
  const group = shard.groups.get(groupId)
  if (group === undefined) return undefined
  const { describesProtocol } = group.rules
  return {
    groupId,
    groupState: group.phase,
    protocolType: group.protocolType ?? '',
    protocolData: describesProtocol ? (group.protocol ?? '') : '',
    members: Array.from(group.members.values(), (member) => ({
      memberId: member.memberId,
      groupInstanceId: member.groupInstanceId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      memberMetadata: describesProtocol ? metadataOf(member, group.protocol) : EMPTY_BYTES,
      memberAssignment: member.assignment,
    })),
  }
}

/** What Kafka calls the groups of this protocol. */
export const GROUP_TYPE = 'classic'

export interface ListedGroup {
  readonly groupId: string
  readonly protocolType: string
  readonly groupState: string
  readonly groupType: string
}

/** Empty filters let everything pass; case does not matter. */
export interface ListFilter {
  readonly states: readonly string[]
  readonly types: readonly string[]
}

export function list(shard: Shard, { states, types }: ListFilter): ListedGroup[] {
  const passes = (filter: readonly string[], value: string): boolean =>
    filter.length === 0 || filter.some((one) => one.toLowerCase() === value.toLowerCase())
  if (!passes(types, GROUP_TYPE)) return []
  return [...shard.groups.values()].filter(({ phase }) => passes(states, phase)).map(listed)
}

const listed = (group: Group): ListedGroup => ({
  groupId: group.groupId,
  protocolType: group.protocolType ?? '',
  groupState: group.phase,
  groupType: GROUP_TYPE,
})
