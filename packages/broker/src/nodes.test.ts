/** A process that is several nodes: what each of them says, and what clients see when leaders move and nodes stop. */
import { type Disk, type File, nodePlatform } from '@tidemark/platform'
import { apis, ErrorCode } from '@tidemark/protocol'
import { describe, expect, test } from 'vitest'
import { type Broker, startBroker } from './broker.ts'
import { batchOf, type RawClient } from './testing/index.ts'
import { clientOf, cluster } from './testing/nodes.case.ts'
import { fetchRequest, folder, nameOf, produce, start } from './testing/requests.case.ts'

async function create(client: RawClient, name: string, numPartitions: number, replicationFactor: number): Promise<string> {
  const topic = { name, numPartitions, replicationFactor, assignments: [], configs: [] }
  const { topics } = await client.call(apis.CreateTopics, 7, { topics: [topic] })
  return nameOf(topics[0]!.errorCode)
}

/** `0: leads 1 of 1,2,3` for each partition. */
async function seen(client: RawClient, topic: string): Promise<string[]> {
  const { topics } = await client.call(apis.Metadata, 12, { topics: [{ name: topic }] })
  return topics[0]!.partitions
    .toSorted((a, b) => a.partitionIndex - b.partitionIndex)
    .map(({ partitionIndex, leaderId, replicaNodes, isrNodes }) => {
      const missing = replicaNodes.filter((id) => !isrNodes.includes(id))
      return `${partitionIndex}: ${leaderId} of ${replicaNodes}${missing.length === 0 ? '' : ` without ${missing}`}`
    })
}

const fetchOne = async (client: RawClient, topic: string, partition: number, wish: { maxWaitMs?: number; minBytes?: number } = {}) => {
  const { responses } = await client.call(apis.Fetch, 12, fetchRequest(topic, 0, { partition, ...wish }))
  const { errorCode, currentLeader, records } = responses[0]!.partitions[0]!
  return { error: nameOf(errorCode), leader: currentLeader?.leaderId, bytes: Buffer.concat([records ?? Buffer.alloc(0)].flat()).length }
}

/**
 * A disk on which what is done to some files does not end while `gate` has not resolved: syncs of the metadata log,
 * unless told otherwise.
 */
function heldDisk(operation = 'sync', isHeld = (path: string): boolean => path.includes('__cluster_metadata') && path.endsWith('.log')) {
  const held = { gate: Promise.resolve(), waiting: 0 }
  const disk: Disk = {
    ...nodePlatform.disk,
    open(path, mode): File {
      const file = nodePlatform.disk.open(path, mode) as File
      if (!isHeld(path)) return file
      const later = async (...all: unknown[]): Promise<unknown> => {
        held.waiting++
        await held.gate
        return (bindOf(file, operation) as (...all: unknown[]) => unknown)(...all)
      }
      return new Proxy(file, { get: (it, key) => (key === operation ? later : bindOf(it, key)) })
    },
  }
  return { held, disk }
}

function bindOf(target: object, key: PropertyKey): unknown {
  const member = Reflect.get(target, key)
  return typeof member === 'function' ? member.bind(target) : member
}

