/** What every admin call does alike: it checks what it is given, and it ends in time. */
import { ErrorCode } from '@tidemark/protocol'
import { describe, expect, it } from 'vitest'
import type { CallLimits } from '../cluster/retrying.ts'
import { createKafka } from '../kafka.ts'
import { FakeCluster } from '../testing/cluster.case.ts'
import { World } from '../testing/world.case.ts'
import { type Admin, createAdmin } from './admin.ts'

const quiet = { debug() {}, info() {}, warn() {}, error() {} }

const calls: Record<string, (admin: Admin, limits: CallLimits) => Promise<unknown>> = {
  'groups.list': (admin, limits) => admin.groups.list(limits),
  'groups.describe': (admin, limits) => admin.groups.describe('g', limits),
  'groups.delete': (admin, limits) => admin.groups.delete('g', limits),
  'groups.offsets': (admin, limits) => admin.groups.offsets('g', limits),
  'topics.list': (admin, limits) => admin.topics.list(limits),
  'topics.create': (admin, limits) => admin.topics.create('t', limits),
  'topics.describe': (admin, limits) => admin.topics.describe('t', limits),
  'topics.delete': (admin, limits) => admin.topics.delete('t', limits),
  'topics.offsets': (admin, limits) => admin.topics.offsets('t', 'latest', limits),
}

describe.each(Object.entries(calls))('%s', (_name, call) => {
  const start = () => {
    const world = new World()
    return { world, admin: createAdmin(createKafka({ brokers: ['gone:1'], platform: world.platform, logger: quiet })) }
  }

  it('without a broker: UNREACHABLE within 10 s, with the address', async () => {
    const { world, admin } = start()
    expect(await world.fails(call(admin, {}))).toMatchObject({ code: 'UNREACHABLE', message: expect.stringContaining('gone:1') })
    expect(world.monotonic()).toBeGreaterThan(1_000)
    expect(world.monotonic()).toBeLessThan(10_000)
  })

  it('without a broker, with timeoutMs: UNREACHABLE by then', async () => {
    const { world, admin } = start()
    expect(await world.fails(call(admin, { timeoutMs: 300 }))).toMatchObject({ code: 'UNREACHABLE' })
    expect(world.monotonic()).toBeLessThanOrEqual(300)
  })

  it('while connections hang: TIMED_OUT after timeoutMs, ABORTED by the signal', async () => {
    const { world, admin } = start()
    world.connect = () => new Promise(() => {})
    expect(await world.fails(call(admin, { timeoutMs: 300 }))).toMatchObject({ code: 'TIMED_OUT' })
    expect(world.monotonic()).toBe(300)
    const abort = new AbortController()
    const called = call(admin, { signal: abort.signal })
    called.catch(() => {})
    await world.run(100)
    abort.abort()
    expect(await world.fails(called)).toMatchObject({ code: 'ABORTED' })
    expect(world.monotonic()).toBe(400)
    expect(await world.fails(call(admin, { signal: AbortSignal.abort() }))).toMatchObject({ code: 'ABORTED' })
  })

  it('refuses options that it does not have, and values that cannot be', async () => {
    const { world, admin } = start()
    for (const options of [{ timeout: 5 }, { timeoutMs: -1 }, { timeoutMs: Number.NaN }, { signal: 'now' }, null, 5]) {
      expect(await world.fails(call(admin, options as never)), JSON.stringify(options)).toMatchObject({ code: 'INVALID_OPTION' })
    }
    expect(world.monotonic()).toBe(0)
  })
})

