/** Configurations of one of several nodes: who shows and alters them, what counts, and who acts on them. */
import { apis } from '@tidemark/protocol'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type Broker, startBroker } from './broker.ts'
import { batchOf, type RawClient } from './testing/index.ts'
import { clientOf, cluster } from './testing/nodes.case.ts'
import { folder, nameOf, produce, start } from './testing/requests.case.ts'

const TOPIC = 2
const BROKER = 4
const SET = 0
const DELETE = 1

async function alter(client: RawClient, resourceName: string, configs: Record<string, string | null>, resourceType = BROKER) {
  const { responses } = await client.call(apis.IncrementalAlterConfigs, 1, {
    resources: [
      {
        resourceType,
        resourceName,
        configs: Object.entries(configs).map(([name, value]) => ({ name, configOperation: value === null ? DELETE : SET, value })),
      },
    ],
    validateOnly: false,
  })
  const { errorCode, errorMessage } = responses[0]!
  return [nameOf(errorCode), errorMessage]
}

async function replace(client: RawClient, resourceName: string, configs: Record<string, string>) {
  const { responses } = await client.call(apis.AlterConfigs, 1, {
    resources: [{ resourceType: BROKER, resourceName, configs: Object.entries(configs).map(([name, value]) => ({ name, value })) }],
    validateOnly: false,
  })
  return [nameOf(responses[0]!.errorCode), responses[0]!.errorMessage]
}

const SOURCES = ['', 'topic', 'node', 'all', 'static', 'default']

/** `value from source (what is behind it)`. */
async function shown(client: RawClient, resourceName: string, name: string, resourceType = BROKER) {
  const { results } = await client.call(apis.DescribeConfigs, 4, {
    resources: [{ resourceType, resourceName, configurationKeys: [name] }],
    includeSynonyms: true,
  })
  const { errorCode, errorMessage, configs } = results[0]!
  if (errorCode !== 0) return `${nameOf(errorCode)}: ${errorMessage}`
  const [config] = configs
  if (config === undefined) return 'not set'
  const synonyms = config.synonyms.map(({ value, source }) => `${value} ${SOURCES[source]}`)
  return `${config.value} from ${SOURCES[config.configSource]} (${synonyms.join(', ')})`
}

async function create(client: RawClient, name: string, assignments: readonly number[][]) {
  await client.call(apis.CreateTopics, 7, {
    topics: [
      {
        name,
        numPartitions: -1,
        replicationFactor: -1,
        assignments: assignments.map((brokerIds, partitionIndex) => ({ partitionIndex, brokerIds })),
        configs: [],
      },
    ],
  })
}

const OK = ['NONE', null]
const NAME = 'message.max.bytes'

