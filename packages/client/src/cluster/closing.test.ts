/** Whatever waits on a Kafka handle rejects CLOSED at once when it is closed, wherever it waits. */
import { ErrorCode } from '@tidemark/protocol'
import { describe, expect, it } from 'vitest'
import { createAdmin } from '../admin/admin.ts'
import { createKafka, handleOf, type Kafka } from '../kafka.ts'
import { createProducer } from '../produce/producer.ts'
import { read } from '../read/read.ts'
import { FakeCluster } from '../testing/cluster.case.ts'
import { World } from '../testing/world.case.ts'

const quiet = { debug() {}, info() {}, warn() {}, error() {} }

const operations: Record<string, (kafka: Kafka) => Promise<unknown>> = {
  'groups.describe': (kafka) => createAdmin(kafka).groups.describe('g'),
  'groups.list': (kafka) => createAdmin(kafka).groups.list(),
  'groups.offsets': (kafka) => createAdmin(kafka).groups.offsets('g'),
  'topics.create': (kafka) => createAdmin(kafka).topics.create('t'),
  'topics.describe': (kafka) => createAdmin(kafka).topics.describe('t'),
  'topics.delete': (kafka) => createAdmin(kafka).topics.delete('t'),
  'topics.list': (kafka) => createAdmin(kafka).topics.list(),
  'topics.offsets': (kafka) => createAdmin(kafka).topics.offsets('t', 'latest'),
  send: (kafka) => createProducer(kafka).send('t', { value: 'a' }),
  read: (kafka) => read(kafka, 't').next(),
  coordinator: (kafka) => handleOf(kafka).cluster.coordinator('g'),
}

const troubles: Record<string, (cluster: FakeCluster, world: World) => void> = {
  'no broker listens': (_, world) => {
    const connect = world.connect.bind(world)
    world.connect = () => connect({ host: 'nobody', port: 1 }, 1)
  },
  'connections hang': (_, world) => void (world.connect = () => new Promise(() => {})),
  'no answer comes': (cluster) => {
    for (const api of ['Metadata', 'FindCoordinator', 'CreateTopics', 'DeleteTopics'] as const) cluster.on(api, () => 'silent')
  },
  'answers are to be tried again': (cluster) => {
    cluster.on('Metadata', (call) => ({
      brokers: [{ nodeId: 1, host: 'node1', port: 9092, rack: null }],
      clusterId: 'c',
      controllerId: 1,
      topics: (call.body.topics ?? []).map(({ name }: { name: string }) => ({
        errorCode: ErrorCode.LEADER_NOT_AVAILABLE,
        name,
        topicId: '0'.repeat(32),
        isInternal: false,
        partitions: [],
      })),
    }))
    cluster.on('FindCoordinator', ({ body }) => ({
      coordinators: body.coordinatorKeys.map((key: string) => ({
        key,
        nodeId: -1,
        host: '',
        port: -1,
        errorCode: ErrorCode.COORDINATOR_NOT_AVAILABLE,
        errorMessage: null,
      })),
    }))
    cluster.on('ListGroups', () => ({ errorCode: ErrorCode.COORDINATOR_LOAD_IN_PROGRESS, groups: [] }))
    cluster.on('CreateTopics', () => ({ topics: [{ name: 't', errorCode: ErrorCode.NOT_CONTROLLER }] }))
    cluster.on('DeleteTopics', () => ({ responses: [{ name: 't', errorCode: ErrorCode.NOT_CONTROLLER }] }))
  },
}

/** What does not wait in such a case: it makes one attempt, or is answered. */
const SETTLES: Record<string, string[]> = {
  'no broker listens': ['coordinator', 'read'],
  'answers are to be tried again': ['topics.list'],
}

describe.each(Object.entries(troubles))('while %s', (trouble, make) => {
  it.each(Object.entries(operations).filter(([name]) => !SETTLES[trouble]?.includes(name)))('%s', async (_name, call) => {
    const world = new World()
    const cluster = new FakeCluster(world)
    make(cluster, world)
    const kafka = createKafka({ brokers: cluster.brokers, platform: world.platform, logger: quiet })
    let settled: unknown
    call(kafka).then(
      () => (settled = 'resolved'),
      (error) => (settled = error.code),
    )
    await world.run(1_500)
    expect(settled).toBeUndefined()
    await kafka.close()
    await world.run(0)
    expect(settled).toBe('CLOSED')
  })
})

it('after it was closed everything rejects CLOSED at once', async () => {
  for (const call of Object.values(operations)) {
    const world = new World()
    const kafka = createKafka({ brokers: new FakeCluster(world).brokers, platform: world.platform })
    await kafka.close()
    await kafka.close()
    expect(await world.fails(call(kafka))).toMatchObject({ code: 'CLOSED' })
    expect(world.monotonic()).toBe(0)
  }
})
