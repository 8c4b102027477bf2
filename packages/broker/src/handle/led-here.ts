/**
 * On a cluster of several nodes a request is done by the node that leads the partition or coordinates the group: what
 * a client asks of another one is refused, and the client looks for the right one. A request of which a part belongs
 * here is cut down to that part.
 *
 * The groups of a request are found by the table of rights, which cuts requests in the same way. Fetch looks for
 * itself: the partitions of a session are not in its request.
 */
import { type Api, apis, ErrorCode, type Infer, type InferInput } from '@tidemark/protocol'
import type { Asking, Verdict } from '../auth/rule.ts'
import { rules } from '../auth/rules.ts'
import type { Handler } from '../dispatch/handler.ts'
import type { RequestContext } from '../dispatch/request-context.ts'
import type { Services } from '../dispatch/services.ts'
import { after } from '../now.ts'
import { hasPartition } from '../state/cluster/metadata.ts'

type Context = RequestContext<Pick<Services, 'nodes' | 'topics'>>
type Judge = (request: any, context: Context) => Verdict

const { NOT_LEADER_OR_FOLLOWER, NOT_COORDINATOR, GROUP_AUTHORIZATION_FAILED } = ErrorCode

/** Whether another node leads it; a partition that does not exist is led nowhere. */
export function isLedElsewhere(
  by: { readonly name: string; readonly topicId?: string },
  index: number,
  { node, services: { nodes, topics } }: Context,
): boolean {
  if (nodes.areOne) return false
  const topic = topics.byName(by.name) ?? topics.byId(by.topicId ?? '')
  return topic !== undefined && hasPartition(topic, index) && nodes.leaderOf(topic, index) !== node.id
}

/** Splits the partitions of each topic; topics without any of a kind are left out of it. */
function split<T extends { readonly name?: string; readonly topic?: string; readonly topicId?: string }, P>(
  topics: readonly T[],
  context: Context,
  partitionsOf: (topic: T) => readonly P[],
  indexOf: (partition: P) => number,
): { readonly here: { topic: T; partitions: P[] }[]; readonly elsewhere: { topic: T; partitions: P[] }[] } {
  const here: { topic: T; partitions: P[] }[] = []
  const elsewhere: { topic: T; partitions: P[] }[] = []
  for (const topic of topics) {
    const by = { name: topic.name ?? topic.topic ?? '', ...(topic.topicId !== undefined && { topicId: topic.topicId }) }
    const groups = Map.groupBy(partitionsOf(topic), (p) => isLedElsewhere(by, indexOf(p), context))
    if (groups.has(false) || !groups.has(true)) here.push({ topic, partitions: groups.get(false) ?? [] })
    if (groups.has(true)) elsewhere.push({ topic, partitions: groups.get(true)! })
  }
  return { here, elsewhere }
}

const judge = <A extends Api>(api: A, act: (request: Infer<A['request']>, context: Context) => Verdict<A>): readonly [number, Judge] => [
  api.key,
  act as Judge,
]

const errorCode = NOT_LEADER_OR_FOLLOWER

/**
 * Of an API whose requests and answers have `topics`. `key` is the field of a topic in the request that has its
 * partitions.
 */
function judgeTopics(
  api: Api,
  key: 'partitions' | 'partitionIndexes',
  indexOf: (partition: any) => number,
  refused: (index: number) => object,
): readonly [number, Judge] {
  const act: Judge = (request, context) => {
    const { here, elsewhere } = split<any, any>(request.topics, context, (topic) => topic[key], indexOf)
    if (elsewhere.length === 0) return undefined
    const refusals = elsewhere.map(({ topic: { name, topic }, partitions }) => ({
      ...(name === undefined ? { topic } : { name }),
      partitions: partitions.map((partition) => ({ ...refused(indexOf(partition)), errorCode })),
    }))
    return {
      request: { ...request, topics: here.map(({ topic, partitions }) => ({ ...topic, [key]: partitions })) },
      merge: (answer: any) => ({ ...answer, topics: [...answer.topics, ...refusals] }),
    }
  }
  return [api.key, act]
}