describe('configurations of one node', () => {
  test('count before those of all nodes, which count before what the options say', async () => {
    const { of } = await cluster({ messageBytesMax: 5_000 })
    expect(await shown(of(2), '2', NAME)).toBe('5000 from static (5000 static, 1048588 default)')
    expect(await alter(of(3), '', { [NAME]: '4000' })).toEqual(OK)
    expect(await alter(of(2), '2', { [NAME]: '3000' })).toEqual(OK)
    expect(await shown(of(2), '2', NAME)).toBe('3000 from node (3000 node, 4000 all, 5000 static, 1048588 default)')
    expect(await shown(of(1), '1', NAME)).toBe('4000 from all (4000 all, 5000 static, 1048588 default)')
    expect(await shown(of(2), '', NAME)).toBe('4000 from all (4000 all)')
    expect(await alter(of(2), '2', { [NAME]: null })).toEqual(OK)
    expect(await alter(of(1), '', { [NAME]: null })).toEqual(OK)
    expect(await shown(of(2), '2', NAME)).toBe('5000 from static (5000 static, 1048588 default)')
    expect(await shown(of(3), '', NAME)).toBe('not set')
  })

  test('are shown and altered by that node alone; each says what it is', async () => {
    const { of } = await cluster()
    expect(await shown(of(1), '2', NAME)).toBe('INVALID_REQUEST: Unexpected broker id, expected 1 or empty string, but received 2')
    expect(await shown(of(1), 'x', NAME)).toBe('INVALID_REQUEST: Broker id must be an integer, but it is: x')
    const wrong = ['INVALID_REQUEST', 'Unexpected broker id, expected 3, but received 2']
    expect(await alter(of(3), '2', { [NAME]: '3000' })).toEqual(wrong)
    expect(await replace(of(3), '2', { [NAME]: '3000' })).toEqual(wrong)
    expect(await alter(of(3), 'x', { [NAME]: '3000' })).toEqual(['INVALID_REQUEST', 'Node id must be an integer, but it is: x'])
    expect(await replace(of(2), '2', { [NAME]: '3000' })).toEqual(OK)
    expect(await shown(of(2), '2', NAME)).toMatch(/^3000 from node/)
    expect(await replace(of(2), '2', {})).toEqual(OK)
    expect(await shown(of(2), '2', NAME)).toMatch(/^1048588 from default/)
  })

  test('some can be set for one node alone, and some only for a listener, as by Kafka', async () => {
    const { of } = await cluster()
    const perBroker = 'Cannot update these configs at default cluster level, broker id must be specified'
    const perListener = 'These security configs can be dynamically updated only per-listener using the listener prefix'
    const no = (text: string) => ['INVALID_REQUEST', text]
    expect(await alter(of(1), '', { 'principal.builder.class': 'x', 'sasl.jaas.config': 'p', [NAME]: '3000' })).toEqual(
      no(`${perBroker}: [principal.builder.class, sasl.jaas.config]`),
    )
    expect(await shown(of(1), '', NAME)).toBe('not set')
    expect(await alter(of(1), '', { 'sasl.jaas.config': null })).toEqual(OK)
    expect(await alter(of(2), '2', { 'sasl.jaas.config': 'p' })).toEqual(OK)
    expect(await replace(of(2), '', { 'cordoned.log.dirs': '' })).toEqual(no(`${perBroker}: [cordoned.log.dirs]`))
    expect(await alter(of(2), '2', { 'ssl.keystore.type': 'JKS' })).toEqual(no(`${perListener}: [ssl.keystore.type]`))
    expect(await alter(of(2), '2', { 'node.id': '3' })).toEqual(no('Cannot update these configs dynamically: [node.id]'))
    expect(await alter(of(2), '99999999999', { [NAME]: '3000' })).toEqual(no('Node id must be an integer, but it is: 99999999999'))
  })

  test('what the options say of a node is its own: id, rack, addresses', async () => {
    const { broker, of } = await cluster({ racks: ['a', 'b', null] })
    const value = async (id: number, name: string) => (await shown(of(id), `${id}`, name)).split(' ')[0]
    expect([await value(1, 'node.id'), await value(2, 'node.id')]).toEqual(['1', '2'])
    expect([await value(2, 'broker.rack'), await value(3, 'broker.rack')]).toEqual(['b', 'null'])
    expect(broker.nodes).toHaveLength(3)
  })

  test('outlive the broker', async () => {
    const data = folder()
    const first = await startBroker({ data, nodes: 2 })
    expect(await alter(await clientOf(first, 2), '2', { [NAME]: '3000' })).toEqual(OK)
    expect(await alter(await clientOf(first, 1), '', { [NAME]: '4000' })).toEqual(OK)
    await first.close()
    const second = await start({ data, nodes: 2 })
    const both = async (broker: Broker) =>
      Promise.all([1, 2].map(async (id) => (await shown(await clientOf(broker, id), `${id}`, NAME)).split(' ')[0]))
    expect(await both(second)).toEqual(['4000', '3000'])
  })

  test('a topic without its own has those of the node that is asked', async () => {
    const { of } = await cluster()
    await create(of(1), 't', [[1, 2]])
    await alter(of(2), '2', { [NAME]: '3000' })
    expect(await shown(of(2), 't', 'max.message.bytes', TOPIC)).toBe('3000 from node (3000 node, 1048588 default)')
    expect(await shown(of(1), 't', 'max.message.bytes', TOPIC)).toBe('1048588 from default (1048588 default)')
  })
})

