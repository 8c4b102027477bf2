import { apis } from '@tidemark/protocol'
import { describe, expect, test } from 'vitest'
import { ConfigSource, ConfigType, ResourceType } from '../state/configs/definition.ts'
import type { RawClient } from '../testing/index.ts'
import { create, fetch, folder, metadataOf, nameOf, offsetAt, produce, setUp } from '../testing/requests.case.ts'

const SET = 0
const DELETE = 1
const APPEND = 2
const SUBTRACT = 3

async function configsOf(client: RawClient, resourceType: number, resourceName: string, keys: string[] | null = null) {
  const resources = [{ resourceType, resourceName, configurationKeys: keys }]
  const { results } = await client.call(apis.DescribeConfigs, 4, { resources, includeSynonyms: true, includeDocumentation: true })
  return { ...results[0]!, error: nameOf(results[0]!.errorCode) }
}

async function alter(
  client: RawClient,
  resourceType: number,
  resourceName: string,
  ...configs: (readonly [name: string, operation: number, value: string | null])[]
): Promise<string> {
  const resources = [
    { resourceType, resourceName, configs: configs.map(([name, configOperation, value]) => ({ name, configOperation, value })) },
  ]
  const { responses } = await client.call(apis.IncrementalAlterConfigs, 1, { resources, validateOnly: false })
  return nameOf(responses[0]!.errorCode)
}

const commit = (client: RawClient, groupId: string, topic = 'a') =>
  client.call(apis.OffsetCommit, 8, {
    groupId,
    generationIdOrMemberEpoch: -1,
    memberId: '',
    topics: [{ name: topic, partitions: [{ partitionIndex: 0, committedOffset: 7, committedMetadata: '' }] }],
  })

