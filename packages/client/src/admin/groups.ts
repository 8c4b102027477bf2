/** Groups: list, describe, and what they have committed. */
import { TidemarkError } from '@tidemark/platform'
import { apis, ConsumerProtocolAssignment, codecOf, ErrorCode, errorOf, Reader, WireError } from '@tidemark/protocol'
import { askCoordinator } from '../cluster/ask-coordinator.ts'
import { type Cluster, isLost } from '../cluster/cluster.ts'
import { pause } from '../connect/abortable.ts'
import { backoffMs } from '../connect/backoff.ts'
import type { TopicPartition } from '../fetch/types.ts'
import type { Offset } from '../messages/offset.ts'

export interface GroupListing {
  readonly groupId: string
  /** `consumer` for groups of consumers; others are Connect's, and the like. */
  readonly protocolType: string
  /** Kafka's name of the state; empty: the broker is too old to tell. */
  readonly state: string
  /** `classic`, `consumer`, …; empty: the broker is too old to tell. */
  readonly type: string
}

export interface GroupMember {
  readonly memberId: string
  readonly instanceId: string | null
  readonly clientId: string
  readonly host: string
  /** In order. Empty also if the group is not one of consumers, or what its leader wrote cannot be read. */
  readonly assignment: readonly TopicPartition[]
}

export interface GroupDescription {
  readonly groupId: string
  readonly state: string
  readonly protocolType: string
  /** The assignor that its members agreed on. */
  readonly protocol: string
  readonly coordinator: number
  readonly members: readonly GroupMember[]
}

export interface CommittedOffset extends TopicPartition {
  readonly offset: Offset
  /** -1: it was committed without one. */
  readonly leaderEpoch: number
  readonly metadata: string
}

interface Asking {
  readonly signal?: AbortSignal
}

export interface Groups {
  /** Of all brokers, by name. */
  list(options?: Asking): Promise<readonly GroupListing[]>
  /** Rejects with `TidemarkError` UNKNOWN_GROUP. */
  describe(group: string, options?: Asking): Promise<GroupDescription>
  /** What is committed, by topic and partition; empty if nothing is. `requireStable` waits for transactions that are about to commit some. */
  offsets(group: string, options?: Asking & { readonly requireStable?: boolean }): Promise<readonly CommittedOffset[]>
}

/** From this version on OffsetFetch has a list of groups; from the one after next it has topic ids, which would have to be looked up. */
const GROUPS_FROM = 8
const NAMES_UNTIL = 9