describe('is acted on by that node alone', () => {
  const large = batchOf({ values: ['x'.repeat(2_000)] })

  test('message.max.bytes, and another one leads by its own', async () => {
    const { broker, of } = await cluster()
    await create(of(1), 't', [
      [1, 2],
      [2, 1],
    ])
    await alter(of(2), '2', { [NAME]: '1000' })
    expect((await produce(of(1), 't', large, { partition: 0 })).error).toBe('NONE')
    expect((await produce(of(2), 't', large, { partition: 1 })).error).toBe('MESSAGE_TOO_LARGE')
    await broker.moveLeader('t', 0, 2)
    expect((await produce(of(2), 't', large, { partition: 0 })).error).toBe('MESSAGE_TOO_LARGE')
    await alter(of(2), '2', { [NAME]: null })
    expect((await produce(of(2), 't', large, { partition: 0 })).error).toBe('NONE')
  })

  test('min.insync.replicas and log.message.timestamp.type', async () => {
    const { of } = await cluster()
    await create(of(1), 't', [
      [1, 2],
      [2, 1],
    ])
    await alter(of(2), '2', { 'min.insync.replicas': '3', 'log.message.timestamp.type': 'LogAppendTime' })
    expect(await produce(of(1), 't', {}, { partition: 0 })).toMatchObject({ error: 'NONE', logAppendTimeMs: -1 })
    expect((await produce(of(2), 't', {}, { partition: 1 })).error).toBe('NOT_ENOUGH_REPLICAS')
    await alter(of(2), '2', { 'min.insync.replicas': null })
    expect(await produce(of(2), 't', {}, { partition: 1 })).toMatchObject({
      error: 'NONE',
      logAppendTimeMs: expect.toSatisfy((ms: number) => ms > 0),
    })
  })

  test('how a log is kept: by the node that leads it', async () => {
    const broker = await start({ nodes: 2, retentionCheckIntervalMs: 10 })
    const [one, two] = [await clientOf(broker, 1), await clientOf(broker, 2)]
    await create(one, 't', [
      [1, 2],
      [2, 1],
    ])
    // Each batch is a segment, and all are deleted.
    await alter(two, '2', { 'log.segment.bytes': '1048576', 'log.retention.bytes': '0' })
    await alter(one, '', { 'log.segment.bytes': '1048576', 'log.retention.ms': '-1' })
    const batch = batchOf({ values: ['x'.repeat(600_000)] })
    for (let i = 0; i < 3; i++) {
      await produce(one, 't', batch, { partition: 0 })
      await produce(two, 't', batch, { partition: 1 })
    }
    const begin = async (client: RawClient, partition: number): Promise<number> => {
      const { topics } = await client.call(apis.ListOffsets, 5, {
        replicaId: -1,
        isolationLevel: 0,
        topics: [{ name: 't', partitions: [{ partitionIndex: partition, currentLeaderEpoch: -1, timestamp: -2 }] }],
      })
      return topics[0]!.partitions[0]!.offset
    }
    await expect.poll(() => begin(two, 1)).toBe(3)
    expect(await begin(one, 0)).toBe(0)
    await broker.moveLeader('t', 0, 2)
    await expect.poll(() => begin(two, 0)).toBe(3)
  })
})

test('one node shows no other either', async () => {
  const broker = await startBroker({ data: ':memory:', nodeId: 7 })
  onTestFinished(() => broker.close())
  const client = await clientOf(broker, 7)
  expect(await shown(client, '7', 'node.id')).toMatch(/^7 from static/)
  expect(await shown(client, '8', 'node.id')).toBe('INVALID_REQUEST: Unexpected broker id, expected 7 or empty string, but received 8')
})
