/**
 * What a client may do with what it is told of, as bits by the codes of operations (KIP-430): only where it asks, and
 * of DescribeTopicPartitions always. Without an authorizer that is all that there is to do.
 */
import { type Api, apis, ErrorCode, type Infer, type InferInput } from '@tidemark/protocol'
import { Operation, Resource, SUPPORTED } from '../state/acls/codes.ts'
import type { Asking } from './rule.ts'

type Fill = (request: any, answer: any, ask: Asking) => unknown

const bitsOf = (type: number, may: (operation: Operation) => boolean): number =>
  SUPPORTED[type]!.reduce((bits, operation) => (may(operation as Operation) ? bits | (1 << operation) : bits), 0)

const ofTopic = (ask: Asking, name: string): number => bitsOf(Resource.TOPIC, (operation) => ask.topic(operation, name))
const ofGroup = (ask: Asking, name: string): number => bitsOf(Resource.GROUP, (operation) => ask.group(operation, name))
/** None for who may not describe it. */
const ofCluster = (ask: Asking): number => (ask.cluster(Operation.DESCRIBE) ? bitsOf(Resource.CLUSTER, ask.cluster) : 0)

const fill = <A extends Api>(
  api: A,
  act: (request: Infer<A['request']>, answer: InferInput<A['response']>, ask: Asking) => InferInput<A['response']>,
): readonly [number, Fill] => [api.key, act]

const withTopics = <T extends { readonly name?: string | null | undefined; readonly errorCode: number }>(
  topics: readonly T[],
  ask: Asking,
): (T & { topicAuthorizedOperations?: number })[] =>
  topics.map((topic) =>
    topic.name && topic.errorCode !== ErrorCode.TOPIC_AUTHORIZATION_FAILED
      ? { ...topic, topicAuthorizedOperations: ofTopic(ask, topic.name) }
      : topic,
  )

const fills: ReadonlyMap<number, Fill> = new Map([
  fill(apis.Metadata, (request, answer, ask) => ({
    ...answer,
    ...(request.includeTopicAuthorizedOperations && { topics: withTopics(answer.topics, ask) }),
    ...(request.includeClusterAuthorizedOperations && { clusterAuthorizedOperations: ofCluster(ask) }),
  })),
  fill(apis.DescribeGroups, (request, answer, ask) => {
    if (!request.includeAuthorizedOperations) return answer
    const groups = answer.groups.map((group) =>
      group.errorCode === ErrorCode.NONE ? { ...group, authorizedOperations: ofGroup(ask, group.groupId) } : group,
    )
    return { ...answer, groups }
  }),
  fill(apis.DescribeCluster, (request, answer, ask) =>
    request.includeClusterAuthorizedOperations && answer.errorCode === ErrorCode.NONE
      ? { ...answer, clusterAuthorizedOperations: ofCluster(ask) }
      : answer,
  ),
  fill(apis.DescribeTopicPartitions, (_, answer, ask) => ({ ...answer, topics: withTopics(answer.topics, ask) })),
])

/** Undefined: answers of this API do not speak of it. */
export const fillOf = (apiKey: number): Fill | undefined => fills.get(apiKey)
