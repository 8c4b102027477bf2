/** Committed offsets of a group without members: set, moved, and forgotten. */
import { checkName, checkOffset, checkOptions, checkPartition, describe, TidemarkError } from '@tidemark/platform'
import { apis, ErrorCode } from '@tidemark/protocol'
import type { Cluster } from '../cluster/cluster.ts'
import { checkOffsetSpec, listOffsets, type OffsetSpec } from '../cluster/list-offsets.ts'
import { type CallLimits, mayPass, retrying } from '../cluster/retrying.ts'
import { coordinatorError } from '../groups/coordinator-error.ts'
import { fetchCommitted } from '../groups/offset-fetch.ts'
import { writeOffsets } from '../groups/offset-write.ts'
import type { Offset } from '../messages/offset.ts'
import type { TopicPartition } from '../messages/topic-partition.ts'
import { checkedLimits, LIMIT_NAMES, limitsOf } from './limits.ts'

export interface OffsetToSet extends TopicPartition {
  readonly offset: number
  /** Default: -1, none. */
  readonly leaderEpoch?: number
  /** Default: none. */
  readonly metadata?: string
}

export interface ResetOffsetsOptions extends CallLimits {
  /** Default: the topics of which the group has committed offsets. */
  readonly topics?: readonly string[]
}

export interface ResetOffset extends TopicPartition {
  readonly offset: Offset
}

export async function setOffsets(
  cluster: Cluster,
  group: string,
  offsets: readonly OffsetToSet[],
  options: CallLimits = {},
): Promise<void> {
  checkName('the name of the group', group)
  const limits = limitsOf('groups.setOffsets()', options)
  const checked = checkedOffsets(offsets)
  const written = checked.map(({ topic, partition, offset, leaderEpoch = -1, metadata = '' }) => ({
    topic,
    partition,
    offset,
    leaderEpoch,
    metadata,
  }))
  const refused = (await writeOffsets(cluster, group, written, limits)).find(({ error }) => error !== undefined)
  if (refused?.error === undefined) return
  const { topic, partition, error } = refused
  throw error.code === 'GROUP_ACTIVE' ? new TidemarkError('NON_EMPTY_GROUP', error.message, { topic, partition }) : error
}

/** A group that has members takes commits from them alone. */
function refusedBy(
  cluster: Cluster,
  group: string,
  what: string,
  errorCode: number,
  where: { topic?: string; partition?: number } = {},
): TidemarkError {
  const hasMembers =
    errorCode === ErrorCode.UNKNOWN_MEMBER_ID ||
    errorCode === ErrorCode.NON_EMPTY_GROUP ||
    errorCode === ErrorCode.GROUP_SUBSCRIBED_TO_TOPIC
  if (!hasMembers) return coordinatorError(cluster, group, what, errorCode, null, where)
  const name = errorCode === ErrorCode.GROUP_SUBSCRIBED_TO_TOPIC ? 'GROUP_SUBSCRIBED_TO_TOPIC' : 'NON_EMPTY_GROUP'
  return new TidemarkError(name, `${what} failed: the group has members; stop them first`, where)
}

export async function resetOffsets(
  cluster: Cluster,
  group: string,
  to: OffsetSpec,
  options: ResetOffsetsOptions = {},
): Promise<readonly ResetOffset[]> {
  checkName('the name of the group', group)
  checkOptions<ResetOffsetsOptions>('groups.resetOffsets()', options, { ...LIMIT_NAMES, topics: true })
  const limits = checkedLimits(options)
  const at = checkOffsetSpec('the place to reset to', to)
  const what = `resetting the offsets of group '${group}'`
  const found = await retrying(cluster, { what, retries: mayPass, ...limits }, async (signal) => {
    const partitions = await partitionsOf(cluster, group, options.topics, signal)
    const find = (queries: readonly TopicPartition[], where: OffsetSpec) =>
      listOffsets(
        cluster,
        queries.map((query) => ({ ...query, at: where })),
        { signal, purpose: 'admin' },
      )
    const listed = await find(partitions, at)
    const none = listed.filter(({ offset }) => offset === undefined)
    const ends = await find(none, 'latest')
    return listed.map((it) => {
      const { offset, leaderEpoch } = it.offset === undefined ? ends[none.indexOf(it)]! : it
      return { topic: it.topic, partition: it.partition, offset: offset!, leaderEpoch }
    })
  })
  if (found.length === 0) throw new TidemarkError('NOTHING_TO_DO', `group '${group}' has committed nothing: name the topics to reset`)
  await setOffsets(cluster, group, found, limits)
  return found.map(({ topic, partition, offset }) => ({ topic, partition, offset }))
}

