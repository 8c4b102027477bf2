/**
 * What each API needs, as Kafka's documentation ("Authorization using ACLs", protocols) and its `KafkaApis` have it:
 * one row an API. A request of which only a part may be done is cut down to that part, and what was refused is put
 * into the answer.
 */
import { apis, ErrorCode, errorOf, type Infer, type InferInput, ZERO_UUID } from '@tidemark/protocol'
import { Operation } from '../state/acls/codes.ts'
import { ResourceType } from '../state/configs/definition.ts'
import { type Asking, byPart, clusterAlone, cutDown, type Rule, rule, split } from './rule.ts'

const { TOPIC_AUTHORIZATION_FAILED, GROUP_AUTHORIZATION_FAILED, CLUSTER_AUTHORIZATION_FAILED, TRANSACTIONAL_ID_AUTHORIZATION_FAILED } =
  ErrorCode
const { READ, WRITE, CREATE, DELETE, ALTER, DESCRIBE, DESCRIBE_CONFIGS, ALTER_CONFIGS, IDEMPOTENT_WRITE, CLUSTER_ACTION } = Operation
const textOf = (errorCode: number): string => errorOf(errorCode).text
const onCluster = { errorCode: CLUSTER_AUTHORIZATION_FAILED, errorMessage: 'Cluster authorization failed.' }

/** Of a topic that is named by name, or by id from some version on. */
const named = (ask: Asking, name: string, topicId: string): string | undefined => (topicId === ZERO_UUID ? name : ask.nameOf(topicId))
const mayTopic = (ask: Asking, operation: Operation, name: string, topicId: string): boolean => {
  const known = named(ask, name, topicId)
  return known === undefined || ask.topic(operation, known)
}

/** A resource of a request about configurations. */
interface ConfigResource {
  readonly resourceType: number
  readonly resourceName: string
}

function resourceMay(ask: Asking, { resourceType, resourceName }: ConfigResource, operation: Operation): boolean {
  if (resourceType === ResourceType.TOPIC) return ask.topic(operation, resourceName)
  return resourceType === ResourceType.GROUP ? ask.group(operation, resourceName) : ask.cluster(operation)
}

function refusedResource({ resourceType, resourceName }: ConfigResource) {
  const errorCode =
    resourceType === ResourceType.TOPIC
      ? TOPIC_AUTHORIZATION_FAILED
      : resourceType === ResourceType.GROUP
        ? GROUP_AUTHORIZATION_FAILED
        : CLUSTER_AUTHORIZATION_FAILED
  return { errorCode, errorMessage: textOf(errorCode), resourceType, resourceName }
}

const refusedProduce = (topics: Infer<typeof apis.Produce.request>['topicData'], errorCode: number) =>
  topics.map(({ name, topicId, partitionData }) => ({
    name,
    topicId,
    partitionResponses: partitionData.map(({ index }) => ({
      index,
      errorCode,
      baseOffset: -1,
      logAppendTimeMs: -1,
      logStartOffset: -1,
    })),
  }))

/** The name of a topic in an answer that keeps it to itself. */
const hiddenName = (ask: Asking): string | null => (ask.version < NULL_NAME_SINCE ? '' : null)
const NULL_NAME_SINCE = 12
/** The first versions of OffsetFetch and FindCoordinator that ask for several groups and keys. */
const GROUPS_SINCE = 8
const KEYS_SINCE = 4

/** Kinds of keys of FindCoordinator. */
const GROUP = 0
const TRANSACTION = 1

