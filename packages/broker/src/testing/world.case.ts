/**
 * A broker with something of everything, one part of which requests name, and one that nobody names and nobody may
 * see.
 */
import { type Api, apis, ErrorCode, ZERO_UUID } from '@tidemark/protocol'
import type { Broker } from '../broker.ts'
import { Operation, Pattern, Permission, Resource } from '../state/acls/codes.ts'
import { ResourceType } from '../state/configs/definition.ts'
import type { RawClient } from './index.ts'
import { create, fetch, produce } from './requests.case.ts'
import { connectAs, startSasl } from './sasl.case.ts'

export const TOPIC = 'named-topic'
export const GROUP = 'named-group'
/** In every name and value that no answer may show. */
export const SECRET = 'secret'

export interface World {
  readonly broker: Broker
  readonly root: RawClient
  readonly topicId: string
}

export async function createWorld(): Promise<World> {
  const broker = await startSasl(
    { users: { root: 'root', alice: 'wonderland', mallory: 'mallory' }, authorizer: { superUsers: ['User:root'] } },
    ['plain', 'scram-sha-256'],
  )
  const root = await connectAs(broker, 'root', 'root')
  const topicId = await create(root, TOPIC, { 'retention.ms': '777777' })
  await create(root, `${SECRET}-topic`)
  for (const topic of [TOPIC, `${SECRET}-topic`]) await produce(root, topic, { values: [`${SECRET}-value`] })
  for (const group of [GROUP, `${SECRET}-group`]) await commit(root, group)
  await root.call(apis.AlterUserScramCredentials, 0, {
    deletions: [],
    upsertions: [{ name: `${SECRET}-user`, mechanism: 1, iterations: 4096, salt: Buffer.alloc(24), saltedPassword: Buffer.alloc(32, 1) }],
  })
  await grant(root, `User:${SECRET}-principal`, Resource.TOPIC, Operation.READ)
  await root.call(apis.AlterClientQuotas, 1, {
    entries: [
      { entity: [{ entityType: 'user', entityName: `${SECRET}-quota` }], ops: [{ key: 'producer_byte_rate', value: 1e9, remove: false }] },
    ],
    validateOnly: false,
  })
  return { broker, root, topicId }
}

const commit = (client: RawClient, groupId: string) =>
  client.call(apis.OffsetCommit, 8, {
    groupId,
    generationIdOrMemberEpoch: -1,
    memberId: '',
    topics: [{ name: TOPIC, partitions: [{ partitionIndex: 0, committedOffset: 1, committedMetadata: `${SECRET}-metadata` }] }],
  })

const PREFIX = 'named-'

const bindingOf = (principal: string, resourceType: number, operation: number, permissionType: number) => ({
  resourceType,
  resourceName: resourceType === Resource.CLUSTER ? 'kafka-cluster' : PREFIX,
  resourcePatternType: resourceType === Resource.CLUSTER ? Pattern.LITERAL : Pattern.PREFIXED,
  principal,
  host: '*',
  operation,
  permissionType,
})

/** For everything whose name begins with `named-`, or for the cluster. */
export async function grant(
  root: RawClient,
  principal: string,
  resourceType: number,
  operation: number,
  permissionType: number = Permission.ALLOW,
): Promise<void> {
  await root.call(apis.CreateAcls, 3, { creations: [bindingOf(principal, resourceType, operation, permissionType)] })
}

/** Every ACL of the principal. */
export async function revoke(root: RawClient, principalFilter: string): Promise<void> {
  const any = { resourceTypeFilter: 1, resourceNameFilter: null, patternTypeFilter: 1, hostFilter: null, operation: 1, permissionType: 1 }
  await root.call(apis.DeleteAcls, 3, { filters: [{ ...any, principalFilter }] })
}