describe('configurations (trap 44)', () => {
  test('of a topic: every one, with its source, type, synonyms and documentation', async () => {
    const { client } = await setUp({ messageBytesMax: 5000 })
    await create(client, 't', { 'retention.ms': '77' })
    const { configs, error } = await configsOf(client, ResourceType.TOPIC, 't')
    expect(error).toBe('NONE')
    expect(configs.length).toBeGreaterThan(25)
    const find = (name: string) => configs.find((config) => config.name === name)
    expect(find('retention.ms')).toMatchObject({
      value: '77',
      configSource: ConfigSource.TOPIC,
      configType: ConfigType.LONG,
      readOnly: false,
      isSensitive: false,
      // Kafka's default is that of log.retention.hours, which is not the name that was asked for.
      synonyms: [{ name: 'retention.ms', value: '77', source: ConfigSource.TOPIC }],
    })
    expect(find('segment.ms')).toMatchObject({ value: '604800000', configSource: ConfigSource.DEFAULT, synonyms: [] })
    expect(find('index.interval.bytes')).toMatchObject({
      synonyms: [{ name: 'log.index.interval.bytes', value: '4096', source: ConfigSource.DEFAULT }],
    })
    expect(find('max.message.bytes')).toMatchObject({ value: '5000', configSource: ConfigSource.STATIC_BROKER })
    expect(find('cleanup.policy')).toMatchObject({ value: 'delete', configSource: ConfigSource.DEFAULT, configType: ConfigType.LIST })
    for (const { documentation } of configs) expect(documentation).toMatch(/\.$/)
    expect((await configsOf(client, ResourceType.TOPIC, 't', ['retention.ms'])).configs.length).toBe(1)
    expect((await configsOf(client, ResourceType.TOPIC, 'none')).error).toBe('UNKNOWN_TOPIC_OR_PARTITION')
  })

  test('of a broker: all that Kafka has, by what says them, and no secret', async () => {
    const { client } = await setUp({ messageBytesMax: 5000 })
    expect(await alter(client, ResourceType.BROKER, '1', ['log.retention.ms', SET, '7'], ['sasl.jaas.config', SET, 'pa55-w0rd'])).toBe(
      'NONE',
    )
    expect(await alter(client, ResourceType.BROKER, '', ['log.retention.ms', SET, '8'])).toBe('NONE')
    const { configs } = await configsOf(client, ResourceType.BROKER, '1')
    expect(configs.length).toBeGreaterThan(300)
    const find = (name: string) => configs.find((config) => config.name === name)
    expect(find('log.retention.ms')?.synonyms).toEqual([
      { name: 'log.retention.ms', value: '7', source: ConfigSource.DYNAMIC_BROKER },
      { name: 'log.retention.ms', value: '8', source: ConfigSource.DYNAMIC_DEFAULT_BROKER },
      { name: 'log.retention.hours', value: '168', source: ConfigSource.DEFAULT },
    ])
    expect(find('log.retention.hours')).toMatchObject({ value: '168', synonyms: [{ name: 'log.retention.hours' }] })
    expect(find('num.io.threads')).toMatchObject({ value: '8', readOnly: false, documentation: 'Has no effect in this broker.' })
    expect(find('sasl.jaas.config')).toMatchObject({ value: null, isSensitive: true })
    expect(JSON.stringify(configs)).not.toContain('pa55-w0rd')
  })

  test('of groups and client metrics that Kafka refuses are refused, alone or together', async () => {
    const { client } = await setUp()
    const group = (...changes: Parameters<typeof alter>[3][]) => alter(client, ResourceType.GROUP, 'g', ...changes)
    expect(await group(['consumer.session.timeout.ms', SET, '50000'])).toBe('NONE')
    expect(await group(['consumer.session.timeout.ms', SET, '44999'])).toBe('INVALID_CONFIG')
    expect(await group(['consumer.heartbeat.interval.ms', SET, '15001'])).toBe('INVALID_CONFIG')
    expect(await group(['share.session.timeout.ms', SET, '60001'])).toBe('INVALID_CONFIG')
    const metrics = (name: string, value: string) => alter(client, ResourceType.CLIENT_METRICS, 'm', [name, SET, value])
    expect(await metrics('interval.ms', '100')).toBe('NONE')
    expect(await metrics('match', 'client_id=a.*, client_software_name = b')).toBe('NONE')
    for (const [name, value] of [
      ['interval.ms', '99'],
      ['interval.ms', '3600001'],
      ['match', 'nothing=x'],
      ['match', 'client_id'],
      ['match', 'client_id=('],
      ['nothing', '1'],
    ] as const) {
      expect(await metrics(name, value), `${name}=${value}`).toBe('INVALID_CONFIG')
    }
  })

  test('of a topic are altered, are acted on at once, and survive a restart', async () => {
    const data = folder()
    const { broker, client } = await setUp({ data })
    await create(client, 't')
    expect(await produce(client, 't', { values: ['x'.repeat(2000)] })).toMatchObject({ error: 'NONE' })
    expect(await alter(client, ResourceType.TOPIC, 't', ['max.message.bytes', SET, '1000'], ['cleanup.policy', APPEND, 'compact'])).toBe(
      'NONE',
    )
    expect(await produce(client, 't', { values: ['x'.repeat(2000)] })).toMatchObject({ error: 'MESSAGE_TOO_LARGE' })
    expect(await produce(client, 't', { values: ['without a key'] })).toMatchObject({ error: 'INVALID_RECORD' })
    await broker.close()
    const next = await setUp({ data })
    const { configs } = await configsOf(next.client, ResourceType.TOPIC, 't', ['max.message.bytes', 'cleanup.policy'])
    expect(configs.map(({ value }) => value).sort()).toEqual(['1000', 'delete,compact'])
    expect(
      await alter(next.client, ResourceType.TOPIC, 't', ['max.message.bytes', DELETE, null], ['cleanup.policy', SUBTRACT, 'compact']),
    ).toBe('NONE')
    expect(await produce(next.client, 't', { values: ['x'.repeat(2000)] })).toMatchObject({ error: 'NONE' })
  })

  test('what Kafka refuses is refused, and changes nothing', async () => {
    const { client } = await setUp()
    await create(client, 't')
    expect(await alter(client, ResourceType.TOPIC, 't', ['no.such', SET, '1'])).toBe('INVALID_CONFIG')
    expect(await alter(client, ResourceType.TOPIC, 't', ['retention.ms', SET, 'x'])).toBe('INVALID_CONFIG')
    expect(await alter(client, ResourceType.TOPIC, 't', ['retention.ms', APPEND, '1'])).toBe('INVALID_CONFIG')
    expect(await alter(client, ResourceType.TOPIC, 't', ['retention.ms', SET, null])).toBe('INVALID_REQUEST')
    expect(await alter(client, ResourceType.TOPIC, 't', ['retention.ms', SET, '1'], ['retention.ms', SET, '2'])).toBe('INVALID_REQUEST')
    expect(await alter(client, ResourceType.TOPIC, 't', ['retention.bytes', SET, '1'], ['retention.ms', SET, 'x'])).toBe('INVALID_CONFIG')
    expect(await alter(client, ResourceType.TOPIC, 'none', ['retention.ms', SET, '1'])).toBe('UNKNOWN_TOPIC_OR_PARTITION')
    expect(await alter(client, ResourceType.BROKER, '7', ['message.max.bytes', SET, '1'])).toBe('INVALID_REQUEST')
    expect(await alter(client, ResourceType.BROKER, '1', ['num.partitions', SET, '3'])).toBe('INVALID_REQUEST')
    expect(await alter(client, ResourceType.BROKER_LOGGER, '1', ['kafka', SET, 'DEBUG'])).toBe('INVALID_REQUEST')
    const { configs } = await configsOf(client, ResourceType.TOPIC, 't')
    expect(configs.filter(({ configSource }) => configSource === ConfigSource.TOPIC)).toEqual([])
  })

  test('of the broker are the defaults of topics: its own before that of all brokers', async () => {
    const { client } = await setUp()
    await create(client, 't')
    const shown = async () => (await configsOf(client, ResourceType.TOPIC, 't', ['max.message.bytes'])).configs[0]!
    expect(await alter(client, ResourceType.BROKER, '', ['message.max.bytes', SET, '3000'])).toBe('NONE')
    expect(await shown()).toMatchObject({ value: '3000', configSource: ConfigSource.DYNAMIC_DEFAULT_BROKER })
    expect(await alter(client, ResourceType.BROKER, '1', ['message.max.bytes', SET, '900'])).toBe('NONE')
    expect(await shown()).toMatchObject({ value: '900', configSource: ConfigSource.DYNAMIC_BROKER })
    expect(await produce(client, 't', { values: ['x'.repeat(2000)] })).toMatchObject({ error: 'MESSAGE_TOO_LARGE' })
    expect((await configsOf(client, ResourceType.BROKER, '')).configs.map(({ name }) => name)).toEqual(['message.max.bytes'])
    const { configs } = await configsOf(client, ResourceType.BROKER, '1')
    expect(configs.find(({ name }) => name === 'node.id')).toMatchObject({ value: '1', readOnly: true })
    expect(await alter(client, ResourceType.BROKER, '1', ['message.max.bytes', DELETE, null])).toBe('NONE')
    expect(await shown()).toMatchObject({ value: '3000' })
  })

  test('AlterConfigs puts back what it does not name', async () => {
    const { client } = await setUp()
    await create(client, 't', { 'retention.ms': '5', 'segment.bytes': '1000' })
    const resources = [{ resourceType: ResourceType.TOPIC, resourceName: 't', configs: [{ name: 'retention.ms', value: '6' }] }]
    for (const validateOnly of [true, false]) {
      const { responses } = await client.call(apis.AlterConfigs, 2, { resources, validateOnly })
      expect(nameOf(responses[0]!.errorCode)).toBe('NONE')
      const { configs } = await configsOf(client, ResourceType.TOPIC, 't', ['retention.ms', 'segment.bytes'])
      expect(configs.map(({ value }) => value)).toEqual(validateOnly ? ['5', '1000'] : ['6', '1073741824'])
    }
  })

  test('groups and client metrics have their own, and are listed', async () => {
    const { client } = await setUp()
    expect(await alter(client, ResourceType.GROUP, 'g', ['consumer.session.timeout.ms', SET, '50000'])).toBe('NONE')
    expect(await alter(client, ResourceType.CLIENT_METRICS, 'm', ['metrics', SET, 'org.apache'], ['interval.ms', SET, '1000'])).toBe('NONE')
    expect(await alter(client, ResourceType.CLIENT_METRICS, 'm', ['interval.ms', SET, '1'])).toBe('INVALID_CONFIG')
    const { configResources } = await client.call(apis.ListConfigResources, 1, {
      resourceTypes: [ResourceType.GROUP, ResourceType.CLIENT_METRICS],
    })
    expect(configResources).toEqual([
      { resourceName: 'g', resourceType: ResourceType.GROUP },
      { resourceName: 'm', resourceType: ResourceType.CLIENT_METRICS },
    ])
  })
})

