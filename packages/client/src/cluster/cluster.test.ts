import { apis, ErrorCode } from '@tidemark/protocol'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createKafka, handleOf } from '../kafka.ts'
import type { KafkaOptions } from '../options.ts'
import { FakeCluster } from '../testing/cluster.case.ts'
import { World } from '../testing/world.case.ts'

function start(options: Partial<KafkaOptions> = {}, nodes = 1) {
  const world = new World()
  const cluster = new FakeCluster(world, nodes)
  const kafka = createKafka({ brokers: cluster.brokers, platform: world.platform, ...options })
  return { world, cluster, view: handleOf(kafka).cluster, kafka }
}

describe('topics', () => {
  it('concurrent look-ups share one request, and one under way takes no more in', async () => {
    const { world, cluster, view } = start()
    for (const name of ['a', 'b', 'c']) cluster.create(name)
    const first = Promise.all([view.topics(['a']), view.topics(['b', 'a'])])
    await world.run(1)
    await world.settle(Promise.all([first, view.topics(['c'])]))
    expect(cluster.callsOf('Metadata').map((c) => c.body.topics.map((t: { name: string }) => t.name))).toEqual([['a', 'b'], ['c']])
  })

  it('come from memory while they are fresh, and are asked for again when they are old or distrusted', async () => {
    const { world, cluster, view } = start({ metadataMaxAgeMs: 10_000 })
    cluster.create('t')
    await world.settle(view.topics(['t']))
    await world.run(9_000)
    await world.settle(view.topics(['t']))
    expect(cluster.callsOf('Metadata')).toHaveLength(1)
    view.invalidate('t')
    await world.settle(view.topics(['t']))
    expect(cluster.callsOf('Metadata')).toHaveLength(2)
    await world.run(11_000)
    await world.settle(view.topics(['t']))
    expect(cluster.callsOf('Metadata')).toHaveLength(3)
  })

  it('that are not there are told so at once, and are not created by a look-up', async () => {
    const { world, cluster, view } = start()
    cluster.autoCreate = true
    const found = await world.settle(view.topics(['nope']), 100)
    expect(found.get('nope')).toMatchObject({ errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, partitions: [] })
    expect(cluster.topics.size).toBe(0)
  })

  it('that a broker creates on demand are waited for (LEADER_NOT_AVAILABLE)', async () => {
    const { world, cluster, view } = start()
    cluster.autoCreate = true
    const found = await world.settle(view.topics(['new'], { autoCreate: true }))
    expect(found.get('new')?.partitions).toHaveLength(1)
  })

  it('that never become available are given back as they are when the time is over', async () => {
    const { world, cluster, view } = start()
    cluster.on('Metadata', async (_call, next) => ({
      ...(await next()),
      topics: [{ errorCode: ErrorCode.LEADER_NOT_AVAILABLE, name: 't', topicId: '0'.repeat(32), isInternal: false, partitions: [] }],
    }))
    const found = await world.settle(view.topics(['t'], { timeoutMs: 3_000 }))
    expect(found.get('t')?.errorCode).toBe(ErrorCode.LEADER_NOT_AVAILABLE)
    expect(world.monotonic()).toBeGreaterThanOrEqual(3_000)
    expect(cluster.callsOf('Metadata').length).toBeLessThan(30)
  })

  it('are not asked for in a tight loop, however often they are distrusted', async () => {
    const { world, cluster, view } = start()
    cluster.create('t')
    await world.settle(view.topics(['t']))
    const from = world.monotonic()
    for (let i = 0; i < 50; i++) {
      view.invalidate('t')
      await world.settle(view.topics(['t']))
    }
    expect(world.monotonic() - from).toBeGreaterThan(1_000)
  })

  it('whose look-up is aborted reject, and the connection stays', async () => {
    const { world, cluster, view } = start()
    cluster.once('Metadata', () => 'silent')
    const stop = new AbortController()
    const looking = world.fails(view.topics(['t'], { signal: stop.signal }))
    await world.run(10)
    stop.abort()
    expect(await looking).toMatchObject({ code: 'ABORTED' })
  })
})

