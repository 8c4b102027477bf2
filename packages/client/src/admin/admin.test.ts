import { readFileSync } from 'node:fs'
import path from 'node:path'
import { apis, buildBatch, ConsumerProtocolAssignment, codecOf, ErrorCode, Writer } from '@tidemark/protocol'
import { describe, expect, it } from 'vitest'
import { createKafka } from '../kafka.ts'
import { FakeCluster } from '../testing/cluster.case.ts'
import { World } from '../testing/world.case.ts'
import { createAdmin } from './admin.ts'

function start(nodes = 1) {
  const world = new World()
  const cluster = new FakeCluster(world, nodes)
  const kafka = createKafka({ brokers: cluster.brokers, platform: world.platform })
  return { world, cluster, kafka, admin: createAdmin(kafka) }
}

describe('topics', () => {
  it('are created, listed, described', async () => {
    const { world, admin } = start()
    const created = await world.settle(admin.topics.create('b', { partitions: 2, configs: { 'cleanup.policy': 'compact' } }))
    expect(created).toMatchObject({ name: 'b', partitions: 2, replicationFactor: 1, id: expect.stringMatching(/^[0-9a-f]{32}$/) })
    await world.settle(admin.topics.create('a'))
    expect((await world.settle(admin.topics.list())).map((t) => [t.name, t.partitions.length])).toEqual([
      ['a', 1],
      ['b', 2],
    ])
    expect(await world.settle(admin.topics.describe({ name: 'b' }))).toMatchObject({ name: 'b', id: created.id })
  })

  it('leave partitions and replicas to the broker unless told, or ask for one of an old broker', async () => {
    const { world, cluster, admin } = start()
    await world.settle(admin.topics.create('a'))
    cluster.versionsMax.set(apis.CreateTopics.key, 3)
    cluster.disconnectAll()
    await world.run(10)
    await world.settle(admin.topics.create('b'))
    expect(cluster.callsOf('CreateTopics').map((c) => [c.body.topics[0].numPartitions, c.body.topics[0].replicationFactor])).toEqual([
      [-1, -1],
      [1, 1],
    ])
  })

  it('say what is wrong, and what to do', async () => {
    const { world, cluster, admin } = start()
    cluster.create('t')
    expect(await world.fails(admin.topics.create('t'))).toMatchObject({
      code: 'TOPIC_EXISTS',
      topic: 't',
      message: "topic 't' exists already",
    })
    expect(await world.fails(admin.topics.describe('x'))).toMatchObject({
      code: 'UNKNOWN_TOPIC',
      message: "topic 'x' does not exist; check the name, or create it first",
    })
    cluster.on('CreateTopics', () => ({
      topics: [{ name: '?', errorCode: ErrorCode.INVALID_TOPIC_EXCEPTION, errorMessage: 'no such character' }],
    }))
    expect(await world.fails(admin.topics.create('?'))).toMatchObject({
      code: 'INVALID_TOPIC',
      message: expect.stringContaining('no such character'),
    })
    cluster.on('DeleteTopics', () => ({ responses: [{ name: 'x', errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION }] }))
    expect(await world.fails(admin.topics.delete('x'))).toMatchObject({ code: 'UNKNOWN_TOPIC' })
  })

  it('are created by the controller: asked again when it moved', async () => {
    const { world, cluster, admin } = start(2)
    let controllerId = 1
    cluster.on('Metadata', async (_call, next) => ({ ...(await next()), controllerId }))
    cluster.on('CreateTopics', (call) => (call.node === 1 ? { topics: [{ name: 't', errorCode: ErrorCode.NOT_CONTROLLER }] } : undefined))
    const creating = admin.topics.create('t')
    await world.run(200)
    controllerId = 2
    await world.settle(creating)
    expect(cluster.callsOf('CreateTopics').at(-1)?.node).toBe(2)
  })

  it('are deleted by name, however old the broker is', async () => {
    const { world, cluster, admin } = start()
    cluster.on('DeleteTopics', () => ({ responses: [{ name: 't', errorCode: 0 }] }))
    await world.settle(admin.topics.delete('t'))
    cluster.versionsMax.set(apis.DeleteTopics.key, 3)
    cluster.disconnectAll()
    await world.run(10)
    await world.settle(admin.topics.delete('t'))
    expect(cluster.callsOf('DeleteTopics').map((c) => [c.version, c.body.topics[0]?.name ?? c.body.topicNames[0]])).toEqual([
      [6, 't'],
      [3, 't'],
    ])
  })

  it('have offsets: the ends, and by time; the end stands for a time after everything', async () => {
    const { world, cluster, admin } = start(2)
    cluster.create('t', 2)
    for (let i = 0; i < 4; i++) cluster.append('t', 0, buildBatch([{ key: null, value: null, timestampMs: 100 + i }]))
    cluster.partition('t').start = 1
    const at = async (where: 'earliest' | 'latest' | number | Date, partitions?: number[]) =>
      (await world.settle(admin.topics.offsets('t', where, partitions === undefined ? {} : { partitions }))).map((o) => [
        o.partition,
        o.offset,
      ])
    expect(await at('earliest')).toEqual([
      [0, 1],
      [1, 0],
    ])
    expect(await at('latest')).toEqual([
      [0, 4],
      [1, 0],
    ])
    expect(await at(102, [0])).toEqual([[0, 2]])
    expect(await at(new Date(999))).toEqual([
      [0, 4],
      [1, 0],
    ])
    expect(await world.fails(admin.topics.offsets('nope', 'latest'))).toMatchObject({ code: 'UNKNOWN_TOPIC' })
    expect(await world.fails(admin.topics.offsets('t', 'latest', { partitions: [9] }))).toMatchObject({
      code: 'UNKNOWN_PARTITION',
      partition: 9,
    })
  })

  it('have offsets through a change of leaders', async () => {
    const { world, cluster, admin } = start(2)
    cluster.create('t')
    cluster.append('t', 0, buildBatch([{ key: null, value: null, timestampMs: 1 }]))
    await world.settle(admin.topics.offsets('t', 'latest'))
    cluster.moveLeader('t', 0, 2)
    expect(await world.settle(admin.topics.offsets('t', 'latest', { partitions: [0] }))).toMatchObject([{ offset: 1 }])
  })
})

