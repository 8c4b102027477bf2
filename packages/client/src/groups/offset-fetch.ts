/** OffsetFetch: what a group has committed. */
import { apis, ErrorCode } from '@tidemark/protocol'
import type { Cluster } from '../cluster/cluster.ts'
import type { Purpose } from '../cluster/types.ts'
import type { Offset } from '../messages/offset.ts'
import { compareTopicPartitions, type TopicPartition } from '../messages/topic-partition.ts'
import { coordinatorError } from './coordinator-error.ts'

export interface CommittedOffset extends TopicPartition {
  readonly offset: Offset
  /** -1: it was committed without one. */
  readonly leaderEpoch: number
  readonly metadata: string
}

export interface OffsetFetchOptions {
  readonly group: string
  /** Default: all partitions for which the group has committed an offset. */
  readonly topics?: ReadonlyMap<string, readonly number[]>
  /** Refuse (UNSTABLE_OFFSET_COMMIT) while a transaction that would move an offset is open. */
  readonly requireStable: boolean
  readonly owner?: object
  /** Default: `coordinator`. */
  readonly purpose?: Purpose
  readonly signal?: AbortSignal | undefined
  /** Default: `requestTimeoutMs`. */
  readonly timeoutMs?: number | undefined
}

/** From this version on OffsetFetch has a list of groups. */
const GROUPS_FROM = 8
/** From the next version on it has topic ids, which would have to be looked up first. */
const NAMES_UNTIL = 9

/**
 * One attempt. Resolves with what is committed, by topic and partition; a partition without a committed offset is
 * left out, and so is a group that does not exist. An error is never "nothing committed": it rejects with Kafka's
 * name of it, of a partition with that partition named; or like `cluster.send`.
 */
export async function fetchCommitted(cluster: Cluster, options: OffsetFetchOptions): Promise<CommittedOffset[]> {
  const { group, requireStable, owner, purpose = 'coordinator', signal, timeoutMs } = options
  const topics = options.topics === undefined ? null : [...options.topics].map(([name, list]) => ({ name, partitionIndexes: [...list] }))
  const body = (version: number) =>
    version < GROUPS_FROM ? { groupId: group, topics, requireStable } : { groups: [{ groupId: group, topics }], requireStable }
  const { version, body: answer } = await cluster.send(apis.OffsetFetch, body, {
    node: { coordinator: group },
    purpose,
    signal,
    versionMax: NAMES_UNTIL,
    ...(owner === undefined ? {} : { owner }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  })
  const part = version < GROUPS_FROM ? answer : (answer.groups[0] ?? { topics: [], errorCode: ErrorCode.UNKNOWN_SERVER_ERROR })
  if (part.errorCode === ErrorCode.GROUP_ID_NOT_FOUND) return []
  const what = `reading the committed offsets of group '${group}'`
  if (part.errorCode !== 0) throw coordinatorError(cluster, group, what, part.errorCode)
  const committed: CommittedOffset[] = []
  for (const { name: topic, partitions } of part.topics) {
    for (const { partitionIndex: partition, errorCode, committedOffset, committedLeaderEpoch, metadata } of partitions) {
      const where = { topic, partition }
      if (errorCode !== 0) throw coordinatorError(cluster, group, `${what} for ${topic}-${partition}`, errorCode, null, where)
      if (committedOffset < 0) continue
      committed.push({ ...where, offset: committedOffset as Offset, leaderEpoch: committedLeaderEpoch, metadata: metadata ?? '' })
    }
  }
  return committed.sort(compareTopicPartitions)
}