describe('partitions', () => {
  const grow = async (
    client: RawClient,
    name: string,
    count: number,
    assignments: { brokerIds: number[] }[] | null = null,
  ): Promise<string> => {
    const { results } = await client.call(apis.CreatePartitions, 3, {
      topics: [{ name, count, assignments }],
      timeoutMs: 1000,
      validateOnly: false,
    })
    return nameOf(results[0]!.errorCode)
  }

  test('a topic gets more of them, never fewer, and keeps its records', async () => {
    const data = folder()
    const { broker, client } = await setUp({ data })
    await create(client, 't', {}, 2)
    await produce(client, 't', {}, { partition: 1 })
    expect(await grow(client, 't', 2)).toBe('INVALID_PARTITIONS')
    expect(await grow(client, 't', 1)).toBe('INVALID_PARTITIONS')
    expect(await grow(client, 'none', 3)).toBe('UNKNOWN_TOPIC_OR_PARTITION')
    expect(await grow(client, 't', 4, [{ brokerIds: [1] }])).toBe('INVALID_REPLICA_ASSIGNMENT')
    expect(await grow(client, 't', 4, [{ brokerIds: [1] }, { brokerIds: [9] }])).toBe('INVALID_REPLICA_ASSIGNMENT')
    expect(await grow(client, 't', 4)).toBe('NONE')
    expect(await produce(client, 't', {}, { partition: 3 })).toMatchObject({ error: 'NONE' })
    await broker.close()
    const next = await setUp({ data })
    const { topics } = await metadataOf(next.client, ['t'])
    expect(topics[0]!.partitions.length).toBe(4)
  })

  test('records below an offset are deleted, also within a segment; -1 is the high watermark (trap 31)', async () => {
    const data = folder()
    const { broker, client } = await setUp({ data })
    await create(client, 't')
    await create(client, 'compacted', { 'cleanup.policy': 'compact' })
    for (let i = 0; i < 10; i++) await produce(client, 't')
    const deleteBelow = async (offset: number, name = 't', partitionIndex = 0) => {
      const { topics } = await client.call(apis.DeleteRecords, 2, {
        topics: [{ name, partitions: [{ partitionIndex, offset }] }],
        timeoutMs: 1000,
      })
      const { errorCode, lowWatermark } = topics[0]!.partitions[0]!
      return `${nameOf(errorCode)} ${lowWatermark}`
    }
    expect(await deleteBelow(4)).toBe('NONE 4')
    expect(await deleteBelow(2)).toBe('NONE 4')
    expect(await deleteBelow(11)).toBe('OFFSET_OUT_OF_RANGE -1')
    expect(await deleteBelow(-2)).toBe('OFFSET_OUT_OF_RANGE -1')
    expect(await deleteBelow(1, 'none')).toBe('UNKNOWN_TOPIC_OR_PARTITION -1')
    expect(await deleteBelow(1, 't', 9)).toBe('UNKNOWN_TOPIC_OR_PARTITION -1')
    expect(await deleteBelow(0, 'compacted')).toBe('POLICY_VIOLATION -1')
    expect(await fetch(client, 't', 3)).toMatchObject({ error: 'OFFSET_OUT_OF_RANGE', logStartOffset: 4 })
    expect((await fetch(client, 't', 4)).offsets).toEqual([4, 5, 6, 7, 8, 9])
    await broker.close()
    const next = await setUp({ data })
    expect((await offsetAt(next.client, 't', -2)).offset).toBe(4)
    const { topics } = await next.client.call(apis.DeleteRecords, 2, {
      topics: [{ name: 't', partitions: [{ partitionIndex: 0, offset: -1 }] }],
      timeoutMs: 1000,
    })
    expect(topics[0]!.partitions[0]).toMatchObject({ lowWatermark: 10 })
    expect(await produce(next.client, 't')).toMatchObject({ baseOffset: 10 })
  })

  test('are described topic by topic, with a place to go on from', async () => {
    const { client } = await setUp()
    await create(client, 'b', {}, 3)
    await create(client, 'a', {}, 2)
    const asked = { topics: [], responsePartitionLimit: 4 }
    const first = await client.call(apis.DescribeTopicPartitions, 0, { ...asked, cursor: null })
    expect(first.topics.map(({ name, partitions }) => [name, partitions.length])).toEqual([
      ['a', 2],
      ['b', 2],
    ])
    expect(first.nextCursor).toMatchObject({ topicName: 'b', partitionIndex: 2 })
    const second = await client.call(apis.DescribeTopicPartitions, 0, { ...asked, cursor: { topicName: 'b', partitionIndex: 2 } })
    expect(second.topics.map(({ name, partitions }) => [name, partitions.map((p) => p.partitionIndex)])).toEqual([['b', [2]]])
    expect(second.nextCursor).toBeNull()
    const unknown = await client.call(apis.DescribeTopicPartitions, 0, {
      topics: [{ name: 'none' }],
      responsePartitionLimit: 4,
      cursor: null,
    })
    expect(nameOf(unknown.topics[0]!.errorCode)).toBe('UNKNOWN_TOPIC_OR_PARTITION')
  })

  test('take what DescribeLogDirs says', async () => {
    const { broker, client } = await setUp({ data: folder() })
    await create(client, 't', {}, 2)
    await produce(client, 't', { values: ['x'.repeat(1000)] })
    const { results } = await client.call(apis.DescribeLogDirs, 4, { topics: null })
    const [dir] = results
    const sizes = dir!.topics.find(({ name }) => name === 't')!.partitions.map(({ partitionSize }) => partitionSize)
    expect(sizes[0]).toBeGreaterThan(1000)
    expect(sizes[1]).toBe(0)
    expect(broker.clusterId).toBe((await client.call(apis.DescribeCluster, 2, { includeClusterAuthorizedOperations: false })).clusterId)
  })
})

