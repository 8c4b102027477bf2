/**
 * Committed offsets of a group, written by a client that is not a member of it: OffsetCommit without a generation, and
 * OffsetDelete. Each partition has an outcome of its own, so that a caller can tell exactly what was done.
 */
import { TidemarkError } from '@tidemark/platform'
import { apis, ErrorCode } from '@tidemark/protocol'
import type { Cluster } from '../cluster/cluster.ts'
import { type CallLimits, mayPass, retrying } from '../cluster/retrying.ts'
import { keyOf, type TopicPartition, textOf } from '../messages/topic-partition.ts'
import { coordinatorError, coordinatorOutcome } from './coordinator-error.ts'

export interface OffsetToWrite extends TopicPartition {
  readonly offset: number
  /** -1: none. */
  readonly leaderEpoch: number
  readonly metadata: string
}

export interface WriteOutcome extends TopicPartition {
  /**
   * Undefined: done. GROUP_ACTIVE: the group has members, or one that reads the topic. What the way to the broker
   * brings (TIMED_OUT, CONNECTION_LOST, ABORTED, …) leaves open whether it was done.
   */
  readonly error: TidemarkError | undefined
}

/** A commit that is not a member's has no generation. */
const NO_GENERATION = -1
/** From the next version on commits name topics by their ids. */
const NAMES_UNTIL = 9
/**
 * Kafka writes what one request commits as one batch, which `max.message.bytes` of its topic (1 MiB) limits: larger
 * ones are refused with INVALID_COMMIT_OFFSET_SIZE.
 */
const REQUEST_BYTES_MAX = 512 * 1024
const ENTRY_BYTES = 100

type Answers = readonly (TopicPartition & { readonly errorCode: number })[]

/** One outcome for each entry, in order. Only what `CallLimits` refuse rejects. */
export async function writeOffsets(
  cluster: Cluster,
  group: string,
  offsets: readonly OffsetToWrite[],
  limits: CallLimits,
): Promise<WriteOutcome[]> {
  const outcomes: WriteOutcome[] = []
  for (const part of chunksOf(offsets, (it) => ENTRY_BYTES + 3 * (group.length + it.topic.length + it.metadata.length))) {
    outcomes.push(
      ...(await eachOf(cluster, group, 'setting', part, limits, async (left, signal) => {
        const topics = [...Map.groupBy(left, ({ topic }) => topic)].map(([name, ofTopic]) => ({
          name,
          partitions: ofTopic.map(({ partition, offset, leaderEpoch, metadata }) => ({
            partitionIndex: partition,
            committedOffset: offset,
            committedLeaderEpoch: leaderEpoch,
            committedMetadata: metadata,
          })),
        }))
        const request = { groupId: group, generationIdOrMemberEpoch: NO_GENERATION, memberId: '', topics }
        const to = { node: { coordinator: group }, purpose: 'admin', signal, versionMax: NAMES_UNTIL } as const
        const { body } = await cluster.send(apis.OffsetCommit, request, to)
        return answersOf(body.topics)
      })),
    )
  }
  return outcomes
}

/**
 * As `writeOffsets`; a partition of which nothing is committed counts as done, and so does a group that does not
 * exist.
 */
export async function forgetOffsets(
  cluster: Cluster,
  group: string,
  partitions: readonly TopicPartition[],
  limits: CallLimits,
): Promise<WriteOutcome[]> {
  const outcomes: WriteOutcome[] = []
  for (const part of chunksOf(partitions, (it) => ENTRY_BYTES + 3 * (group.length + it.topic.length))) {
    outcomes.push(
      ...(await eachOf(cluster, group, 'deleting', part, limits, async (left, signal) => {
        const topics = [...Map.groupBy(left, ({ topic }) => topic)].map(([name, ofTopic]) => ({
          name,
          partitions: ofTopic.map(({ partition }) => ({ partitionIndex: partition })),
        }))
        const to = { node: { coordinator: group }, purpose: 'admin', signal } as const
        const { body } = await cluster.send(apis.OffsetDelete, { groupId: group, topics }, to)
        const errorCode = body.errorCode === ErrorCode.GROUP_ID_NOT_FOUND ? 0 : body.errorCode
        if (body.errorCode !== 0) return left.map(({ topic, partition }) => ({ topic, partition, errorCode }))
        return answersOf(body.topics)
      })),
    )
  }
  return outcomes
}

const answersOf = (
  topics: readonly {
    readonly name: string
    readonly partitions: readonly { readonly partitionIndex: number; readonly errorCode: number }[]
  }[],
): Answers =>
  topics.flatMap(({ name, partitions }) =>
    partitions.map(({ partitionIndex, errorCode }) => ({ topic: name, partition: partitionIndex, errorCode })),
  )

/** Asks until each entry has an answer that is final, or the time is over. */
async function eachOf<P extends TopicPartition>(
  cluster: Cluster,
  group: string,
  verb: string,
  entries: readonly P[],
  limits: CallLimits,
  send: (left: readonly P[], signal: AbortSignal) => Promise<Answers>,
): Promise<WriteOutcome[]> {
  const what = `${verb} the offsets of group '${group}'`
  const final = new Map<string, TidemarkError | undefined>()
  let failure: TidemarkError | undefined
  try {
    await retrying(cluster, { what, retries: mayPass, ...limits }, async (signal) => {
      const left = entries.filter((entry) => !final.has(keyOf(entry)))
      const answers = new Map((await send(left, signal)).map((answer) => [keyOf(answer), answer.errorCode]))
      let open: TidemarkError | undefined
      for (const { topic, partition } of left) {
        const key = keyOf({ topic, partition })
        const errorCode = answers.get(key) ?? ErrorCode.UNKNOWN_SERVER_ERROR
        const error =
          errorCode === 0
            ? undefined
            : refusedBy(cluster, group, `${what} for ${textOf({ topic, partition })}`, errorCode, { topic, partition })
        const outcome = coordinatorOutcome(errorCode)
        if (outcome === 'done' || outcome === 'refused') final.set(key, error)
        else open ??= error
      }
      if (open !== undefined) throw open
    })
  } catch (error) {
    if (!(error instanceof TidemarkError)) throw error
    failure = error
  }
  return entries.map(({ topic, partition }) => {
    const key = keyOf({ topic, partition })
    return { topic, partition, error: final.has(key) ? final.get(key) : failure }
  })
}

/** A group that has members takes commits from them alone. */
function refusedBy(
  cluster: Cluster,
  group: string,
  what: string,
  errorCode: number,
  where: { topic: string; partition: number },
): TidemarkError {
  if (!OF_MEMBERS.has(errorCode)) return coordinatorError(cluster, group, what, errorCode, null, where)
  return new TidemarkError('GROUP_ACTIVE', `${what} failed: the group has members; stop them first`, where)
}

const OF_MEMBERS: ReadonlySet<number> = new Set([
  ErrorCode.UNKNOWN_MEMBER_ID,
  ErrorCode.NON_EMPTY_GROUP,
  ErrorCode.GROUP_SUBSCRIBED_TO_TOPIC,
])

function chunksOf<P>(entries: readonly P[], bytesOf: (entry: P) => number): P[][] {
  const chunks: P[][] = []
  let bytes = Infinity
  for (const entry of entries) {
    const more = bytesOf(entry)
    if (bytes + more > REQUEST_BYTES_MAX) {
      chunks.push([])
      bytes = 0
    }
    chunks.at(-1)!.push(entry)
    bytes += more
  }
  return chunks
}