describe('arguments', () => {
  it.each<[string, (admin: Admin) => Promise<unknown>]>([
    ['a group without a name', (a) => a.groups.describe('')],
    ['no group to delete', (a) => a.groups.delete('')],
    ['a group that is not text', (a) => a.groups.offsets(5 as never)],
    ['a topic without a name', (a) => a.topics.describe('')],
    ['a topic that is not text', (a) => a.topics.delete({ name: 5 } as never)],
    ['no partitions', (a) => a.topics.create('t', { partitions: 0 })],
    ['-1 partitions', (a) => a.topics.create('t', { partitions: -1 })],
    ['1.5 replicas', (a) => a.topics.create('t', { replicationFactor: 1.5 })],
    ['a setting that is a number', (a) => a.topics.create('t', { configs: { 'retention.ms': 5 } as never })],
    ['settings in an array', (a) => a.topics.create('t', { configs: [] as never })],
    ['a flag that is text', (a) => a.topics.create('t', { validateOnly: 'yes' as never })],
    ['the partition -1', (a) => a.topics.offsets('t', 'latest', { partitions: [-1] })],
    ['the partition 0.5', (a) => a.topics.offsets('t', 'latest', { partitions: [0.5] })],
    ['a partition that is not in an array', (a) => a.topics.offsets('t', 'latest', { partitions: 0 as never })],
    ['the time -1, which is Kafka’s "latest"', (a) => a.topics.offsets('t', -1)],
    ['the time -2, which is Kafka’s "earliest"', (a) => a.topics.offsets('t', new Date(-2))],
    ['a time in the year 1', (a) => a.topics.offsets('t', new Date('0001-01-01'))],
    ['a time that is not a number', (a) => a.topics.offsets('t', Number.NaN)],
    ['a word that is not a place', (a) => a.topics.offsets('t', 'end' as never)],
    ['an isolation in capitals', (a) => a.topics.offsets('t', 'latest', { isolation: 'READ_COMMITTED' as never })],
    ['a flag that is a number', (a) => a.groups.offsets('g', { requireStable: 1 as never })],
  ])('%s: refused before anything is sent', async (_what, call) => {
    const world = new World()
    const cluster = new FakeCluster(world)
    const admin = createAdmin(createKafka({ brokers: cluster.brokers, platform: world.platform }))
    expect((await world.fails(call(admin))).code).toMatch(/^INVALID_(ARGUMENT|OPTION)$/)
    expect(cluster.calls).toEqual([])
  })
})

describe('groups of other kinds', () => {
  const start = () => {
    const world = new World()
    const cluster = new FakeCluster(world)
    const admin = createAdmin(createKafka({ brokers: cluster.brokers, platform: world.platform }))
    const none = { errorCode: ErrorCode.GROUP_ID_NOT_FOUND, groupState: 'Dead', protocolType: '', protocolData: '', members: [] }
    cluster.on('DescribeGroups', () => ({ groups: [{ ...none, groupId: 'g' }] }))
    return { world, cluster, admin }
  }
  const assignment = (...topics: [string, number[]][]) => ({
    topicPartitions: topics.map(([topicName, partitions]) => ({ topicId: '0'.repeat(32), topicName, partitions })),
  })

  it('of KIP-848 are described, though DescribeGroups does not know them (Kafka 4)', async () => {
    const { world, cluster, admin } = start()
    const member = {
      memberId: 'm',
      instanceId: null,
      rackId: null,
      memberEpoch: 3,
      clientId: 'c',
      clientHost: '/h',
      subscribedTopicNames: ['t'],
      subscribedTopicRegex: null,
      assignment: assignment(['t', [1, 0]], ['a', [2]]),
      targetAssignment: assignment(),
    }
    const group = { errorCode: 0, errorMessage: null, groupId: 'g', groupState: 'Stable', groupEpoch: 3, assignmentEpoch: 3 }
    cluster.on('ConsumerGroupDescribe', () => ({ groups: [{ ...group, assignorName: 'uniform', members: [member] }] }))
    expect(await world.settle(admin.groups.describe('g'))).toEqual({
      groupId: 'g',
      type: 'consumer',
      state: 'Stable',
      protocolType: 'consumer',
      protocol: 'uniform',
      coordinator: 1,
      members: [
        {
          memberId: 'm',
          instanceId: null,
          clientId: 'c',
          host: '/h',
          assignment: [
            { topic: 'a', partition: 2 },
            { topic: 't', partition: 0 },
            { topic: 't', partition: 1 },
          ],
          assignmentError: undefined,
        },
      ],
    })
  })

  it.each(['share', 'streams'])('%s: said to be of a kind that is not described yet', async (groupType) => {
    const { world, cluster, admin } = start()
    cluster.on('ListGroups', () => ({ errorCode: 0, groups: [{ groupId: 'g', protocolType: '', groupState: 'Stable', groupType }] }))
    expect(await world.fails(admin.groups.describe('g'))).toMatchObject({
      code: 'UNSUPPORTED_GROUP_TYPE',
      message: `group 'g' is a ${groupType} group, a kind that cannot be described yet`,
    })
  })

  it('of brokers that are too old for them do not exist', async () => {
    const { world, cluster, admin } = start()
    cluster.on('ApiVersions', async (_call, next) => {
      const reply = await next()
      return { ...reply, apiKeys: reply.apiKeys.filter((k: { apiKey: number }) => k.apiKey !== 69) }
    })
    expect(await world.fails(admin.groups.describe('g'))).toMatchObject({ code: 'UNKNOWN_GROUP' })
  })
})
