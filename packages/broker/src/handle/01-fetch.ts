/**
 * Fetch 4 to 18. v4 isolation level · v5 log start offset · v7 sessions · v9 leader epoch · v10 zstd · v11 rack · v12
 * flexible, last fetched epoch · v13 topic ids · v15 replica state · v16 node endpoints · v17, v18 for replicas.
 *
 * A session is declined by answering id 0 (KIP-227): the client goes on with full requests.
 */
import type { Now } from '@tidemark/platform'
import { apis, ErrorCode, type FetchRequest, type FetchResponse, type InferInput } from '@tidemark/protocol'
import { handler } from '../dispatch/handler.ts'
import type { RequestContext } from '../dispatch/request-context.ts'
import type { Services } from '../dispatch/services.ts'
import { storageCode } from '../failure.ts'
import type { Topic } from '../metadata/topics.ts'
import { after, allOf, attempt } from '../now.ts'
import type { BrokerOptions } from '../options.ts'
import { type Read, readAll, type Wanted, waitForBytes } from '../partition/fetch.ts'
import type { Partition } from '../partition/partition.ts'
import { findTopic } from './find-topic.ts'
import { leaderEpochFault } from './leader-epoch.ts'

type Context = RequestContext<
  Pick<Services, 'topics' | 'partitions' | 'clock' | 'outputMemory'> & { readonly options: Pick<BrokerOptions, 'fetchBytesMax'> }
>

type Answer = InferInput<typeof FetchResponse>
type RequestedPartition = FetchRequest['topics'][number]['partitions'][number]

const TOPIC_IDS_SINCE = 13
const READ_COMMITTED = 1
/** The epoch of a full request outside of a session; 0 asks for a new session. */
const FINAL_EPOCH = -1
const INITIAL_EPOCH = 0

/**
 * Where the next Fetch of a connection begins to read, so that no partition starves behind others: one connection,
 * one signal.
 */
const turns = new WeakMap<AbortSignal, number>()

export const fetch = handler(apis.Fetch, { versions: [4, 18], holds: true }, (request, context: Context) => {
  const fault = sessionFault(request)
  if (fault !== ErrorCode.NONE) return { errorCode: fault, sessionId: 0, responses: [] }
  return after(allOf(wantedOf(request, context)), (wanted) => serve(request, wanted, context))
})

function sessionFault({ sessionId, sessionEpoch }: FetchRequest): number {
  if (sessionEpoch === FINAL_EPOCH || sessionEpoch === INITIAL_EPOCH) return ErrorCode.NONE
  return sessionId === 0 ? ErrorCode.INVALID_FETCH_SESSION_EPOCH : ErrorCode.FETCH_SESSION_ID_NOT_FOUND
}

function wantedOf(request: FetchRequest, context: Context): Now<Wanted>[] {
  const { topics } = context.services
  return request.topics.flatMap((asked) => {
    const topic = findTopic(topics, { name: asked.topic, topicId: asked.topicId }, context.version >= TOPIC_IDS_SINCE)
    return asked.partitions.map((one) => wantedOne(topic, one, context))
  })
}

function wantedOne(topic: Topic | number, asked: RequestedPartition, context: Context): Now<Wanted> {
  return after(openOne(topic, asked, context), (opened) => ({
    partition: typeof opened === 'number' ? undefined : opened,
    code: typeof opened === 'number' ? opened : ErrorCode.NONE,
    goneCode: context.version >= TOPIC_IDS_SINCE ? ErrorCode.UNKNOWN_TOPIC_ID : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    fetchOffset: asked.fetchOffset,
    lastFetchedEpoch: asked.lastFetchedEpoch,
    bytesMax: asked.partitionMaxBytes,
  }))
}

/** The partition, or the error that stands for it. */
function openOne(topic: Topic | number, asked: RequestedPartition, { services }: Context): Now<Partition | number> {
  if (typeof topic === 'number') return topic
  return attempt<Partition | number>(() => {
    const partition = services.partitions.open(topic, asked.partition)
    if (partition === undefined) return ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    return after(partition, (it) => leaderEpochFault(asked.currentLeaderEpoch, it) || it)
  }, storageCode)
}

function serve(request: FetchRequest, wanted: readonly Wanted[], context: Context): Now<Answer> {
  const { options, clock, outputMemory } = context.services
  const deadlineMs = clock.monotonic() + request.maxWaitMs
  return look()

  function look(): Now<Answer> {
    const turn = turns.get(context.signal) ?? 0
    const bytesMax = Math.max(0, Math.min(request.maxBytes, options.fetchBytesMax, outputMemory.replyBytesMax))
    const bytesMin = Math.min(request.minBytes, bytesMax)
    outputMemory.take(bytesMax)
    return after(readAll(wanted, wanted.length === 0 ? 0 : turn % wanted.length, bytesMax), (reads) => {
      outputMemory.take(-bytesMax)
      const bytes = reads.reduce((sum, r) => sum + r.bytes, 0)
      const waitMs = deadlineMs - clock.monotonic()
      const answersNow = bytes >= bytesMin || waitMs <= 0 || wanted.length === 0 || reads.some(isFinal) || context.signal.aborted
      if (!answersNow) return waitForBytes(wanted, bytesMin - bytes, waitMs, clock, context.signal).then(look)
      if (bytes > 0) turns.set(context.signal, turn + 1)
      return answerOf(request, reads, context)
    })
  }
}

const isFinal = (read: Read): boolean => read.code !== ErrorCode.NONE || read.diverging !== undefined

function answerOf(request: FetchRequest, reads: readonly Read[], context: Context): Answer {
  let i = 0
  const responses = request.topics.map(({ topic, topicId, partitions }) => ({
    topic,
    topicId,
    partitions: partitions.map(({ partition }) => {
      const n = i++
      return partitionAnswer(partition, reads[n]!, request.isolationLevel, context)
    }),
  }))
  return { errorCode: ErrorCode.NONE, sessionId: 0, responses }
}

type PartitionAnswer = Answer['responses'][number]['partitions'][number]

function partitionAnswer(partitionIndex: number, read: Read, isolationLevel: number, { services, node }: Context): PartitionAnswer {
  const moved = read.code === ErrorCode.FENCED_LEADER_EPOCH
  return {
    partitionIndex,
    errorCode: read.code,
    highWatermark: read.highWatermark,
    lastStableOffset: read.highWatermark,
    logStartOffset: read.logStartOffset,
    divergingEpoch: read.diverging,
    currentLeader: moved ? { leaderId: node.id, leaderEpoch: services.topics.leaderEpoch } : undefined,
    abortedTransactions: isolationLevel === READ_COMMITTED ? [] : null,
    records: read.records,
  }
}
