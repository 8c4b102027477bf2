/** Groups: list, describe, delete, and what they have committed. */
import { checkName, checkOptions, flagOption, TidemarkError } from '@tidemark/platform'
import { apis, ErrorCode, errorOf } from '@tidemark/protocol'
import type { Cluster } from '../cluster/cluster.ts'
import type { OffsetSpec } from '../cluster/list-offsets.ts'
import { type CallLimits, mayPass, retrying } from '../cluster/retrying.ts'
import { coordinatorError } from '../groups/coordinator-error.ts'
import { type CommittedOffset, fetchCommitted } from '../groups/offset-fetch.ts'
import type { TopicPartition } from '../messages/topic-partition.ts'
import { describeGroup } from './describe-group.ts'
import { deleteOffsets, type OffsetToSet, type ResetOffset, type ResetOffsetsOptions, resetOffsets, setOffsets } from './group-offsets.ts'
import { checkedLimits, LIMIT_NAMES, limitsOf } from './limits.ts'

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
  /** In order. Empty also if the group is not one of consumers, or the assignment cannot be read. */
  readonly assignment: readonly TopicPartition[]
  /** Why the assignment cannot be read: what the group's leader wrote is not an assignment. */
  readonly assignmentError: TidemarkError | undefined
}

export interface GroupDescription {
  readonly groupId: string
  /** `consumer`: the group speaks the protocol of KIP-848. */
  readonly type: 'classic' | 'consumer'
  readonly state: string
  readonly protocolType: string
  /** The assignor that its members agreed on. */
  readonly protocol: string
  readonly coordinator: number
  readonly members: readonly GroupMember[]
}

export interface GroupOffsetsOptions extends CallLimits {
  /** Wait for transactions that are about to commit an offset. Default: false. */
  readonly requireStable?: boolean
}

export interface Groups {
  /** Of all brokers, by name. */
  list(options?: CallLimits): Promise<readonly GroupListing[]>
  /**
   * Groups of consumers of both protocols. Rejects with `TidemarkError` UNKNOWN_GROUP, or UNSUPPORTED_GROUP_TYPE for
   * share and streams groups.
   */
  describe(group: string, options?: CallLimits): Promise<GroupDescription>
  /** What is committed, by topic and partition; empty if nothing is. */
  offsets(group: string, options?: GroupOffsetsOptions): Promise<readonly CommittedOffset[]>
  /**
   * With all its committed offsets. Rejects with `TidemarkError` UNKNOWN_GROUP, NON_EMPTY_GROUP (it has members), or
   * UNSUPPORTED_VERSION for a broker that cannot delete groups.
   */
  delete(group: string, options?: CallLimits): Promise<void>
  /**
   * Commits offsets for a group without members, as they are given. Rejects with `TidemarkError` NON_EMPTY_GROUP (it
   * has members), with the partition.
   */
  setOffsets(group: string, offsets: readonly OffsetToSet[], options?: CallLimits): Promise<void>
  /**
   * Moves all that a group without members has committed, or whole topics, to the beginning, the end or a time; where
   * no record is at or after the time, to the end. Resolves with what was set. Rejects with `TidemarkError`
   * NON_EMPTY_GROUP, NOTHING_TO_DO (nothing is committed, and no topics are named).
   */
  resetOffsets(group: string, to: OffsetSpec, options?: ResetOffsetsOptions): Promise<readonly ResetOffset[]>
  /**
   * Forgets committed offsets. Rejects with `TidemarkError` UNKNOWN_GROUP, GROUP_SUBSCRIBED_TO_TOPIC (a member reads
   * the topic), NON_EMPTY_GROUP.
   */
  deleteOffsets(group: string, partitions: readonly TopicPartition[], options?: CallLimits): Promise<void>
}

export function groupsOf(cluster: Cluster): Groups {
  return {
    setOffsets: (group, offsets, options) => setOffsets(cluster, group, offsets, options),
    resetOffsets: (group, to, options) => resetOffsets(cluster, group, to, options),
    deleteOffsets: (group, partitions, options) => deleteOffsets(cluster, group, partitions, options),

    async list(options = {}) {
      const limits = limitsOf('groups.list()', options)
      const lists = await retrying(cluster, { what: 'listing groups', retries: mayPass, ...limits }, async (signal) => {
        await cluster.refresh([], signal)
        return Promise.all(cluster.nodes().map((node) => listOf(cluster, node.nodeId, { signal, timeoutMs: limits.timeoutMs })))
      })
      const byName = new Map(lists.flat().map((g) => [g.groupId, g]))
      return [...byName.values()].sort((a, b) => (a.groupId < b.groupId ? -1 : 1))
    },

    async describe(group, options = {}) {
      checkName('the name of the group', group)
      return describeGroup(cluster, group, limitsOf('groups.describe()', options))
    },

    async offsets(group, options = {}) {
      checkName('the name of the group', group)
      checkOptions<GroupOffsetsOptions>('groups.offsets()', options, { ...LIMIT_NAMES, requireStable: true })
      const limits = checkedLimits(options)
      const requireStable = flagOption('requireStable', options.requireStable ?? false)
      const what = `reading the committed offsets of group '${group}'`
      return retrying(cluster, { what, retries: mayPass, ...limits }, (signal) =>
        fetchCommitted(cluster, { group, requireStable, purpose: 'admin', signal }),
      )
    },

    async delete(group, options = {}) {
      checkName('the name of the group', group)
      const what = `deleting group '${group}'`
      await retrying(cluster, { what, retries: mayPass, ...limitsOf('groups.delete()', options) }, async (signal) => {
        const to = { node: { coordinator: group }, purpose: 'admin', signal } as const
        const { body } = await cluster.send(apis.DeleteGroups, { groupsNames: [group] }, to)
        const errorCode = body.results[0]?.errorCode ?? ErrorCode.UNKNOWN_SERVER_ERROR
        if (errorCode === ErrorCode.GROUP_ID_NOT_FOUND) throw new TidemarkError('UNKNOWN_GROUP', `group '${group}' does not exist`)
        if (errorCode !== 0) throw coordinatorError(cluster, group, what, errorCode)
      })
    },
  }
}

/** The groups that one node coordinates; asked again while it loads them. */
function listOf(cluster: Cluster, node: number, limits: CallLimits): Promise<GroupListing[]> {
  const what = `listing the groups of node ${node}`
  return retrying(cluster, { what, retries: mayPass, ...limits }, async (signal) => {
    const { body } = await cluster.send(apis.ListGroups, {}, { node, purpose: 'admin', signal })
    const { name, text } = errorOf(body.errorCode)
    if (body.errorCode !== 0) throw new TidemarkError(name, `${what} failed: ${name} (${text})`)
    return body.groups.map((g) => ({ groupId: g.groupId, protocolType: g.protocolType, state: g.groupState, type: g.groupType }))
  })
}