/** All that a request could have changed. */
export async function stateOf({ root, broker }: World): Promise<unknown> {
  const anyAcl = { resourceTypeFilter: 1, resourceNameFilter: null, patternTypeFilter: 1, principalFilter: null, hostFilter: null }
  const resources = [
    { resourceType: ResourceType.TOPIC, resourceName: TOPIC, configurationKeys: null },
    { resourceType: ResourceType.TOPIC, resourceName: `${SECRET}-topic`, configurationKeys: null },
    { resourceType: ResourceType.GROUP, resourceName: GROUP, configurationKeys: null },
    { resourceType: ResourceType.BROKER, resourceName: '1', configurationKeys: null },
    { resourceType: ResourceType.BROKER, resourceName: '', configurationKeys: null },
  ]
  const groups = [GROUP, `${SECRET}-group`].map((groupId) => ({ groupId, topics: null }))
  const log = async (topic: string) => (await fetch(root, topic, 0)).records?.toString('hex')
  return {
    clusterId: broker.clusterId,
    topics: (await root.call(apis.Metadata, 12, { topics: null, allowAutoTopicCreation: false })).topics,
    configs: (await root.call(apis.DescribeConfigs, 4, { resources })).results,
    groups: (await root.call(apis.ListGroups, 5, { statesFilter: [], typesFilter: [] })).groups,
    offsets: (await root.call(apis.OffsetFetch, 8, { groups, requireStable: false })).groups,
    logs: [await log(TOPIC), await log(`${SECRET}-topic`)],
    users: (await root.call(apis.DescribeUserScramCredentials, 0, { users: null })).results,
    acls: (await root.call(apis.DescribeAcls, 3, { ...anyAcl, operation: 1, permissionType: 1 })).resources,
    quotas: (await root.call(apis.DescribeClientQuotas, 1, { components: [], strict: false })).entries,
  }
}

