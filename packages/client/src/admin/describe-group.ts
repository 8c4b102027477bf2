/**
 * One group, described by its coordinator. Brokers keep groups of several kinds, each with a request of its own: a
 * classic group answers DescribeGroups, one of KIP-848 answers ConsumerGroupDescribe and, to the other, that it does
 * not exist (Kafka 4).
 */
import { TidemarkError } from '@tidemark/platform'
import { apis, type ConsumerGroupDescribeResponse, type DescribeGroupsResponse, ErrorCode, WireError } from '@tidemark/protocol'
import type { Cluster } from '../cluster/cluster.ts'
import { type CallLimits, mayPass, retrying } from '../cluster/retrying.ts'
import type { Destination } from '../cluster/types.ts'
import { decodeAssignment } from '../groups/assignment.ts'
import { coordinatorError } from '../groups/coordinator-error.ts'
import { compareTopicPartitions } from '../messages/topic-partition.ts'
import type { GroupDescription, GroupMember } from './groups.ts'

type Classic = DescribeGroupsResponse['groups'][number]
type Modern = ConsumerGroupDescribeResponse['groups'][number]
type Described = Omit<GroupDescription, 'coordinator'>

/**
 * Rejects with `TidemarkError` UNKNOWN_GROUP, UNSUPPORTED_GROUP_TYPE, or Kafka's name of what the coordinator
 * answered.
 */
export function describeGroup(cluster: Cluster, group: string, limits: CallLimits): Promise<GroupDescription> {
  return retrying(cluster, { what: `describing group '${group}'`, retries: mayPass, ...limits }, async (signal) => {
    const question = new GroupQuestion(cluster, group, signal)
    const described = (await question.classic()) ?? (await question.modern()) ?? (await question.refuse())
    return { ...described, coordinator: await cluster.coordinator(group, signal) }
  })
}

/** One attempt at describing one group. */
class GroupQuestion {
  readonly #cluster: Cluster
  readonly #group: string
  readonly #to: Destination

  constructor(cluster: Cluster, group: string, signal: AbortSignal) {
    this.#cluster = cluster
    this.#group = group
    this.#to = { node: { coordinator: group }, purpose: 'admin', signal }
  }

  async classic(): Promise<Described | undefined> {
    const { body } = await this.#cluster.send(apis.DescribeGroups, { groups: [this.#group] }, this.#to)
    const found = this.#found<Classic>(body.groups[0])
    if (found === undefined || found.groupState === 'Dead') return undefined
    const members = found.members.map((m) => ({
      memberId: m.memberId,
      instanceId: m.groupInstanceId,
      clientId: m.clientId,
      host: m.clientHost,
      ...assignmentOf(m.memberId, found.protocolType === 'consumer' ? m.memberAssignment : Buffer.alloc(0)),
    }))
    const { groupState: state, protocolType, protocolData: protocol } = found
    return { groupId: this.#group, type: 'classic', state, protocolType, protocol, members }
  }

  /** Undefined also for a broker that is too old to have such groups. */
  async modern(): Promise<Described | undefined> {
    const body = { groupIds: [this.#group], includeAuthorizedOperations: false }
    let found: Modern | undefined
    try {
      found = this.#found<Modern>((await this.#cluster.send(apis.ConsumerGroupDescribe, body, this.#to)).body.groups[0])
    } catch (error) {
      if (!(error instanceof TidemarkError) || error.code !== 'UNSUPPORTED_VERSION') throw error
    }
    if (found === undefined) return undefined
    const members = found.members.map((m) => ({
      memberId: m.memberId,
      instanceId: m.instanceId,
      clientId: m.clientId,
      host: m.clientHost,
      assignment: m.assignment.topicPartitions
        .flatMap(({ topicName: topic, partitions }) => partitions.map((partition) => ({ topic, partition })))
        .sort(compareTopicPartitions),
      assignmentError: undefined,
    }))
    const { groupState: state, assignorName: protocol } = found
    return { groupId: this.#group, type: 'consumer', state, protocolType: 'consumer', protocol, members }
  }

  /** A group that no request describes is of another kind, if its coordinator lists it; else it does not exist. */
  async refuse(): Promise<never> {
    const { body } = await this.#cluster.send(apis.ListGroups, {}, this.#to)
    if (body.errorCode !== 0) throw this.#error(body.errorCode, null)
    const kind = body.groups.find((g) => g.groupId === this.#group)?.groupType.toLowerCase() ?? ''
    if (kind !== '' && kind !== 'classic' && kind !== 'consumer') {
      throw new TidemarkError('UNSUPPORTED_GROUP_TYPE', `group '${this.#group}' is a ${kind} group, a kind that cannot be described yet`)
    }
    throw new TidemarkError('UNKNOWN_GROUP', `group '${this.#group}' does not exist: it has no members and no committed offsets`)
  }

  /** The coordinator's answer; undefined: it has no group of this kind with this name. */
  #found<G extends Classic | Modern>(answer: G | undefined): G | undefined {
    if (answer === undefined) throw this.#error(ErrorCode.UNKNOWN_SERVER_ERROR, 'the answer is empty')
    // UNSUPPORTED_VERSION: a broker of Kafka 3 on which groups of KIP-848 are not enabled.
    if (answer.errorCode === ErrorCode.GROUP_ID_NOT_FOUND || answer.errorCode === ErrorCode.UNSUPPORTED_VERSION) return undefined
    if (answer.errorCode !== 0) throw this.#error(answer.errorCode, answer.errorMessage)
    return answer
  }

  #error(errorCode: number, told: string | null): TidemarkError {
    return coordinatorError(this.#cluster, this.#group, `describing group '${this.#group}'`, errorCode, told)
  }
}

function assignmentOf(memberId: string, bytes: Buffer): Pick<GroupMember, 'assignment' | 'assignmentError'> {
  try {
    return { assignment: decodeAssignment(bytes).sort(compareTopicPartitions), assignmentError: undefined }
  } catch (error) {
    if (!(error instanceof WireError)) throw error
    const text = `the assignment of member '${memberId}' cannot be read: ${error.message}`
    return { assignment: [], assignmentError: new TidemarkError('PROTOCOL_ERROR', text, { cause: error }) }
  }
}