describe('groups', () => {
  it('are listed from all brokers', async () => {
    const { world, cluster, admin } = start(2)
    let loading = true
    cluster.on('ListGroups', ({ node }) => {
      if (node === 2 && loading) {
        loading = false
        return { errorCode: ErrorCode.COORDINATOR_LOAD_IN_PROGRESS, groups: [] }
      }
      return { errorCode: 0, groups: [{ groupId: `g${3 - node}`, protocolType: 'consumer', groupState: 'Stable', groupType: 'classic' }] }
    })
    expect(await world.settle(admin.groups.list())).toEqual([
      { groupId: 'g1', protocolType: 'consumer', state: 'Stable', type: 'classic' },
      { groupId: 'g2', protocolType: 'consumer', state: 'Stable', type: 'classic' },
    ])
  })

  const assignment = (): Buffer => {
    const w = new Writer()
    w.int16(1)
    const assignedPartitions = [
      { topic: 't', partitions: [2, 0] },
      { topic: 'a', partitions: [1] },
    ]
    codecOf(ConsumerProtocolAssignment, 1).encode(w, { assignedPartitions })
    return Buffer.from(w.written())
  }

  it('are described, with what each member has', async () => {
    const { world, cluster, admin } = start(2)
    cluster.coordinator = 2
    const member = { memberId: 'm', groupInstanceId: 'i', clientId: 'c', clientHost: '/h', memberMetadata: Buffer.alloc(0) }
    cluster.on('DescribeGroups', ({ node }) => ({
      groups: [
        node === 2
          ? {
              errorCode: 0,
              groupId: 'g',
              groupState: 'Stable',
              protocolType: 'consumer',
              protocolData: 'range',
              members: [
                { ...member, memberAssignment: assignment() },
                { ...member, memberAssignment: Buffer.from([9]) },
              ],
            }
          : { errorCode: ErrorCode.NOT_COORDINATOR, groupId: 'g', groupState: '', protocolType: '', protocolData: '', members: [] },
      ],
    }))
    const described = await world.settle(admin.groups.describe('g'))
    expect(described).toMatchObject({ groupId: 'g', state: 'Stable', protocol: 'range', coordinator: 2 })
    expect(described.members[0]).toEqual({
      memberId: 'm',
      instanceId: 'i',
      clientId: 'c',
      host: '/h',
      assignment: [
        { topic: 'a', partition: 1 },
        { topic: 't', partition: 0 },
        { topic: 't', partition: 2 },
      ],
      assignmentError: undefined,
    })
    expect(described.members[1]).toMatchObject({
      assignment: [],
      assignmentError: { code: 'PROTOCOL_ERROR', message: expect.stringContaining("the assignment of member 'm' cannot be read") },
    })
  })

  it('that are not there: UNKNOWN_GROUP, by old brokers and new (trap 37)', async () => {
    for (const answer of [
      { errorCode: ErrorCode.GROUP_ID_NOT_FOUND, groupState: '' },
      { errorCode: 0, groupState: 'Dead' },
    ]) {
      const { world, cluster, admin } = start()
      cluster.on('DescribeGroups', () => ({ groups: [{ groupId: 'g', protocolType: '', protocolData: '', members: [], ...answer }] }))
      expect(await world.fails(admin.groups.describe('g'))).toMatchObject({ code: 'UNKNOWN_GROUP' })
    }
  })

  it.each([9, 7, 2])('have committed offsets with epoch and metadata (OffsetFetch %i)', async (version) => {
    const { world, cluster, admin } = start()
    cluster.versionsMax.set(apis.OffsetFetch.key, version)
    const partition = (partitionIndex: number, committedOffset: number, metadata: string | null) => ({
      partitionIndex,
      committedOffset,
      committedLeaderEpoch: 4,
      metadata,
      errorCode: 0,
    })
    const topics = [
      { name: 'b', partitions: [partition(1, 8, 'm'), partition(0, 7, null), partition(2, -1, '')] },
      { name: 'a', partitions: [partition(0, 1, '')] },
    ]
    cluster.on('OffsetFetch', () => (version >= 8 ? { groups: [{ groupId: 'g', topics, errorCode: 0 }] } : { topics, errorCode: 0 }))
    const leaderEpoch = version >= 5 ? 4 : -1
    expect(await world.settle(admin.groups.offsets('g'))).toEqual([
      { topic: 'a', partition: 0, offset: 1, leaderEpoch, metadata: '' },
      { topic: 'b', partition: 0, offset: 7, leaderEpoch, metadata: '' },
      { topic: 'b', partition: 1, offset: 8, leaderEpoch, metadata: 'm' },
    ])
  })

  it('an error of one partition is never “nothing committed”: it is asked again, or told (trap 36)', async () => {
    const { world, cluster, admin } = start()
    const reply = (errorCode: number) => ({
      groups: [
        {
          groupId: 'g',
          errorCode: 0,
          topics: [{ name: 't', partitions: [{ partitionIndex: 0, committedOffset: errorCode === 0 ? 5 : -1, metadata: '', errorCode }] }],
        },
      ],
    })
    cluster.on('OffsetFetch', () => reply(cluster.callsOf('OffsetFetch').length < 3 ? ErrorCode.UNSTABLE_OFFSET_COMMIT : 0))
    expect(await world.settle(admin.groups.offsets('g', { requireStable: true }))).toMatchObject([{ offset: 5 }])
    cluster.on('OffsetFetch', () => reply(ErrorCode.TOPIC_AUTHORIZATION_FAILED))
    expect(await world.fails(admin.groups.offsets('g'))).toMatchObject({ code: 'TOPIC_AUTHORIZATION_FAILED' })
  })
})