/** A request of each API that names what there is. */
export function namingRequest(api: Api, version: number, { topicId }: { readonly topicId: string }): unknown {
  const partitionRecord = Buffer.alloc(0)
  const configs = [{ name: 'retention.ms', value: '1', configOperation: 0 }]
  const topicConfig = { resourceType: ResourceType.TOPIC, resourceName: TOPIC, configs, configurationKeys: null }
  const acl = { resourceType: Resource.TOPIC, resourceName: TOPIC, principal: 'User:x', host: '*', operation: 3, permissionType: 3 }
  const member = { groupId: GROUP, generationId: 1, memberId: 'm' }
  const common = { allowAutoTopicCreation: false, timeoutMs: 100, validateOnly: true }
  switch (api.key) {
    case apis.Produce.key: {
      const partitionData = [{ index: 0, records: partitionRecord }]
      return { acks: -1, timeoutMs: 100, topicData: [{ name: TOPIC, topicId, partitionData }] }
    }
    case apis.Fetch.key: {
      const partitions = [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1000 }]
      return { maxWaitMs: 0, minBytes: 0, maxBytes: 10_000, topics: [{ topic: TOPIC, topicId, partitions }] }
    }
    case apis.ListOffsets.key:
      return { replicaId: -1, topics: [{ name: TOPIC, partitions: [{ partitionIndex: 0, timestamp: -1 }] }] }
    case apis.Metadata.key:
      return { ...common, topics: [{ name: TOPIC, topicId: ZERO_UUID }] }
    case apis.OffsetCommit.key: {
      const partitions = [{ partitionIndex: 0, committedOffset: 7, committedMetadata: '' }]
      return { groupId: GROUP, generationIdOrMemberEpoch: -1, memberId: '', topics: [{ name: TOPIC, topicId, partitions }] }
    }
    case apis.OffsetFetch.key: {
      const topics = [{ name: TOPIC, topicId, partitionIndexes: [0] }]
      return version < 8 ? { groupId: GROUP, topics } : { groups: [{ groupId: GROUP, topics }] }
    }
    case apis.FindCoordinator.key:
      return version < 4 ? { key: GROUP, keyType: 0 } : { coordinatorKeys: [GROUP], keyType: 0 }
    case apis.JoinGroup.key: {
      const times = { sessionTimeoutMs: 100, rebalanceTimeoutMs: 100 }
      return {
        ...times,
        groupId: `named-join-${version}`,
        memberId: '',
        protocolType: 'consumer',
        protocols: [{ name: 'range', metadata: Buffer.alloc(0) }],
      }
    }
    case apis.Heartbeat.key:
    case apis.SyncGroup.key:
      return { ...member, assignments: [] }
    case apis.LeaveGroup.key:
      return { groupId: GROUP, memberId: 'm', members: [{ memberId: 'm' }] }
    case apis.DescribeGroups.key:
      return { groups: [GROUP] }
    case apis.ListGroups.key:
    case apis.DescribeCluster.key:
      return {}
    case apis.CreateTopics.key: {
      const topic = { name: `named-new-${version}`, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }
      return { topics: [topic], timeoutMs: 100, validateOnly: false }
    }
    case apis.DeleteTopics.key:
      return version < 6 ? { topicNames: [TOPIC], timeoutMs: 100 } : { topics: [{ name: TOPIC, topicId: ZERO_UUID }], timeoutMs: 100 }
    case apis.DeleteRecords.key:
      return { topics: [{ name: TOPIC, partitions: [{ partitionIndex: 0, offset: 1 }] }], timeoutMs: 100 }
    case apis.InitProducerId.key:
      return { transactionalId: null, transactionTimeoutMs: 1000 }
    case apis.OffsetForLeaderEpoch.key:
      return { topics: [{ topic: TOPIC, partitions: [{ partition: 0, leaderEpoch: 0 }] }] }
    case apis.DescribeAcls.key:
      return { resourceTypeFilter: 1, resourceNameFilter: null, principalFilter: null, hostFilter: null, operation: 1, permissionType: 1 }
    case apis.CreateAcls.key:
      return { creations: [acl] }
    case apis.DeleteAcls.key: {
      const filter = { resourceTypeFilter: 2, resourceNameFilter: null, principalFilter: `User:${SECRET}-principal`, hostFilter: null }
      return { filters: [{ ...filter, operation: 1, permissionType: 1 }] }
    }
    case apis.DescribeConfigs.key:
    case apis.AlterConfigs.key:
    case apis.IncrementalAlterConfigs.key:
      return { resources: [topicConfig], validateOnly: false }
    case apis.AlterReplicaLogDirs.key:
      return { dirs: [{ path: '/x', topics: [{ name: TOPIC, partitions: [0] }] }] }
    case apis.DescribeLogDirs.key:
      return { topics: null }
    case apis.CreatePartitions.key:
      return { topics: [{ name: TOPIC, count: 2, assignments: null }], timeoutMs: 100, validateOnly: false }
    case apis.DeleteGroups.key:
      return { groupsNames: [GROUP] }
    case apis.ElectLeaders.key:
      return { topicPartitions: [{ topic: TOPIC, partitions: [0] }], timeoutMs: 100 }
    case apis.AlterPartitionReassignments.key:
      return { topics: [{ name: TOPIC, partitions: [{ partitionIndex: 0, replicas: [1] }] }], timeoutMs: 100 }
    case apis.ListPartitionReassignments.key:
      return { topics: null, timeoutMs: 100 }
    case apis.OffsetDelete.key:
      return { groupId: GROUP, topics: [{ name: TOPIC, partitions: [{ partitionIndex: 0 }] }] }
    case apis.DescribeClientQuotas.key:
      return { components: [], strict: false }
    case apis.AlterClientQuotas.key: {
      const entity = [{ entityType: 'user', entityName: 'x' }]
      return { entries: [{ entity, ops: [{ key: 'producer_byte_rate', value: 1e9, remove: false }] }], validateOnly: false }
    }
    case apis.DescribeUserScramCredentials.key:
      return { users: null }
    case apis.AlterUserScramCredentials.key:
      return { deletions: [{ name: `x`, mechanism: 1 }], upsertions: [] }
    case apis.DescribeQuorum.key:
      return { topics: [{ topicName: '__cluster_metadata', partitions: [{ partitionIndex: 0 }] }] }
    case apis.UpdateFeatures.key:
      return { featureUpdates: [{ feature: 'metadata.version', maxVersionLevel: 1 }], timeoutMs: 100, validateOnly: true }
    case apis.DescribeProducers.key:
      return { topics: [{ name: TOPIC, partitionIndexes: [0] }] }
    case apis.UnregisterBroker.key:
      return { brokerId: 99 }
    case apis.ListConfigResources.key:
      return { resourceTypes: [] }
    case apis.DescribeTopicPartitions.key:
      return { topics: [{ name: TOPIC }], cursor: null }
    default:
      return undefined
  }
}

const REFUSALS: ReadonlySet<unknown> = new Set([
  ErrorCode.TOPIC_AUTHORIZATION_FAILED,
  ErrorCode.GROUP_AUTHORIZATION_FAILED,
  ErrorCode.CLUSTER_AUTHORIZATION_FAILED,
  ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
])

/** Whether anything in the answer was refused. */
export function isRefused(answer: unknown): boolean {
  if (Array.isArray(answer)) return answer.some(isRefused)
  if (typeof answer !== 'object' || answer === null || Buffer.isBuffer(answer)) return false
  return Object.entries(answer).some(([name, value]) => (name === 'errorCode' && REFUSALS.has(value)) || isRefused(value))
}