const byPartition: ReadonlyMap<number, Judge> = new Map([
  judge(apis.Produce, (request, context) => {
    const { here, elsewhere } = split(
      request.topicData,
      context,
      (t) => t.partitionData,
      (p) => p.index,
    )
    if (elsewhere.length === 0) return undefined
    const { nodes, topics } = context.services
    const leaderOf = (name: string, topicId: string, index: number) => {
      const topic = topics.byName(name) ?? topics.byId(topicId)!
      return { leaderId: nodes.leaderOf(topic, index), leaderEpoch: topics.leaderEpoch }
    }
    const refused: InferInput<typeof apis.Produce.response>['responses'] = elsewhere.map(({ topic: { name, topicId }, partitions }) => ({
      name,
      topicId,
      partitionResponses: partitions.map(({ index }) => ({
        index,
        errorCode,
        baseOffset: -1,
        logAppendTimeMs: -1,
        logStartOffset: -1,
        currentLeader: leaderOf(name, topicId, index),
      })),
    }))
    return {
      request: { ...request, topicData: here.map(({ topic, partitions }) => ({ ...topic, partitionData: partitions })) },
      merge: (answer) => ({ ...answer, responses: [...answer.responses, ...refused] }),
    }
  }),
  judgeTopics(
    apis.ListOffsets,
    'partitions',
    ({ partitionIndex }) => partitionIndex,
    (partitionIndex) => ({ partitionIndex }),
  ),
  judgeTopics(
    apis.OffsetForLeaderEpoch,
    'partitions',
    ({ partition }) => partition,
    (partition) => ({ partition }),
  ),
  judgeTopics(
    apis.DeleteRecords,
    'partitions',
    ({ partitionIndex }) => partitionIndex,
    (partitionIndex) => ({ partitionIndex, lowWatermark: -1 }),
  ),
  judgeTopics(
    apis.DescribeProducers,
    'partitionIndexes',
    (index) => index,
    (partitionIndex) => ({ partitionIndex, errorMessage: null, activeProducers: [] }),
  ),
])

const GROUP_APIS: readonly Api[] = [
  apis.OffsetCommit,
  apis.OffsetFetch,
  apis.JoinGroup,
  apis.Heartbeat,
  apis.LeaveGroup,
  apis.SyncGroup,
  apis.DescribeGroups,
  apis.ListGroups,
  apis.DeleteGroups,
  apis.OffsetDelete,
]
const byGroup = new Map(GROUP_APIS.map(({ key }) => [key, rules.find(({ api }) => api.key === key)!.judge!]))

/** Everything is allowed but the groups of other nodes. */
function askingOf({ version, node, services: { nodes, topics } }: Context): Asking {
  return {
    version,
    topic: () => true,
    group: (_, name) => nodes.coordinatorOf(name) === node.id,
    transactionalId: () => true,
    cluster: () => false, // who may list all groups is not asked here: only those of this node are listed
    anyTopic: () => true,
    nameOf: (topicId) => topics.byId(topicId)?.name,
    exists: (name) => topics.byName(name) !== undefined,
    topics: () => [],
    makesTopics: false,
  }
}

/** The refusals of the table of rights, in the words of a coordinator. */
function asNotCoordinator(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asNotCoordinator)
  if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return value
  const fields = Object.entries(value).map(([name, it]) => [
    name,
    name === 'errorCode' && it === GROUP_AUTHORIZATION_FAILED ? NOT_COORDINATOR : asNotCoordinator(it),
  ])
  return Object.fromEntries(fields)
}

/** The handler, for requests that may belong to another node. */
export function ledHere(handler: Handler): Handler {
  const { key } = handler.api
  const ofPartitions = byPartition.get(key)
  const ofGroups = byGroup.get(key)
  if (ofPartitions === undefined && ofGroups === undefined) return handler
  return {
    ...handler,
    handle(request, context) {
      const verdict = ofPartitions === undefined ? ofGroups!(request as never, askingOf(context)) : ofPartitions(request, context)
      if (verdict === undefined) return handler.handle(request, context)
      const told = ofGroups === undefined ? (answer: unknown) => answer : asNotCoordinator
      if ('answer' in verdict) return told(verdict.answer) as never
      return after(handler.handle(verdict.request as never, context), (answer) => told(answer && verdict.merge(answer as never)) as never)
    },
  }
}