describe('the cluster', () => {
  it('is known after the first answer: nodes, controller, id', async () => {
    const { world, view } = start({}, 3)
    expect(view.nodes()).toEqual([])
    await world.settle(view.allTopics())
    expect(view.nodes().map((n) => `${n.nodeId} ${n.host}:${n.port}`)).toEqual(['1 node1:9092', '2 node2:9092', '3 node3:9092'])
    expect([view.clusterId, view.controllerId]).toEqual(['fake', 1])
  })

  it('is watched while somebody listens, who hears of new partitions and moved leaders', async () => {
    const { world, cluster, view } = start({ metadataMaxAgeMs: 1_000 }, 2)
    cluster.create('t')
    await world.settle(view.topics(['t']))
    const heard: string[] = []
    const stop = view.onChange((topics) => heard.push(topics.join()))
    await world.run(2_500)
    expect(heard).toEqual([])
    cluster.moveLeader('t', 0, 2)
    await world.run(1_400)
    expect(heard).toEqual(['t'])
    expect(view.leader('t', 0)).toEqual({ nodeId: 2, epoch: 1 })
    stop()
    const calls = cluster.callsOf('Metadata').length
    await world.run(5_000)
    expect(cluster.callsOf('Metadata')).toHaveLength(calls)
  })

  it('tells whoever listens when a node is in another rack, and keeps the rack of a node that coordinates a group', async () => {
    const { world, cluster, view } = start({ metadataMaxAgeMs: 1_000 }, 2)
    cluster.create('t')
    let rack: string | null = 'a'
    cluster.on('Metadata', async (_call, next) => {
      const answer = await next()
      return { ...answer, brokers: answer.brokers.map((b: object) => ({ ...b, rack })) }
    })
    await world.settle(view.topics(['t']))
    const heard: string[] = []
    onTestFinished(view.onChange((topics) => heard.push(topics.join())))
    await world.run(2_500)
    expect(heard).toEqual([])
    rack = 'b'
    await world.run(1_400)
    expect(heard).toEqual(['t'])
    await world.settle(view.coordinator('g'))
    expect(view.nodes().map((node) => node.rack)).toEqual(['b', 'b'])
  })

  it('whose node stops before it answers is asked at another one', async () => {
    const { world, cluster, view } = start({}, 2)
    cluster.create('t')
    cluster.once('Metadata', () => 'close')
    expect((await world.settle(view.topics(['t']))).get('t')?.errorCode).toBe(0)
    cluster.on('Metadata', () => 'close')
    view.invalidate()
    expect(await world.fails(view.topics(['t']))).toMatchObject({ code: 'CONNECTION_LOST' })
  })

  it('that asks its clients to begin anew is asked at the given addresses (KIP-1102)', async () => {
    const { world, cluster, view } = start()
    cluster.create('t')
    await world.settle(view.topics(['t']))
    view.invalidate()
    cluster.once('Metadata', async (_call, next) => ({ ...(await next()), errorCode: ErrorCode.REBOOTSTRAP_REQUIRED }))
    expect(await world.fails(view.topics(['t']))).toMatchObject({ code: 'CONNECTION_LOST' })
    expect(view.nodes()).toEqual([])
    expect((await world.settle(view.topics(['t']))).get('t')?.errorCode).toBe(0)
  })
})

describe('a coordinator', () => {
  const send = (view: ReturnType<typeof start>['view']) =>
    view.send(apis.Heartbeat, { groupId: 'g', generationId: 1, memberId: 'm' }, { node: { coordinator: 'g' }, purpose: 'coordinator' })

  it('is looked for once, waited for while it loads, and looked for again when forgotten', async () => {
    const { world, cluster, view } = start({}, 2)
    cluster.coordinator = 2
    cluster.on('Heartbeat', () => ({ errorCode: 0 }))
    cluster.once('FindCoordinator', () => ({
      coordinators: [{ key: 'g', nodeId: -1, host: '', port: -1, errorCode: ErrorCode.COORDINATOR_NOT_AVAILABLE, errorMessage: null }],
    }))
    await world.settle(Promise.all([send(view), send(view)]))
    expect(cluster.callsOf('FindCoordinator')).toHaveLength(2)
    expect(cluster.callsOf('Heartbeat').map((c) => c.node)).toEqual([2, 2])
    cluster.coordinator = 1
    view.forgetCoordinator('g')
    await world.settle(send(view))
    expect(cluster.callsOf('Heartbeat').map((c) => c.node)).toEqual([2, 2, 1])
  })

  it('is found with the old form of the request too', async () => {
    const { world, cluster, view } = start()
    cluster.versionsMax.set(apis.FindCoordinator.key, 2)
    expect(await world.settle(view.coordinator('g'))).toBe(1)
  })

  it('that cannot be reached is forgotten', async () => {
    const { world, cluster, view } = start({}, 2)
    cluster.coordinator = 2
    cluster.on('Heartbeat', (call) => (call.node === 2 ? 'close' : { errorCode: 0 }))
    expect(await world.fails(send(view))).toMatchObject({ code: 'CONNECTION_LOST' })
    cluster.coordinator = 1
    await world.settle(send(view))
  })

  it('that has left the cluster is forgotten (Kafka 4.3.1: a coordinator that was stopped)', async () => {
    const { world, cluster, view } = start({}, 2)
    cluster.coordinator = 2
    cluster.on('Heartbeat', () => ({ errorCode: 0 }))
    await world.settle(send(view))
    cluster.on('Metadata', async (_call, next) => {
      const answer = await next()
      return { ...answer, brokers: answer.brokers.filter((b: { nodeId: number }) => b.nodeId !== 2) }
    })
    await world.settle(view.refresh([]))
    cluster.coordinator = 1
    expect(await world.fails(send(view))).toMatchObject({
      code: 'UNREACHABLE',
      message: expect.stringContaining('node 2 is not in the cluster'),
    })
    await world.settle(send(view))
    expect(cluster.callsOf('Heartbeat').map((c) => c.node)).toEqual([2, 1])
  })

  it('of a group that may not be used rejects with the reason', async () => {
    const { world, cluster, view } = start()
    cluster.on('FindCoordinator', () => ({
      coordinators: [{ key: 'g', nodeId: -1, host: '', port: -1, errorCode: ErrorCode.GROUP_AUTHORIZATION_FAILED, errorMessage: 'no' }],
    }))
    expect(await world.fails(view.coordinator('g'))).toMatchObject({
      code: 'GROUP_AUTHORIZATION_FAILED',
      message: "group 'g' may not be used by this user: it needs at least DESCRIBE, which READ and DELETE bring",
    })
  })
})