async function partitionsOf(
  cluster: Cluster,
  group: string,
  topics: readonly string[] | undefined,
  signal: AbortSignal,
): Promise<TopicPartition[]> {
  if (topics === undefined) {
    const committed = await fetchCommitted(cluster, { group, requireStable: false, purpose: 'admin', signal })
    return committed.map(({ topic, partition }) => ({ topic, partition }))
  }
  for (const [i, name] of topics.entries()) checkName(`topics[${i}]`, name)
  const views = await cluster.topics(topics, { signal })
  return topics.flatMap((topic) => views.get(topic)!.partitions.map(({ partition }) => ({ topic, partition })))
}

export async function deleteOffsets(
  cluster: Cluster,
  group: string,
  partitions: readonly TopicPartition[],
  options: CallLimits = {},
): Promise<void> {
  checkName('the name of the group', group)
  const limits = limitsOf('groups.deleteOffsets()', options)
  const checked = checkedPartitions(partitions)
  const what = `deleting offsets of group '${group}'`
  await retrying(cluster, { what, retries: mayPass, ...limits }, async (signal) => {
    const topics = [...Map.groupBy(checked, ({ topic }) => topic)].map(([name, ofTopic]) => ({
      name,
      partitions: ofTopic.map(({ partition }) => ({ partitionIndex: partition })),
    }))
    const { body } = await cluster.send(
      apis.OffsetDelete,
      { groupId: group, topics },
      { node: { coordinator: group }, purpose: 'admin', signal },
    )
    if (body.errorCode === ErrorCode.GROUP_ID_NOT_FOUND) throw new TidemarkError('UNKNOWN_GROUP', `group '${group}' does not exist`)
    if (body.errorCode !== 0) throw refusedBy(cluster, group, what, body.errorCode)
    for (const { name: topic, partitions: answers } of body.topics) {
      for (const { partitionIndex: partition, errorCode } of answers) {
        if (errorCode !== 0) throw refusedBy(cluster, group, `${what} for ${topic}-${partition}`, errorCode, { topic, partition })
      }
    }
  })
}

function checkedPartitions<P extends TopicPartition>(partitions: readonly P[]): readonly P[] {
  if (!Array.isArray(partitions)) {
    throw new TidemarkError('INVALID_ARGUMENT', `the partitions are ${describe(partitions)}; they must be an array of { topic, partition }`)
  }
  if (partitions.length === 0) throw new TidemarkError('NOTHING_TO_DO', 'no partition was named')
  for (const [i, it] of partitions.entries()) {
    checkName(`the topic of entry ${i}`, (it as Partial<P> | null)?.topic)
    checkPartition(`the partition of entry ${i}`, it.partition)
  }
  return partitions
}

function checkedOffsets(offsets: readonly OffsetToSet[]): readonly OffsetToSet[] {
  for (const [i, { offset, metadata }] of checkedPartitions(offsets).entries()) {
    checkOffset(`the offset of entry ${i}`, offset)
    if (metadata !== undefined && typeof metadata !== 'string') {
      throw new TidemarkError('INVALID_ARGUMENT', `the metadata of entry ${i} is ${describe(metadata)}; it must be text`)
    }
  }
  return offsets
}