/** A member of the group `member`, with this subscription. */
const join = (client: RawClient, metadata: Buffer) =>
  client.call(apis.JoinGroup, 2, {
    groupId: 'member',
    sessionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 1000,
    memberId: '',
    protocolType: 'consumer',
    protocols: [{ name: 'range', metadata }],
  })

describe('groups', () => {
  test('without members are deleted with what they have committed', async () => {
    const { client } = await setUp()
    await create(client, 'a')
    await commit(client, 'g')
    const remove = async (name: string): Promise<string> =>
      nameOf((await client.call(apis.DeleteGroups, 2, { groupsNames: [name] })).results[0]!.errorCode)
    expect(await remove('none')).toBe('GROUP_ID_NOT_FOUND')
    await join(client, Buffer.alloc(0))
    expect(await remove('member')).toBe('NON_EMPTY_GROUP')
    expect(await remove('g')).toBe('NONE')
    expect((await client.call(apis.OffsetFetch, 5, { groupId: 'g', topics: null })).topics).toEqual([])
    expect((await client.call(apis.ListGroups, 4, {})).groups.map(({ groupId }) => groupId)).toEqual(['member'])
  })

  test('forget single offsets, but not those of topics that their members read', async () => {
    const { client } = await setUp()
    await create(client, 'a')
    await create(client, 'b')
    await commit(client, 'g')
    await commit(client, 'g', 'b')
    const topics = [{ name: 'a', partitions: [{ partitionIndex: 0 }, { partitionIndex: 5 }] }]
    const reply = await client.call(apis.OffsetDelete, 0, { groupId: 'g', topics })
    expect(nameOf(reply.errorCode)).toBe('NONE')
    expect(reply.topics[0]!.partitions.map(({ errorCode }) => nameOf(errorCode))).toEqual(['NONE', 'NONE'])
    expect((await client.call(apis.OffsetFetch, 5, { groupId: 'g', topics: null })).topics.map(({ name }) => name)).toEqual(['b'])
    expect(nameOf((await client.call(apis.OffsetDelete, 0, { groupId: 'none', topics })).errorCode)).toBe('GROUP_ID_NOT_FOUND')
    const unknown = await client.call(apis.OffsetDelete, 0, { groupId: 'g', topics: [...topics, { ...topics[0]!, name: 'none' }] })
    expect(unknown.topics.map(({ name, partitions }) => [name, nameOf(partitions[0]!.errorCode)])).toEqual([
      ['a', 'NONE'],
      ['none', 'UNKNOWN_TOPIC_OR_PARTITION'],
    ])
    const subscription = Buffer.from('00000000000100016200000000', 'hex')
    await join(client, subscription)
    const refused = await client.call(apis.OffsetDelete, 0, {
      groupId: 'member',
      topics: [{ name: 'b', partitions: [{ partitionIndex: 0 }] }, ...topics],
    })
    expect(refused.topics.map(({ partitions }) => nameOf(partitions[0]!.errorCode))).toEqual(['GROUP_SUBSCRIBED_TO_TOPIC', 'NONE'])
  })
})

