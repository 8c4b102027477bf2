/**
 * Fetch 4 to 18. v4 isolation level · v5 log start offset · v7 sessions · v9 leader epoch · v10 zstd · v11 rack · v12
 * flexible, last fetched epoch · v13 topic ids · v15 replica state · v16 node endpoints · v17, v18 for replicas.
 *
 * In a session (KIP-227) a request stands for all partitions of the session, and the answer has those that changed.
 */
import type { Now } from '@tidemark/platform'
import { apis, ErrorCode, type FetchRequest, type FetchResponse, type InferInput } from '@tidemark/protocol'
import { askingOf } from '../auth/authorize.ts'
import { tellDenied } from '../auth/denials.ts'
import type { Asking } from '../auth/rule.ts'
import { handler } from '../dispatch/handler.ts'
import type { RequestContext } from '../dispatch/request-context.ts'
import type { Services } from '../dispatch/services.ts'
import { storageCode } from '../failure.ts'
import type { Topic } from '../metadata/topics.ts'
import { after, allOf, attempt } from '../now.ts'
import type { BrokerOptions } from '../options.ts'
import { type Read, readAll, type Wanted, waitForBytes } from '../partition/fetch.ts'
import type { Partition } from '../partition/partition.ts'
import { Operation } from '../state/acls/codes.ts'
import type { FetchSession, RequestedPartition, RequestedTopic } from '../state/fetch/session.ts'
import type { FetchContext } from '../state/fetch/sessions.ts'
import { findTopic } from './find-topic.ts'
import { leaderEpochFault } from './leader-epoch.ts'
import { isLedElsewhere } from './led-here.ts'

type Context = RequestContext<
  Pick<Services, 'topics' | 'partitions' | 'clock' | 'outputMemory' | 'fetchSessions' | 'authorizer' | 'nodes'> & {
    readonly options: Pick<BrokerOptions, 'fetchBytesMax' | 'replicaSelector'>
  }
>

type Answer = InferInput<typeof FetchResponse>

const TOPIC_IDS_SINCE = 13
/** Clients that a leader can send to another replica, and that replicas answer (KIP-392). */
const REPLICAS_SINCE = 11
const READ_COMMITTED = 1
/** The client reads from the node that it asked. */
const NO_REPLICA = -1

/**
 * Where the next Fetch of a connection begins to read, so that no partition starves behind others: one connection,
 * one signal.
 */
const turns = new WeakMap<AbortSignal, number>()

export const fetch = handler(apis.Fetch, { versions: [4, 18], holds: true }, (request, context: Context) => {
  const { fetchSessions, clock } = context.services
  const how = fetchSessions.begin(request, context.version >= TOPIC_IDS_SINCE, clock.monotonic())
  if (how.kind === 'refused') return { errorCode: how.code, sessionId: 0, responses: [] }
  const topics = how.kind === 'incremental' ? how.session.requested() : request.topics
  return after(allOf(wantedOf(topics, request, context)), (wanted) =>
    after(serve(request, wanted, how, context), (reads) => answerOf(request, topics, reads, how, context)),
  )
})

function wantedOf(topics: readonly RequestedTopic[], request: FetchRequest, context: Context): Now<Wanted>[] {
  const ask = context.services.authorizer.isOn ? askingOf(context) : undefined
  return topics.flatMap((asked) => {
    const topic = readableTopic(asked, context, ask)
    return asked.partitions.map((one) => wantedOne(topic, one, request, context))
  })
}

/** A topic that may not be read is refused before anything else is said of it; an unknown id names none. */
function readableTopic({ topic: name, topicId }: RequestedTopic, context: Context, ask: Asking | undefined): Topic | number {
  const { version, services } = context
  const usesIds = version >= TOPIC_IDS_SINCE
  const topic = findTopic(services.topics, { name, topicId }, usesIds)
  if (ask === undefined || (usesIds && typeof topic === 'number')) return topic
  const known = typeof topic === 'number' ? name : topic.name
  if (ask.topic(Operation.READ, known)) return topic
  tellDenied(apis.Fetch.name, 'TOPIC READ', context, ErrorCode.TOPIC_AUTHORIZATION_FAILED, [known])
  return ErrorCode.TOPIC_AUTHORIZATION_FAILED
}

function wantedOne(topic: Topic | number, asked: RequestedPartition, request: FetchRequest, context: Context): Now<Wanted> {
  const isOneNode = context.services.nodes.areOne || typeof topic === 'number'
  return after(openOne(topic, asked, request, context), (opened) => ({
    partition: typeof opened === 'number' ? undefined : opened,
    code: typeof opened === 'number' ? opened : ErrorCode.NONE,
    goneCode: context.version >= TOPIC_IDS_SINCE ? ErrorCode.UNKNOWN_TOPIC_ID : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    fetchOffset: asked.fetchOffset,
    lastFetchedEpoch: asked.lastFetchedEpoch,
    bytesMax: asked.partitionMaxBytes,
    moved: isOneNode ? undefined : () => movedFault(topic, asked, request, context),
    preferredReplica: isOneNode ? undefined : () => preferredReplica(topic, asked.partition, request, context),
  }))
}

/** The partition, or the error that stands for it. */
function openOne(topic: Topic | number, asked: RequestedPartition, request: FetchRequest, context: Context): Now<Partition | number> {
  if (typeof topic === 'number') return topic
  return attempt<Partition | number>(() => {
    const partition = context.services.partitions.open(topic, asked.partition)
    if (partition === undefined) return ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    const moved = movedFault(topic, asked, request, context)
    if (moved !== ErrorCode.NONE) return moved
    return after(partition, (it) => leaderEpochFault(asked.currentLeaderEpoch, it) || it)
  }, storageCode)
}