describe('groups are deleted', () => {
  it('by their coordinator, asked again when it moved', async () => {
    const { world, cluster, admin } = start()
    const codes = [ErrorCode.NOT_COORDINATOR, 0]
    cluster.on('DeleteGroups', () => ({ results: [{ groupId: 'g', errorCode: codes.shift()! }] }))
    await world.settle(admin.groups.delete('g'))
    expect(cluster.callsOf('DeleteGroups').map((c) => c.body.groupsNames)).toEqual([['g'], ['g']])
  })

  it.each([
    [ErrorCode.GROUP_ID_NOT_FOUND, 'UNKNOWN_GROUP', "group 'g' does not exist"],
    [ErrorCode.NON_EMPTY_GROUP, 'NON_EMPTY_GROUP', "deleting group 'g' failed: NON_EMPTY_GROUP"],
  ] as const)('unless the coordinator refuses: %i', async (errorCode, code, message) => {
    const { world, cluster, admin } = start()
    cluster.on('DeleteGroups', () => ({ results: [{ groupId: 'g', errorCode }] }))
    expect(await world.fails(admin.groups.delete('g'))).toMatchObject({ code, message: expect.stringContaining(message) })
  })
})

describe('the README', () => {
  it('has every method', () => {
    const readme = readFileSync(path.join(import.meta.dirname, '../../README.md'), 'utf8')
    const methods = Object.entries(start().admin).flatMap(([part, calls]) => Object.keys(calls).map((name) => `${part}.${name}(`))
    expect(methods.length).toBeGreaterThan(20)
    expect(methods.filter((method) => !readme.includes(`\`${method}`))).toEqual([])
  })
})