test('elections, reassignments, the quorum, features and brokers are answered as a cluster of one node answers', async () => {
  const { client } = await setUp()
  await create(client, 't')
  const elected = await client.call(apis.ElectLeaders, 2, {
    electionType: 0,
    topicPartitions: [
      { topic: 't', partitions: [0, 4] },
      { topic: 'none', partitions: [0] },
    ],
    timeoutMs: 1000,
  })
  expect(elected.replicaElectionResults.map(({ partitionResult }) => partitionResult.at(-1)!.errorMessage)).toEqual([
    'No such partition as t-4',
    'No such topic as none',
  ])
  expect(elected.replicaElectionResults[0]!.partitionResult.map(({ errorCode }) => nameOf(errorCode))).toEqual([
    'ELECTION_NOT_NEEDED',
    'UNKNOWN_TOPIC_OR_PARTITION',
  ])
  expect(
    (await client.call(apis.ElectLeaders, 2, { electionType: 0, topicPartitions: null, timeoutMs: 1000 })).replicaElectionResults,
  ).toEqual([])
  const moved = async (replicas: number[] | null): Promise<string> => {
    const topics = [{ name: 't', partitions: [{ partitionIndex: 0, replicas }] }]
    const { responses } = await client.call(apis.AlterPartitionReassignments, 1, { timeoutMs: 1000, topics })
    return nameOf(responses[0]!.partitions[0]!.errorCode)
  }
  expect([await moved([1]), await moved([2]), await moved([]), await moved(null)]).toEqual([
    'NONE',
    'INVALID_REPLICA_ASSIGNMENT',
    'INVALID_REPLICA_ASSIGNMENT',
    'NO_REASSIGNMENT_IN_PROGRESS',
  ])
  expect((await client.call(apis.ListPartitionReassignments, 0, { timeoutMs: 1000, topics: null })).topics).toEqual([])
  const quorum = await client.call(apis.DescribeQuorum, 2, {
    topics: [{ topicName: '__cluster_metadata', partitions: [{ partitionIndex: 0 }] }],
  })
  expect(quorum.topics[0]!.partitions[0]).toMatchObject({ errorCode: 0, leaderId: 1, currentVoters: [{ replicaId: 1 }] })
  const { finalizedFeatures } = await client.call(apis.ApiVersions, 4, { clientSoftwareName: 'a', clientSoftwareVersion: '1' })
  const [feature] = finalizedFeatures
  const update = (level: number, version = 2) =>
    client.call(apis.UpdateFeatures, version, {
      timeoutMs: 1000,
      featureUpdates: [{ feature: feature!.name, maxVersionLevel: level }],
      validateOnly: false,
    })
  expect(nameOf((await update(feature!.maxVersionLevel)).errorCode)).toBe('NONE')
  expect(nameOf((await update(feature!.maxVersionLevel - 1)).errorCode)).toBe('INVALID_UPDATE_VERSION')
  const refusedForAll = await update(feature!.maxVersionLevel - 1, 0)
  expect([nameOf(refusedForAll.errorCode), refusedForAll.results]).toEqual(['INVALID_UPDATE_VERSION', []])
  expect((await update(feature!.maxVersionLevel, 0)).results).toMatchObject([{ feature: feature!.name, errorCode: 0 }])
  expect(nameOf((await client.call(apis.UnregisterBroker, 0, { brokerId: 9 })).errorCode)).toBe('BROKER_ID_NOT_REGISTERED')
  expect(
    nameOf((await client.call(apis.DescribeCluster, 2, { includeClusterAuthorizedOperations: false, endpointType: 2 })).errorCode),
  ).toBe('MISMATCHED_ENDPOINT_TYPE')
})