const isReplica = ({ replicaId, replicaState }: FetchRequest): boolean => replicaId >= 0 || replicaState.replicaId >= 0

/** Whether replicas that do not lead answer this request too. */
const readsReplicas = (request: FetchRequest, { version, services: { options } }: Context): boolean =>
  options.replicaSelector === 'rack-aware' && version >= REPLICAS_SINCE && !isReplica(request)

/**
 * Another node leads the partition. A replica answers in its place where clients are sent to replicas, and only in the
 * epoch that the client knows: one that waits here hears of a new leader.
 */
function movedFault(topic: Topic, { partition, currentLeaderEpoch }: RequestedPartition, request: FetchRequest, context: Context): number {
  if (!isLedElsewhere(topic, partition, context)) return ErrorCode.NONE
  const { nodes, topics } = context.services
  if (!readsReplicas(request, context) || !nodes.inSyncOf(topic, partition).includes(context.node.id))
    return ErrorCode.NOT_LEADER_OR_FOLLOWER
  return leaderEpochFault(currentLeaderEpoch, topics)
}

/** Only the leader names one. */
function preferredReplica(topic: Topic, index: number, request: FetchRequest, context: Context): number | undefined {
  if (request.rackId === '' || !readsReplicas(request, context) || isLedElsewhere(topic, index, context)) return undefined
  return context.services.nodes.nearReplicaOf(topic, index, request.rackId)
}

function serve(request: FetchRequest, wanted: readonly Wanted[], how: FetchContext, context: Context): Now<Read[]> {
  const { options, clock, outputMemory } = context.services
  const deadlineMs = clock.monotonic() + request.maxWaitMs
  return look()

  function look(): Now<Read[]> {
    // The partitions of a session are in the order in which it is their turn.
    const turn = how.kind === 'incremental' ? 0 : (turns.get(context.signal) ?? 0)
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
      return reads
    })
  }
}

const isFinal = ({ code, diverging, preferredReplica }: Read): boolean =>
  code !== ErrorCode.NONE || diverging !== undefined || preferredReplica !== undefined

function answerOf(
  request: FetchRequest,
  topics: readonly RequestedTopic[],
  reads: readonly Read[],
  how: FetchContext,
  context: Context,
): Answer {
  if (how.kind !== 'incremental') {
    const responses = responsesOf(request, topics, reads, context)
    return {
      errorCode: ErrorCode.NONE,
      sessionId: how.kind === 'full' && !context.signal.aborted ? newSession(request, topics, reads, context) : 0,
      responses,
    }
  }
  const { session, epoch } = how
  const { id } = session.facts
  // The session went on with another request meanwhile, and only one of them may tell what changed.
  if (session.epoch !== epoch) return { errorCode: ErrorCode.INVALID_FETCH_SESSION_EPOCH, sessionId: id, responses: [] }
  return { errorCode: ErrorCode.NONE, sessionId: id, responses: responsesOf(request, topics, reads, context, session) }
}

function newSession(request: FetchRequest, topics: readonly RequestedTopic[], reads: readonly Read[], context: Context): number {
  const { fetchSessions, clock } = context.services
  const privileged = isReplica(request) && askingOf(context).cluster(Operation.CLUSTER_ACTION)
  const usesTopicIds = context.version >= TOPIC_IDS_SINCE
  return fetchSessions.create({ privileged, usesTopicIds, topics, reads }, clock.monotonic())
}

/** Of a session only what its client does not know. */
function responsesOf(
  { isolationLevel }: FetchRequest,
  topics: readonly RequestedTopic[],
  reads: readonly Read[],
  context: Context,
  session?: FetchSession,
): Answer['responses'] {
  const responses: { topic: string; topicId: string; partitions: PartitionAnswer[] }[] = []
  let i = 0
  for (const { topic, topicId, partitions } of topics) {
    const answers: PartitionAnswer[] = []
    for (const { partition } of partitions) {
      const read = reads[i++]!
      if (session?.tell(topic, topicId, partition, read) ?? true)
        answers.push(partitionAnswer(partition, read, isolationLevel, () => leaderOf(topic, topicId, partition, context)))
    }
    if (answers.length > 0) responses.push({ topic, topicId, partitions: answers })
  }
  return responses
}

type PartitionAnswer = Answer['responses'][number]['partitions'][number]

const MOVED: ReadonlySet<number> = new Set([ErrorCode.FENCED_LEADER_EPOCH, ErrorCode.NOT_LEADER_OR_FOLLOWER])

function leaderOf(
  name: string,
  topicId: string,
  index: number,
  { services: { topics, nodes } }: Context,
): PartitionAnswer['currentLeader'] {
  const topic = topics.byName(name) ?? topics.byId(topicId)
  return topic && { leaderId: nodes.leaderOf(topic, index), leaderEpoch: topics.leaderEpoch }
}

function partitionAnswer(
  partitionIndex: number,
  read: Read,
  isolationLevel: number,
  leader: () => PartitionAnswer['currentLeader'],
): PartitionAnswer {
  return {
    partitionIndex,
    errorCode: read.code,
    highWatermark: read.highWatermark,
    lastStableOffset: read.highWatermark,
    logStartOffset: read.logStartOffset,
    divergingEpoch: read.diverging,
    currentLeader: MOVED.has(read.code) ? leader() : undefined,
    abortedTransactions: isolationLevel === READ_COMMITTED ? [] : null,
    records: read.records,
    preferredReadReplica: read.preferredReplica ?? NO_REPLICA,
  }
}