export function groupsOf(cluster: Cluster): Groups {
  return {
    async list({ signal } = {}) {
      await cluster.refresh([])
      const lists = await Promise.all(cluster.nodes().map((node) => listOf(cluster, node.nodeId, signal)))
      const byName = new Map(lists.flat().map((g) => [g.groupId, g]))
      return [...byName.values()].sort((a, b) => (a.groupId < b.groupId ? -1 : 1))
    },

    async describe(group, { signal } = {}) {
      const to = { node: { coordinator: group }, purpose: 'admin', signal } as const
      const described = await askCoordinator(
        cluster,
        group,
        'the description',
        async () => {
          const { body } = await cluster.send(apis.DescribeGroups, { groups: [group] }, to)
          const found = body.groups[0]
          const errorCode = found?.errorCode ?? ErrorCode.UNKNOWN_SERVER_ERROR
          return {
            errorCode: errorCode === ErrorCode.GROUP_ID_NOT_FOUND ? 0 : errorCode,
            errorMessage: found?.errorMessage ?? null,
            result: found,
          }
        },
        signal,
      )
      if (described === undefined || described.errorCode !== 0 || described.groupState === 'Dead') throw unknownGroup(group)
      const members = described.members.map((m) => ({
        memberId: m.memberId,
        instanceId: m.groupInstanceId,
        clientId: m.clientId,
        host: m.clientHost,
        assignment: described.protocolType === 'consumer' ? assignmentOf(m.memberAssignment) : [],
      }))
      const { groupState: state, protocolType, protocolData: protocol } = described
      return { groupId: group, state, protocolType, protocol, coordinator: await cluster.coordinator(group, signal), members }
    },

    async offsets(group, { requireStable = false, signal } = {}) {
      const to = { node: { coordinator: group }, purpose: 'admin', signal, versionMax: NAMES_UNTIL } as const
      const body = (version: number) =>
        version < GROUPS_FROM
          ? { groupId: group, topics: null, requireStable }
          : { groups: [{ groupId: group, topics: null }], requireStable }
      const topics = await askCoordinator(
        cluster,
        group,
        'the committed offsets',
        async () => {
          const { version, body: answer } = await cluster.send(apis.OffsetFetch, body, to)
          const part = version < GROUPS_FROM ? answer : (answer.groups[0] ?? { topics: [], errorCode: ErrorCode.UNKNOWN_SERVER_ERROR })
          const failed = part.topics.flatMap((t) => t.partitions).find((p) => p.errorCode !== 0)
          const errorCode = part.errorCode === 0 ? (failed?.errorCode ?? 0) : part.errorCode
          return { errorCode: errorCode === ErrorCode.GROUP_ID_NOT_FOUND ? 0 : errorCode, result: errorCode === 0 ? part.topics : [] }
        },
        signal,
      )
      const committed = topics.flatMap((t) =>
        t.partitions.flatMap((p) =>
          p.committedOffset < 0
            ? []
            : [
                {
                  topic: t.name,
                  partition: p.partitionIndex,
                  offset: p.committedOffset as Offset,
                  leaderEpoch: p.committedLeaderEpoch,
                  metadata: p.metadata ?? '',
                },
              ],
        ),
      )
      return committed.sort((a, b) => (a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1))
    },
  }
}

/** The groups that one node coordinates; asked again while it loads them. */
async function listOf(cluster: Cluster, node: number, signal: AbortSignal | undefined): Promise<GroupListing[]> {
  const { clock, random } = cluster.options.platform
  const deadlineMs = clock.monotonic() + cluster.options.requestTimeoutMs
  for (let failures = 1; ; failures++) {
    try {
      const { body } = await cluster.send(apis.ListGroups, {}, { node, purpose: 'admin', signal })
      if (body.errorCode === 0) {
        return body.groups.map((g) => ({ groupId: g.groupId, protocolType: g.protocolType, state: g.groupState, type: g.groupType }))
      }
      const { name, retriable } = errorOf(body.errorCode)
      if (!retriable || clock.monotonic() >= deadlineMs) throw new TidemarkError(name, `node ${node} cannot list its groups: ${name}`)
    } catch (error) {
      if (!isLost(error) || clock.monotonic() >= deadlineMs) throw error
    }
    await pause(clock, backoffMs(random, cluster.options.retry, failures), 'ListGroups', signal)
  }
}

/** What the group's leader wrote for a member: a version, then the embedded message. */
function assignmentOf(bytes: Buffer): readonly TopicPartition[] {
  if (bytes.length === 0) return []
  try {
    const reader = new Reader(bytes)
    const version = Math.min(reader.int16(), ConsumerProtocolAssignment.versions[1])
    const { assignedPartitions } = codecOf(ConsumerProtocolAssignment, version).decode(reader)
    const all = assignedPartitions.flatMap(({ topic, partitions }) => partitions.map((partition) => ({ topic, partition })))
    return all.sort((a, b) => (a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1))
  } catch (error) {
    if (error instanceof WireError || error instanceof RangeError) return []
    throw error
  }
}

const unknownGroup = (group: string): TidemarkError =>
  new TidemarkError(
    'UNKNOWN_GROUP',
    `group '${group}' is not there: it has no members and no committed offsets; see them all with: tidemark group list`,
  )