describe('several nodes', () => {
  test('each has an address of its own, and all tell of all', async () => {
    const { broker, of } = await cluster()
    expect(broker.nodes.map(({ id, isUp }) => [id, isUp])).toEqual([1, 2, 3].map((id) => [id, true]))
    expect(new Set(broker.brokers).size).toBe(3)
    for (const id of [1, 2, 3]) {
      const { brokers, controllerId } = await of(id).call(apis.Metadata, 12, { topics: [] })
      expect(brokers.map(({ nodeId, host, port }) => [nodeId, `${host}:${port}`])).toEqual(broker.brokers.map((it, i) => [i + 1, it]))
      expect(controllerId).toBe(1)
    }
  })

  test('a node cannot be unregistered, and each of them knows all', async () => {
    const { of } = await cluster()
    const asked = async (brokerId: number): Promise<string> => nameOf((await of(2).call(apis.UnregisterBroker, 0, { brokerId })).errorCode)
    expect(await Promise.all([1, 2, 3, 9].map(asked))).toEqual([...Array(3).fill('INVALID_REQUEST'), 'BROKER_ID_NOT_REGISTERED'])
  })

  test('ports that are named follow each other', async () => {
    const probe = await startBroker({ data: ':memory:' })
    const { port } = probe
    await probe.close()
    const broker = await start({ nodes: 2, listen: `127.0.0.1:${port}` }).catch((error) => error)
    // The next port may be another program's.
    if (broker instanceof Error) expect(broker).toMatchObject({ code: 'ADDRESS_IN_USE' })
    else expect(broker.brokers).toEqual([`127.0.0.1:${port}`, `127.0.0.1:${port + 1}`])
  })

  test('replicas are spread, leaders take turns, and more replicas than nodes are refused', async () => {
    const { of } = await cluster()
    expect(await create(of(2), 't', 4, 3)).toBe('NONE')
    expect(await seen(of(3), 't')).toEqual(['0: 1 of 1,2,3', '1: 2 of 2,3,1', '2: 3 of 3,1,2', '3: 1 of 1,2,3'])
    expect(await create(of(1), 'single', 3, 1)).toBe('NONE')
    expect(await seen(of(1), 'single')).toEqual(['0: 1 of 1', '1: 2 of 2', '2: 3 of 3'])
    expect(await create(of(1), 'u', 1, 4)).toBe('INVALID_REPLICATION_FACTOR')
  })

  test('only the leader produces, reads, and tells of offsets; the others say who leads', async () => {
    const { of } = await cluster()
    await create(of(1), 't', 3, 3)
    expect((await produce(of(1), 't', {}, { partition: 1 })).error).toBe('NOT_LEADER_OR_FOLLOWER')
    const wrong = await of(1).call(apis.Produce, 10, {
      acks: -1,
      timeoutMs: 1000,
      topicData: [{ name: 't', partitionData: [0, 1].map((index) => ({ index, records: batchOf({}) })) }],
    })
    const answers = wrong.responses.flatMap(({ partitionResponses }) => partitionResponses)
    expect(answers.map(({ index, errorCode, currentLeader }) => [index, nameOf(errorCode), currentLeader?.leaderId])).toEqual([
      [0, 'NONE', -1],
      [1, 'NOT_LEADER_OR_FOLLOWER', 2],
    ])
    expect((await produce(of(2), 't', {}, { partition: 1 })).error).toBe('NONE')
    expect(await fetchOne(of(1), 't', 1)).toMatchObject({ error: 'NOT_LEADER_OR_FOLLOWER', leader: 2 })
    expect(await fetchOne(of(2), 't', 1)).toMatchObject({ error: 'NONE', bytes: expect.toSatisfy((n: number) => n > 0) })
    const listed = async (id: number) => {
      const partitions = [1, 2].map((partitionIndex) => ({ partitionIndex, currentLeaderEpoch: -1, timestamp: -1 }))
      const { topics } = await of(id).call(apis.ListOffsets, 5, { replicaId: -1, isolationLevel: 0, topics: [{ name: 't', partitions }] })
      return topics.flatMap((it) =>
        it.partitions.map(({ partitionIndex, errorCode, offset }) => [partitionIndex, nameOf(errorCode), offset]),
      )
    }
    expect((await listed(2)).toSorted()).toEqual([
      [1, 'NONE', 1],
      [2, 'NOT_LEADER_OR_FOLLOWER', -1],
    ])
  })

  test('one node coordinates a group, and the others refuse it', async () => {
    const { of } = await cluster()
    const found = await of(3).call(apis.FindCoordinator, 4, { keyType: 0, coordinatorKeys: ['g'] })
    const { nodeId, errorCode } = found.coordinators![0]!
    expect(errorCode).toBe(ErrorCode.NONE)
    await create(of(1), 't', 1, 1)
    const commit = (id: number) =>
      of(id).call(apis.OffsetCommit, 8, {
        groupId: 'g',
        generationIdOrMemberEpoch: -1,
        memberId: '',
        topics: [{ name: 't', partitions: [{ partitionIndex: 0, committedOffset: 7, committedLeaderEpoch: -1, committedMetadata: '' }] }],
      })
    const codes = async (id: number) => (await commit(id)).topics.flatMap((it) => it.partitions.map((p) => nameOf(p.errorCode)))
    const coordinator = (await of(1).call(apis.FindCoordinator, 4, { keyType: 0, coordinatorKeys: ['g'] })).coordinators![0]!.nodeId
    expect(coordinator).toBe(nodeId)
    for (const id of [1, 2, 3]) expect(await codes(id)).toEqual([id === nodeId ? 'NONE' : 'NOT_COORDINATOR'])
    for (const id of [1, 2, 3]) {
      const { groups } = await of(id).call(apis.ListGroups, 4, { statesFilter: [] })
      expect(groups.map(({ groupId }) => groupId)).toEqual(id === nodeId ? ['g'] : [])
      const fetched = await of(id).call(apis.OffsetFetch, 8, { groups: [{ groupId: 'g', topics: null }], requireStable: false })
      expect(nameOf(fetched.groups![0]!.errorCode)).toBe(id === nodeId ? 'NONE' : 'NOT_COORDINATOR')
    }
  })

  test('a parked Fetch hears at once that the leader has moved; the epoch grows, and an election moves it back', async () => {
    const { broker, of } = await cluster()
    await create(of(1), 't', 1, 3)
    const epoch = async () => (await of(1).call(apis.Metadata, 12, { topics: [{ name: 't' }] })).topics[0]!.partitions[0]!.leaderEpoch
    const before = await epoch()
    const parked = fetchOne(of(1), 't', 0, { maxWaitMs: 60_000 })
    await broker.moveLeader('t', 0, 3)
    expect(await parked).toMatchObject({ error: 'NOT_LEADER_OR_FOLLOWER', leader: 3 })
    expect(await epoch()).toBe(before + 1)
    expect(await seen(of(2), 't')).toEqual(['0: 3 of 1,2,3'])
    const elect = () =>
      of(2).call(apis.ElectLeaders, 2, { electionType: 0, topicPartitions: [{ topic: 't', partitions: [0] }], timeoutMs: 1000 })
    const outcome = async () => nameOf((await elect()).replicaElectionResults[0]!.partitionResult[0]!.errorCode)
    expect(await outcome()).toBe('NONE')
    expect(await outcome()).toBe('ELECTION_NOT_NEEDED')
    expect(await seen(of(2), 't')).toEqual(['0: 1 of 1,2,3'])
    await expect(broker.moveLeader('t', 0, 9)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    await expect(broker.moveLeader('t', 1, 1)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  })

  test('a node that stops: its connections break, others lead; a topic that is on it alone has no leader until it is back', async () => {
    const { broker, of } = await cluster()
    await create(of(1), 't', 3, 2)
    await create(of(1), 'alone', 3, 1)
    await broker.stopNode(2)
    await of(2).closed
    expect(await seen(of(1), 't')).toEqual(['0: 1 of 1,2 without 2', '1: 3 of 2,3 without 2', '2: 3 of 3,1'])
    expect(await seen(of(3), 'alone')).toEqual(['0: 1 of 1', '1: -1 of 2 without 2', '2: 3 of 3'])
    const { brokers } = await of(3).call(apis.Metadata, 12, { topics: [] })
    expect(brokers.map(({ nodeId }) => nodeId)).toEqual([1, 3])
    await broker.startNode(2)
    const again = await clientOf(broker, 2)
    expect(await seen(again, 'alone')).toEqual(['0: 1 of 1', '1: 2 of 2', '2: 3 of 3'])
    await broker.stopNode(1)
    await broker.stopNode(2)
    await expect(broker.stopNode(3)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    await expect(broker.stopNode(4)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  })

  test('where replicas are outlives the process, also one that is fewer nodes', async () => {
    const data = folder()
    const first = await startBroker({ data, nodes: 3 })
    const client = await clientOf(first, 1)
    await create(client, 't', 3, 2)
    const reassigned = await client.call(apis.AlterPartitionReassignments, 0, {
      timeoutMs: 1000,
      topics: [{ name: 't', partitions: [{ partitionIndex: 0, replicas: [3, 1] }] }],
    })
    expect(nameOf(reassigned.responses[0]!.partitions[0]!.errorCode)).toBe('NONE')
    expect(await seen(client, 't')).toEqual(['0: 3 of 3,1', '1: 2 of 2,3', '2: 3 of 3,1'])
    await first.close()
    const second = await start({ data, nodes: 3 })
    expect(await seen(await clientOf(second, 2), 't')).toEqual(['0: 3 of 3,1', '1: 2 of 2,3', '2: 3 of 3,1'])
    await second.close()
    const third = await start({ data })
    expect(await seen(await clientOf(third, 1), 't')).toEqual(['0: 1 of 1', '1: 1 of 1', '2: 1 of 1'])
  })

  test.each([
    ['a leader that moves', (broker: Broker) => broker.moveLeader('t', 0, 3)],
    ['a node that stops', (broker: Broker) => broker.stopNode(1)],
    [
      'a reassignment',
      async (broker: Broker) => {
        const topics = [{ name: 't', partitions: [{ partitionIndex: 0, replicas: [3, 2] }] }]
        await (await clientOf(broker, 2)).call(apis.AlterPartitionReassignments, 0, { timeoutMs: 1000, topics })
      },
    ],
  ])('of one epoch a partition has one leader: %s leads once the next epoch is durable', async (_what, change) => {
    const { held, disk } = heldDisk()
    const { broker, of } = await cluster({ data: folder(), platform: { ...nodePlatform, disk } })
    await create(of(1), 't', 1, 3)
    const told = async () => {
      const { topics } = await of(2).call(apis.Metadata, 12, { topics: [{ name: 't' }] })
      const { leaderEpoch, leaderId } = topics[0]!.partitions[0]!
      return [leaderEpoch, leaderId]
    }
    const [epoch] = await told()
    const released = Promise.withResolvers<void>()
    held.gate = released.promise
    const changed = change(broker)
    for (let i = 0; i < 3; i++) expect(await told()).toEqual([epoch, 1])
    expect((await produce(of(1), 't', {})).error).toBe('NONE')
    released.resolve()
    await changed
    const [, leader] = await told()
    expect(leader).not.toBe(1)
    expect(await told()).toEqual([epoch! + 1, leader])
    expect((await produce(of(leader!), 't', {})).error).toBe('NONE')
  })

  test('what waits for its partition to be opened is refused if the leader moves meanwhile', async () => {
    const data = folder()
    const first = await startBroker({ data, nodes: 3 })
    const client = await clientOf(first, 1)
    await create(client, 't', 1, 3)
    await produce(client, 't', {})
    await first.close()
    const { held, disk } = heldDisk('read', (path) => path.includes('/topics/'))
    const released = Promise.withResolvers<void>()
    const { broker, of } = await cluster({ data, platform: { ...nodePlatform, disk } })
    held.gate = released.promise
    held.waiting = 0
    const waiting = produce(of(1), 't', {})
    await expect.poll(() => held.waiting).toBe(1)
    await broker.moveLeader('t', 0, 3)
    released.resolve()
    expect((await waiting).error).toBe('NOT_LEADER_OR_FOLLOWER')
    expect(await produce(of(3), 't', {})).toMatchObject({ error: 'NONE', baseOffset: 1 })
  })

  test('min.insync.replicas counts the nodes that are up', async () => {
    const { broker, of } = await cluster()
    const configs = [{ name: 'min.insync.replicas', value: '2' }]
    const topic = { name: 't', numPartitions: 1, replicationFactor: 2, assignments: [], configs }
    await of(1).call(apis.CreateTopics, 7, { topics: [topic] })
    expect((await produce(of(1), 't', {})).error).toBe('NONE')
    await broker.stopNode(2)
    expect((await produce(of(1), 't', {})).error).toBe('NOT_ENOUGH_REPLICAS')
    expect((await produce(of(1), 't', {}, { acks: 1 })).error).toBe('NONE')
    await broker.startNode(2)
    expect((await produce(of(1), 't', {})).error).toBe('NONE')
  })

  test('changes wait for each other: two nodes of three can stop at once, and the last cannot', async () => {
    const { broker } = await cluster({ data: folder() })
    const stopped = await Promise.allSettled([1, 2, 3].map((id) => broker.stopNode(id)))
    expect(stopped.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected'])
    expect(broker.nodes.map(({ isUp }) => isUp)).toEqual([false, false, true])
  })
})
