/** What coordinators answer of groups of each kind, in one form. Pure. */
import { compareTopicPartitions, decodeAssignment, decodeSubscription } from '@tidemark/client/internal'
import { TidemarkError } from '@tidemark/platform'
import {
  type ConsumerGroupDescribeResponse,
  type DescribeGroupsResponse,
  errorOf,
  type ShareGroupDescribeResponse,
  type StreamsGroupDescribeResponse,
  WireError,
} from '@tidemark/protocol'
import type { DescribedGroup, DescribedMember } from './describe-groups.ts'
import type { GroupKind } from './kinds.ts'

interface Answer {
  readonly groupId: string
  readonly errorCode: number
  readonly errorMessage: string | null
}

/** Of a group that its coordinator refuses to describe; undefined: it does not. */
export function failureOf({ groupId, errorCode, errorMessage }: Answer, kind: GroupKind): DescribedGroup | undefined {
  if (errorCode === 0) return undefined
  const { name, text } = errorOf(errorCode)
  const message = `describing group '${groupId}' failed: ${name} (${errorMessage || text})`
  const { code } = new TidemarkError(name, message)
  return { group: groupId, kind, state: '', protocolType: '', protocol: null, members: [], error: { code, message } }
}

export function classicGroup(answer: DescribeGroupsResponse['groups'][number]): DescribedGroup {
  const { groupId, groupState, protocolType, protocolData } = answer
  const isOfConsumers = protocolType === 'consumer'
  const members = answer.members.map((m) => ({
    memberId: m.memberId,
    clientId: m.clientId,
    host: m.clientHost,
    instanceId: m.groupInstanceId,
    assignment: isOfConsumers ? (readable(() => decodeAssignment(m.memberAssignment).sort(compareTopicPartitions)) ?? []) : [],
    subscription: isOfConsumers ? (readable(() => decodeSubscription(m.memberMetadata).topics) ?? null) : null,
  }))
  return { group: groupId, kind: 'classic', state: groupState, protocolType, protocol: protocolData || null, members, error: null }
}

/** What members wrote into the group is theirs: bytes that are not Kafka's are left out. */
function readable<T>(decode: () => T): T | undefined {
  try {
    return decode()
  } catch (error) {
    if (!(error instanceof WireError)) throw error
    return undefined
  }
}

interface Assignment {
  readonly topicPartitions: readonly { readonly topicName: string; readonly partitions: readonly number[] }[]
}

const assigned = ({ topicPartitions }: Assignment): DescribedMember['assignment'] =>
  topicPartitions
    .flatMap(({ topicName: topic, partitions }) => partitions.map((partition) => ({ topic, partition })))
    .sort(compareTopicPartitions)

export function consumerGroup(answer: ConsumerGroupDescribeResponse['groups'][number]): DescribedGroup {
  const members = answer.members.map((m) => ({
    memberId: m.memberId,
    clientId: m.clientId,
    host: m.clientHost,
    instanceId: m.instanceId,
    assignment: assigned(m.assignment),
    subscription: m.subscribedTopicRegex ? null : m.subscribedTopicNames,
  }))
  const { groupId: group, groupState: state, assignorName: protocol } = answer
  return { group, kind: 'consumer', state, protocolType: 'consumer', protocol: protocol || null, members, error: null }
}

/** More than one member of a share group reads a partition: the owner of a row is the last of them. */
export function shareGroup(answer: ShareGroupDescribeResponse['groups'][number]): DescribedGroup {
  const members = answer.members.map((m) => ({
    memberId: m.memberId,
    clientId: m.clientId,
    host: m.clientHost,
    instanceId: null,
    assignment: assigned(m.assignment),
    subscription: m.subscribedTopicNames,
  }))
  const { groupId: group, groupState: state, assignorName: protocol } = answer
  return { group, kind: 'share', state, protocolType: 'share', protocol: protocol || null, members, error: null }
}

/** A member of a streams group reads, of each subtopology, the same partitions of all its source topics. */
export function streamsGroup(answer: StreamsGroupDescribeResponse['groups'][number]): DescribedGroup {
  const { groupId: group, groupState: state, topology } = answer
  const sources = new Map(
    (topology?.subtopologies ?? []).map((it) => [
      it.subtopologyId,
      [...it.sourceTopics, ...it.repartitionSourceTopics.map(({ name }) => name)],
    ]),
  )
  const members = answer.members.map((m) => ({
    memberId: m.memberId,
    clientId: m.clientId,
    host: m.clientHost,
    instanceId: m.instanceId,
    assignment: m.assignment.activeTasks
      .flatMap(({ subtopologyId, partitions }) =>
        (sources.get(subtopologyId) ?? []).flatMap((topic) => partitions.map((partition) => ({ topic, partition }))),
      )
      .sort(compareTopicPartitions),
    subscription: topology === null ? null : [...sources.values()].flat(),
  }))
  return { group, kind: 'streams', state, protocolType: 'streams', protocol: null, members, error: null }
}