test('producers are described by partition', async () => {
  const { client } = await setUp()
  await create(client, 't')
  await produce(client, 't', { producerId: 5n, producerEpoch: 2, baseSequence: 0, values: ['a', 'b'] })
  const { topics } = await client.call(apis.DescribeProducers, 0, { topics: [{ name: 't', partitionIndexes: [0, 3] }] })
  expect(topics[0]!.partitions.map(({ errorCode }) => nameOf(errorCode))).toEqual(['NONE', 'UNKNOWN_TOPIC_OR_PARTITION'])
  expect(topics[0]!.partitions[0]!.activeProducers).toMatchObject([
    { producerId: 5n, producerEpoch: 2, lastSequence: 1, currentTxnStartOffset: -1 },
  ])
})

test('client metrics: a client is asked for what matches it, and what it pushes is checked (KIP-714)', async () => {
  const { client } = await setUp()
  const ask = (clientInstanceId = '0'.repeat(32)) => client.call(apis.GetTelemetrySubscriptions, 0, { clientInstanceId })
  const none = await ask()
  expect(none.requestedMetrics).toEqual([])
  expect(none.clientInstanceId).not.toBe('0'.repeat(32))
  expect(
    await alter(client, ResourceType.CLIENT_METRICS, 'm', ['metrics', SET, 'org.apache.kafka.consumer'], ['interval.ms', SET, '1000']),
  ).toBe('NONE')
  const one = await ask(none.clientInstanceId)
  expect(one).toMatchObject({ requestedMetrics: ['org.apache.kafka.consumer'], pushIntervalMs: 1000 })
  const push = (subscriptionId: number, metrics = Buffer.from('otlp')) =>
    client.call(apis.PushTelemetry, 0, {
      clientInstanceId: one.clientInstanceId,
      subscriptionId,
      terminating: false,
      compressionType: 0,
      metrics,
    })
  expect(nameOf((await push(one.subscriptionId)).errorCode)).toBe('NONE')
  expect(nameOf((await push(none.subscriptionId)).errorCode)).toBe('UNKNOWN_SUBSCRIPTION_ID')
  expect(nameOf((await push(one.subscriptionId, Buffer.alloc(2e6))).errorCode)).toBe('TELEMETRY_TOO_LARGE')
  expect(await alter(client, ResourceType.CLIENT_METRICS, 'm', ['match', SET, 'client_id=other'])).toBe('NONE')
  expect((await ask(none.clientInstanceId)).requestedMetrics).toEqual([])
})