export const rules: readonly Rule[] = [
  rule(apis.Produce, 'TOPIC WRITE; TRANSACTIONAL_ID WRITE', (request, ask) => {
    const { transactionalId } = request
    if (transactionalId !== null && !ask.transactionalId(WRITE, transactionalId)) {
      const answer = { responses: refusedProduce(request.topicData, TRANSACTIONAL_ID_AUTHORIZATION_FAILED) }
      return { request: { ...request, topicData: [] }, merge: () => answer }
    }
    const { allowed, refused } = split(request.topicData, ({ name, topicId }) => mayTopic(ask, WRITE, name, topicId))
    if (refused.length === 0) return undefined
    const responses = refusedProduce(refused, TOPIC_AUTHORIZATION_FAILED)
    return {
      request: { ...request, topicData: allowed },
      merge: (answer) => ({ ...answer, responses: [...answer.responses, ...responses] }),
    }
  }),
  // Its handler asks, of all partitions of a session: a client may have been let in by an ACL that is gone.
  rule(apis.Fetch, 'TOPIC READ'),
  byPart(apis.ListOffsets, 'TOPIC DESCRIBE', {
    of: 'topics',
    into: 'topics',
    may: ({ name }, ask) => ask.topic(DESCRIBE, name),
    refusal: ({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex }) => ({
        partitionIndex,
        errorCode: TOPIC_AUTHORIZATION_FAILED,
        timestamp: -1,
        offset: -1,
        oldStyleOffsets: [],
      })),
    }),
  }),
  rule(apis.Metadata, 'TOPIC DESCRIBE; to make one CLUSTER CREATE or TOPIC CREATE', (request, ask) => {
    const isAll = request.topics === null || (ask.version === 0 && request.topics.length === 0)
    const mayMake = (name: string): boolean =>
      ask.exists(name) || !ask.makesTopics || !request.allowAutoTopicCreation || ask.cluster(CREATE) || ask.topic(CREATE, name)
    // Of topics that nobody asked for by name, those that it may not see are not there.
    const visible = (answer: InferInput<typeof apis.Metadata.response>) => ({
      ...answer,
      topics: answer.topics.filter(({ name }) => name === null || ask.topic(DESCRIBE, name)),
    })
    if (isAll) return { request, merge: visible }
    const { allowed, refused } = split(request.topics!, ({ name, topicId }) => {
      const known = name ?? ask.nameOf(topicId)
      return known === undefined || (ask.topic(DESCRIBE, known) && mayMake(known))
    })
    if (refused.length === 0) return undefined
    // One that is named by its id keeps its name to itself, and one that is named by its name its id.
    const topics = refused.map(({ name, topicId }) => ({
      errorCode: TOPIC_AUTHORIZATION_FAILED,
      name: name ?? hiddenName(ask),
      topicId: name === null ? topicId : ZERO_UUID,
      partitions: [],
    }))
    return {
      request: { ...request, topics: allowed },
      // In version 0 an empty list asks for all of them.
      merge: (answer) => ({ ...answer, topics: allowed.length === 0 ? topics : [...answer.topics, ...topics] }),
    }
  }),
  rule(apis.OffsetCommit, 'GROUP READ and TOPIC READ', (request, ask) => {
    const refusedWith =
      (errorCode: number) =>
      ({ name, topicId, partitions }: (typeof request.topics)[number]) => ({
        name,
        topicId,
        partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode })),
      })
    if (!ask.group(READ, request.groupId)) return { answer: { topics: request.topics.map(refusedWith(GROUP_AUTHORIZATION_FAILED)) } }
    return cutDown(apis.OffsetCommit, request, ask, {
      of: 'topics',
      into: 'topics',
      may: ({ name, topicId }) => mayTopic(ask, READ, name, topicId),
      refusal: refusedWith(TOPIC_AUTHORIZATION_FAILED),
    })
  }),
  rule(apis.OffsetFetch, 'GROUP DESCRIBE and TOPIC DESCRIBE', (request, ask) => {
    const refusedPartition = (errorCode: number) => (partitionIndex: number) => ({
      partitionIndex,
      committedOffset: -1,
      committedLeaderEpoch: -1,
      metadata: '',
      errorCode,
    })
    const sees = ({
      name = '',
      topicId = ZERO_UUID,
    }: {
      readonly name?: string | undefined
      readonly topicId?: string | undefined
    }): boolean => mayTopic(ask, DESCRIBE, name, topicId)
    if (ask.version < GROUPS_SINCE) {
      if (!ask.group(DESCRIBE, request.groupId)) {
        const topics = (request.topics ?? []).map(({ name, partitionIndexes }) => ({
          name,
          partitions: partitionIndexes.map(refusedPartition(GROUP_AUTHORIZATION_FAILED)),
        }))
        return { answer: { topics, errorCode: GROUP_AUTHORIZATION_FAILED } }
      }
      if (request.topics === null)
        return {
          request,
          merge: (answer) => ({ ...answer, topics: (answer.topics ?? []).filter(({ name }) => ask.topic(DESCRIBE, name)) }),
        }
      const { allowed, refused } = split(request.topics, sees)
      if (refused.length === 0) return undefined
      const topics = refused.map(({ name, partitionIndexes }) => ({
        name,
        partitions: partitionIndexes.map(refusedPartition(TOPIC_AUTHORIZATION_FAILED)),
      }))
      return { request: { ...request, topics: allowed }, merge: (answer) => ({ ...answer, topics: [...(answer.topics ?? []), ...topics] }) }
    }
    const groups = split(request.groups, ({ groupId }) => ask.group(DESCRIBE, groupId))
    const refusedGroups = groups.refused.map(({ groupId }) => ({ groupId, topics: [], errorCode: GROUP_AUTHORIZATION_FAILED }))
    const hidden = new Map(groups.allowed.map(({ groupId, topics }) => [groupId, (topics ?? []).filter((topic) => !sees(topic))]))
    const asked = groups.allowed.map((group) => ({ ...group, topics: group.topics?.filter(sees) ?? null }))
    return {
      request: { ...request, groups: asked },
      merge: (answer) => ({
        ...answer,
        groups: [
          ...(answer.groups ?? []).map((group) => ({
            ...group,
            topics: [
              ...group.topics.filter(sees),
              ...(hidden.get(group.groupId) ?? []).map(({ name, topicId, partitionIndexes }) => ({
                name,
                topicId,
                partitions: partitionIndexes.map(refusedPartition(TOPIC_AUTHORIZATION_FAILED)),
              })),
            ],
          })),
          ...refusedGroups,
        ],
      }),
    }
  }),
  rule(apis.FindCoordinator, 'GROUP DESCRIBE or TRANSACTIONAL_ID DESCRIBE', (request, ask) => {
    const { keyType } = request
    if (keyType !== GROUP && keyType !== TRANSACTION) return undefined
    const may = (key: string): boolean => (keyType === TRANSACTION ? ask.transactionalId(DESCRIBE, key) : ask.group(DESCRIBE, key))
    const errorCode = keyType === TRANSACTION ? TRANSACTIONAL_ID_AUTHORIZATION_FAILED : GROUP_AUTHORIZATION_FAILED
    const nobody = { nodeId: -1, host: '', port: -1, errorCode, errorMessage: textOf(errorCode) }
    if (ask.version < KEYS_SINCE) return may(request.key) ? undefined : { answer: nobody }
    const { allowed, refused } = split(request.coordinatorKeys, may)
    if (refused.length === 0) return undefined
    const coordinators = refused.map((key) => ({ key, ...nobody }))
    return {
      request: { ...request, coordinatorKeys: allowed },
      merge: (answer) => ({ ...answer, coordinators: [...(answer.coordinators ?? []), ...coordinators] }),
    }
  }),
  rule(apis.JoinGroup, 'GROUP READ', (request, ask) =>
    ask.group(READ, request.groupId)
      ? undefined
      : {
          answer: {
            errorCode: GROUP_AUTHORIZATION_FAILED,
            generationId: -1,
            protocolName: '',
            leader: '',
            memberId: request.memberId,
            members: [],
          },
        },
  ),
  rule(apis.Heartbeat, 'GROUP READ', (request, ask) =>
    ask.group(READ, request.groupId) ? undefined : { answer: { errorCode: GROUP_AUTHORIZATION_FAILED } },
  ),
  rule(apis.LeaveGroup, 'GROUP READ', (request, ask) =>
    ask.group(READ, request.groupId) ? undefined : { answer: { errorCode: GROUP_AUTHORIZATION_FAILED, members: [] } },
  ),
  rule(apis.SyncGroup, 'GROUP READ', (request, ask) =>
    ask.group(READ, request.groupId) ? undefined : { answer: { errorCode: GROUP_AUTHORIZATION_FAILED, assignment: Buffer.alloc(0) } },
  ),
  byPart(apis.DescribeGroups, 'GROUP DESCRIBE', {
    of: 'groups',
    into: 'groups',
    may: (groupId, ask) => ask.group(DESCRIBE, groupId),
    refusal: (groupId) => ({
      groupId,
      groupState: '',
      protocolType: '',
      protocolData: '',
      members: [],
      errorCode: GROUP_AUTHORIZATION_FAILED,
    }),
  }),
  rule(apis.ListGroups, 'CLUSTER DESCRIBE, or of those GROUP DESCRIBE', (request, ask) =>
    ask.cluster(DESCRIBE)
      ? undefined
      : { request, merge: (answer) => ({ ...answer, groups: answer.groups.filter(({ groupId }) => ask.group(DESCRIBE, groupId)) }) },
  ),
  rule(apis.SaslHandshake, 'nothing'),
  rule(apis.ApiVersions, 'nothing'),
  rule(apis.CreateTopics, 'CLUSTER CREATE or TOPIC CREATE; to see how it was made TOPIC DESCRIBE_CONFIGS', (request, ask) => {
    const mayAll = ask.cluster(CREATE)
    const { allowed, refused } = split(request.topics, ({ name }) => mayAll || ask.topic(CREATE, name))
    const topics = refused.map(({ name }) => ({
      name,
      topicId: ZERO_UUID,
      errorCode: TOPIC_AUTHORIZATION_FAILED,
      errorMessage: 'Authorization failed.',
    }))
    const shown = (topic: InferInput<typeof apis.CreateTopics.response>['topics'][number]) =>
      ask.topic(DESCRIBE_CONFIGS, topic.name) || topic.errorCode !== ErrorCode.NONE
        ? topic
        : { ...topic, topicConfigErrorCode: TOPIC_AUTHORIZATION_FAILED, numPartitions: -1, replicationFactor: -1, configs: [] }
    return {
      request: { ...request, topics: allowed },
      merge: (answer) => ({ ...answer, topics: [...answer.topics.map(shown), ...topics] }),
    }
  }),
  rule(apis.DeleteTopics, 'CLUSTER DELETE or TOPIC DELETE', (request, ask) => {
    if (ask.cluster(DELETE)) return undefined
    const nameIn = ({ name, topicId }: { name: string | null; topicId: string }): string | undefined => name ?? ask.nameOf(topicId)
    // A principal that may describe a topic may know that it does not exist.
    const may = (name: string | undefined): boolean =>
      name === undefined || ask.topic(DELETE, name) || (!ask.exists(name) && ask.topic(DESCRIBE, name))
    const answerOf = (name: string | null, topicId: string) => ({
      name,
      topicId,
      errorCode: TOPIC_AUTHORIZATION_FAILED,
      errorMessage: textOf(TOPIC_AUTHORIZATION_FAILED),
    })
    const byName = split(request.topicNames, may)
    const byEither = split(request.topics, (topic) => may(nameIn(topic)))
    if (byName.refused.length + byEither.refused.length === 0) return undefined
    const responses = [
      ...byName.refused.map((name) => answerOf(name, ZERO_UUID)),
      // A topic that it may not see keeps its name to itself.
      ...byEither.refused.map((topic) =>
        answerOf(topic.name !== null || ask.topic(DESCRIBE, nameIn(topic)!) ? topic.name : null, topic.topicId),
      ),
    ]
    return {
      request: { ...request, topicNames: byName.allowed, topics: byEither.allowed },
      merge: (answer) => ({ ...answer, responses: [...answer.responses, ...responses] }),
    }
  }),
  byPart(apis.DeleteRecords, 'TOPIC DELETE', {
    of: 'topics',
    into: 'topics',
    may: ({ name }, ask) => ask.topic(DELETE, name),
    refusal: ({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, lowWatermark: -1, errorCode: TOPIC_AUTHORIZATION_FAILED })),
    }),
  }),
  rule(apis.InitProducerId, 'CLUSTER IDEMPOTENT_WRITE or any TOPIC WRITE; TRANSACTIONAL_ID WRITE', (request, ask) => {
    const refused = (errorCode: number) => ({ answer: { errorCode, producerId: -1n, producerEpoch: -1 } })
    if (request.transactionalId !== null)
      return ask.transactionalId(WRITE, request.transactionalId) ? undefined : refused(TRANSACTIONAL_ID_AUTHORIZATION_FAILED)
    return ask.cluster(IDEMPOTENT_WRITE) || ask.anyTopic(WRITE) ? undefined : refused(CLUSTER_AUTHORIZATION_FAILED)
  }),
  byPart(apis.OffsetForLeaderEpoch, 'TOPIC DESCRIBE', {
    of: 'topics',
    into: 'topics',
    may: ({ topic }, ask) => ask.topic(DESCRIBE, topic) || ask.cluster(CLUSTER_ACTION),
    refusal: ({ topic, partitions }) => ({
      topic,
      partitions: partitions.map(({ partition }) => ({ partition, errorCode: TOPIC_AUTHORIZATION_FAILED })),
    }),
  }),
  clusterAlone(apis.DescribeAcls, DESCRIBE, 'DESCRIBE', () => ({ ...onCluster, resources: [] })),
  clusterAlone(apis.CreateAcls, ALTER, 'ALTER', ({ creations }) => ({ results: creations.map(() => onCluster) })),
  clusterAlone(apis.DeleteAcls, ALTER, 'ALTER', ({ filters }) => ({
    filterResults: filters.map(() => ({ ...onCluster, matchingAcls: [] })),
  })),
  byPart(apis.DescribeConfigs, 'TOPIC, GROUP or CLUSTER DESCRIBE_CONFIGS', {
    of: 'resources',
    into: 'results',
    may: (resource, ask) => resourceMay(ask, resource, DESCRIBE_CONFIGS),
    refusal: (resource) => ({ ...refusedResource(resource), configs: [] }),
  }),
  byPart(apis.AlterConfigs, 'TOPIC, GROUP or CLUSTER ALTER_CONFIGS', {
    of: 'resources',
    into: 'responses',
    may: (resource, ask) => resourceMay(ask, resource, ALTER_CONFIGS),
    refusal: refusedResource,
  }),
  byPart(apis.IncrementalAlterConfigs, 'TOPIC, GROUP or CLUSTER ALTER_CONFIGS', {
    of: 'resources',
    into: 'responses',
    may: (resource, ask) => resourceMay(ask, resource, ALTER_CONFIGS),
    refusal: refusedResource,
  }),
  clusterAlone(apis.AlterReplicaLogDirs, ALTER, 'ALTER', ({ dirs }) => ({
    results: dirs.flatMap(({ topics }) =>
      topics.map(({ name, partitions }) => ({
        topicName: name,
        partitions: partitions.map((partitionIndex) => ({ partitionIndex, errorCode: CLUSTER_AUTHORIZATION_FAILED })),
      })),
    ),
  })),
  clusterAlone(apis.DescribeLogDirs, DESCRIBE, 'DESCRIBE', () => ({ errorCode: CLUSTER_AUTHORIZATION_FAILED, results: [] })),
  rule(apis.SaslAuthenticate, 'nothing'),
  byPart(apis.CreatePartitions, 'TOPIC ALTER', {
    of: 'topics',
    into: 'results',
    may: ({ name }, ask) => ask.topic(ALTER, name),
    refusal: ({ name }) => ({ name, errorCode: TOPIC_AUTHORIZATION_FAILED, errorMessage: null }),
  }),
  byPart(apis.DeleteGroups, 'GROUP DELETE', {
    of: 'groupsNames',
    into: 'results',
    may: (groupId, ask) => ask.group(DELETE, groupId),
    refusal: (groupId) => ({ groupId, errorCode: GROUP_AUTHORIZATION_FAILED }),
  }),
  clusterAlone(apis.ElectLeaders, ALTER, 'ALTER', ({ topicPartitions }) => ({
    errorCode: CLUSTER_AUTHORIZATION_FAILED,
    replicaElectionResults: (topicPartitions ?? []).map(({ topic, partitions }) => ({
      topic,
      partitionResult: partitions.map((partitionId) => ({ partitionId, errorCode: CLUSTER_AUTHORIZATION_FAILED, errorMessage: null })),
    })),
  })),
  clusterAlone(apis.AlterPartitionReassignments, ALTER, 'ALTER', () => ({ ...onCluster, responses: [] })),
  clusterAlone(apis.ListPartitionReassignments, DESCRIBE, 'DESCRIBE', () => ({ ...onCluster, topics: [] })),
  rule(apis.OffsetDelete, 'GROUP DELETE and TOPIC READ', (request, ask) => {
    if (!ask.group(DELETE, request.groupId)) return { answer: { errorCode: GROUP_AUTHORIZATION_FAILED, topics: [] } }
    return cutDown(apis.OffsetDelete, request, ask, {
      of: 'topics',
      into: 'topics',
      may: ({ name }) => ask.topic(READ, name),
      refusal: ({ name, partitions }) => ({
        name,
        partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode: TOPIC_AUTHORIZATION_FAILED })),
      }),
    })
  }),
  clusterAlone(apis.DescribeClientQuotas, DESCRIBE_CONFIGS, 'DESCRIBE_CONFIGS', () => ({ ...onCluster, entries: null })),
  clusterAlone(apis.AlterClientQuotas, ALTER_CONFIGS, 'ALTER_CONFIGS', ({ entries }) => ({
    entries: entries.map(({ entity }) => ({ ...onCluster, entity })),
  })),
  clusterAlone(apis.DescribeUserScramCredentials, DESCRIBE, 'DESCRIBE', () => ({ ...onCluster, results: [] })),
  clusterAlone(apis.AlterUserScramCredentials, ALTER, 'ALTER', ({ deletions, upsertions }) => ({
    results: [...new Set([...deletions, ...upsertions].map(({ name }) => name))].map((user) => ({ user, ...onCluster })),
  })),
  clusterAlone(apis.DescribeQuorum, DESCRIBE, 'DESCRIBE', () => ({ ...onCluster, topics: [], nodes: [] })),
  clusterAlone(apis.UpdateFeatures, ALTER, 'ALTER', ({ featureUpdates }) => ({
    ...onCluster,
    results: featureUpdates.map(({ feature }) => ({ feature, ...onCluster })),
  })),
  rule(apis.DescribeCluster, 'nothing'),
  byPart(apis.DescribeProducers, 'TOPIC READ', {
    of: 'topics',
    into: 'topics',
    may: ({ name }, ask) => ask.topic(READ, name),
    refusal: ({ name, partitionIndexes }) => ({
      name,
      partitions: partitionIndexes.map((partitionIndex) => ({
        partitionIndex,
        errorCode: TOPIC_AUTHORIZATION_FAILED,
        errorMessage: textOf(TOPIC_AUTHORIZATION_FAILED),
        activeProducers: [],
      })),
    }),
  }),
  clusterAlone(apis.UnregisterBroker, ALTER, 'ALTER', () => onCluster),
  rule(apis.GetTelemetrySubscriptions, 'nothing'),
  rule(apis.PushTelemetry, 'nothing'),
  clusterAlone(apis.ListConfigResources, DESCRIBE_CONFIGS, 'DESCRIBE_CONFIGS', () => ({
    errorCode: CLUSTER_AUTHORIZATION_FAILED,
    configResources: [],
  })),
  rule(apis.DescribeTopicPartitions, 'TOPIC DESCRIBE', (request, ask) => {
    // All of them: of those that it may not see, not even the place where the next answer goes on is told.
    if (request.topics.length === 0) {
      const visible = ask.topics().filter((name) => ask.topic(DESCRIBE, name))
      if (visible.length === 0) return { answer: { topics: [], nextCursor: null } }
      return { request: { ...request, topics: visible.map((name) => ({ name })) }, merge: (answer) => answer }
    }
    const { cursor } = request
    const { allowed, refused: notAllowed } = split(request.topics, ({ name }) => ask.topic(DESCRIBE, name))
    if (notAllowed.length === 0) return undefined
    const refused = notAllowed.filter(({ name }) => cursor === null || name >= cursor.topicName)
    const topics = refused.map(({ name }) => ({
      errorCode: TOPIC_AUTHORIZATION_FAILED,
      name,
      topicId: ZERO_UUID,
      isInternal: false,
      partitions: [],
    }))
    if (allowed.length === 0) return { answer: { topics, nextCursor: null } }
    return { request: { ...request, topics: allowed }, merge: (answer) => ({ ...answer, topics: [...answer.topics, ...topics] }) }
  }),
]
