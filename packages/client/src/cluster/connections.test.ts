import { apis, ErrorCode } from '@tidemark/protocol'
import { describe, expect, it } from 'vitest'
import { createKafka, handleOf, type Kafka } from '../kafka.ts'
import type { KafkaOptions } from '../options.ts'
import { FakeCluster } from '../testing/cluster.case.ts'
import { World } from '../testing/world.case.ts'
import type { Purpose } from './types.ts'

function start(options: Partial<KafkaOptions> = {}, nodes = 1) {
  const world = new World()
  const cluster = new FakeCluster(world, nodes)
  const kafka = createKafka({ brokers: cluster.brokers, platform: world.platform, ...options })
  return { world, cluster, kafka }
}

const heartbeat = (kafka: Kafka, to: { timeoutMs?: number; signal?: AbortSignal; purpose?: Purpose; owner?: object } = {}) =>
  handleOf(kafka).cluster.send(
    apis.Heartbeat,
    { groupId: 'g', generationId: 1, memberId: 'm' },
    { node: 'any', purpose: to.purpose ?? 'coordinator', ...to },
  )
const join = (kafka: Kafka, to: { timeoutMs?: number; signal?: AbortSignal; owner?: object } = {}) =>
  handleOf(kafka).cluster.send(
    apis.JoinGroup,
    { groupId: 'g', sessionTimeoutMs: 1, memberId: 'm', protocolType: 'consumer', protocols: [] },
    { node: 'any', purpose: 'coordinator', ...to },
  )

describe('a connection', () => {
  it('negotiates the highest version that both sides speak', async () => {
    const { world, cluster, kafka } = start()
    cluster.versionsMax.set(apis.Heartbeat.key, 2)
    cluster.on('Heartbeat', () => ({ errorCode: 0 }))
    expect((await world.settle(heartbeat(kafka))).version).toBe(2)
    expect(cluster.callsOf('Heartbeat')[0]?.version).toBe(2)
  })

  it('asks an old broker again with ApiVersions 0 when it does not know our version (trap 2)', async () => {
    const { world, cluster, kafka } = start()
    cluster.versionsMax.set(apis.ApiVersions.key, 2)
    cluster.on('Heartbeat', () => ({ errorCode: 0 }))
    await world.settle(heartbeat(kafka))
    expect(cluster.callsOf('ApiVersions').map((c) => c.version)).toEqual([0])
  })

  it('says which versions would be needed when there is none in common', async () => {
    const { world, cluster, kafka } = start()
    cluster.on('ApiVersions', () => ({ errorCode: 0, apiKeys: [{ apiKey: 12, minVersion: 7, maxVersion: 9 }] }))
    const error = await world.fails(heartbeat(kafka))
    expect(error).toMatchObject({ code: 'UNSUPPORTED_VERSION', message: expect.stringContaining('speaks versions 7 to 9') })
  })

  it('pipelines: the second request is sent before the first is answered', async () => {
    const { world, cluster, kafka } = start()
    await world.settle(handleOf(kafka).cluster.allTopics())
    let answer = (): void => {}
    cluster.once(
      'JoinGroup',
      () =>
        new Promise(
          (resolve) => (answer = () => resolve({ errorCode: 0, generationId: 1, protocolName: '', leader: '', memberId: '', members: [] })),
        ),
    )
    cluster.on('Heartbeat', () => ({ errorCode: 0 }))
    const both = Promise.all([join(kafka), heartbeat(kafka)])
    await world.run(50)
    expect(world.connections).toHaveLength(2)
    answer()
    const [joined, beat] = await world.settle(both)
    expect(joined.body.generationId).toBe(1)
    expect(beat.body.errorCode).toBe(0)
  })

  it('keeps a parked request of one purpose or owner away from all others (decision 13)', async () => {
    const { world, cluster, kafka } = start()
    cluster.on('JoinGroup', () => new Promise(() => {}))
    cluster.on('Heartbeat', () => ({ errorCode: 0 }))
    const parked = join(kafka, { timeoutMs: 1_000_000 })
    parked.catch(() => {})
    await world.run(50)
    await world.settle(heartbeat(kafka, { purpose: 'admin' }), 100)
    await world.settle(heartbeat(kafka, { owner: {} }), 100)
    await kafka.close()
  })

  it('is given up when its first request is not answered in time, and the next request gets a new one', async () => {
    const { world, cluster, kafka } = start({ requestTimeoutMs: 1000 })
    cluster.once('Heartbeat', () => 'silent')
    cluster.on('JoinGroup', () => new Promise(() => {}))
    const first = heartbeat(kafka)
    const behind = join(kafka, { timeoutMs: 60_000 })
    const codes = await world.settle(
      Promise.all(
        [first, behind].map((p) =>
          p.then(
            () => 'fine',
            (e) => e.code,
          ),
        ),
      ),
    )
    expect(codes).toEqual(['TIMED_OUT', 'CONNECTION_LOST'])
    expect(world.connections[0]?.closed).toBe(true)
    cluster.on('Heartbeat', () => ({ errorCode: 0 }))
    await world.settle(heartbeat(kafka))
    expect(world.connections).toHaveLength(2)
  })

  it('outlives a request that times out behind a parked one: only that one rejects, and its late answer is dropped', async () => {
    const { world, cluster, kafka } = start({ requestTimeoutMs: 1000 })
    let answer = (): void => {}
    cluster.once(
      'JoinGroup',
      () =>
        new Promise(
          (resolve) => (answer = () => resolve({ errorCode: 0, generationId: 7, protocolName: '', leader: '', memberId: '', members: [] })),
        ),
    )
    cluster.on('Heartbeat', () => ({ errorCode: 0 }))
    const joining = join(kafka, { timeoutMs: 60_000 })
    expect(await world.fails(heartbeat(kafka))).toMatchObject({ code: 'TIMED_OUT' })
    answer()
    expect((await world.settle(joining)).body.generationId).toBe(7)
    await world.settle(heartbeat(kafka))
    expect(world.connections).toHaveLength(1)
  })

  it('that went silent is noticed by the time-out: half-open connections do not hang', async () => {
    const { world, cluster, kafka } = start({ requestTimeoutMs: 1000 })
    cluster.on('Heartbeat', () => ({ errorCode: 0 }))
    await world.settle(heartbeat(kafka))
    world.connections[0]!.silent = true
    expect(await world.fails(heartbeat(kafka))).toMatchObject({ code: 'TIMED_OUT', message: expect.stringContaining('within 1000 ms') })
    await world.settle(heartbeat(kafka))
  })

  it('whose request was aborted takes no new ones, and closes with its last', async () => {
    const { world, cluster, kafka } = start()
    cluster.once('JoinGroup', () => 'silent')
    cluster.on('Heartbeat', () => ({ errorCode: 0 }))
    const stop = new AbortController()
    const joining = world.fails(join(kafka, { signal: stop.signal }))
    await world.run(50)
    stop.abort(new Error('shutdown'))
    expect(await joining).toMatchObject({ code: 'ABORTED', cause: new Error('shutdown') })
    await world.settle(heartbeat(kafka))
    expect(world.connections.map((c) => c.closed)).toEqual([true, false])
  })

  it('is closed by an answer that nobody asked for, and by one larger than frameBytesMax', async () => {
    const { world, cluster, kafka } = start({ frameBytesMax: 2000 })
    cluster.once('Heartbeat', (call) => {
      call.connection.write([Buffer.from([0, 0, 0, 6, 0, 0, 9, 9, 0, 0])])
      return 'silent'
    })
    expect(await world.fails(heartbeat(kafka))).toMatchObject({ code: 'CONNECTION_LOST' })
    cluster.once('Heartbeat', (call) => {
      call.connection.write([Buffer.from([0, 0, 0x10, 0])])
      return 'silent'
    })
    expect(await world.fails(heartbeat(kafka))).toMatchObject({ code: 'FRAME_TOO_LARGE', message: expect.stringContaining('4096 bytes') })
    expect(world.connections.map((c) => c.closed)).toEqual([true, true])
  })

  it('holds no more requests than requestsPendingMax', async () => {
    const { world, cluster, kafka } = start({ requestsPendingMax: 3 })
    cluster.on('Heartbeat', () => 'silent')
    const sent = Array.from({ length: 4 }, () => heartbeat(kafka))
    for (const s of sent) s.catch(() => {})
    expect(await world.fails(sent[3]!)).toMatchObject({ code: 'TOO_MANY_REQUESTS' })
  })
})

describe('reaching a broker', () => {
  it('names every address that was tried, why each failed, and what to do', async () => {
    const world = new World()
    const kafka = createKafka({ brokers: ['a:1', '[::1]:2'], platform: world.platform })
    const error = await world.fails(handleOf(kafka).cluster.allTopics())
    expect(error.code).toBe('UNREACHABLE')
    expect(error.message).toBe(
      'no broker can be reached: a:1: nobody listens there; [::1]:2: nobody listens there; check the addresses, and that a broker listens there',
    )
  })

  it('says what to check when the other side hangs up during the handshake', async () => {
    const { world, cluster, kafka } = start()
    cluster.on('ApiVersions', () => 'close')
    const error = await world.fails(handleOf(kafka).cluster.allTopics())
    expect(error).toMatchObject({
      code: 'UNREACHABLE',
      message: expect.stringMatching(/did not shake hands.*asks for TLS or SASL/),
    })
  })

  it('tries the addresses in turn', async () => {
    const world = new World()
    const cluster = new FakeCluster(world)
    cluster.create('t')
    const kafka = createKafka({ brokers: ['gone:9092', 'node1:9092'], platform: world.platform })
    expect(await world.settle(handleOf(kafka).cluster.allTopics())).toHaveLength(1)
  })

  it('falls back to the addresses that were given when none of the nodes can be reached', async () => {
    const world = new World()
    const cluster = new FakeCluster(world)
    cluster.on('Metadata', async (_call, next) => ({ ...(await next()), brokers: [{ nodeId: 9, host: 'moved', port: 1, rack: null }] }))
    const kafka = createKafka({ brokers: ['node1:9092'], platform: world.platform })
    await world.settle(handleOf(kafka).cluster.allTopics())
    cluster.disconnectAll()
    await world.run(10)
    expect(
      handleOf(kafka)
        .cluster.nodes()
        .map((n) => n.host),
    ).toEqual(['moved'])
    await world.settle(handleOf(kafka).cluster.allTopics())
  })

  it('waits between tries, longer each time, also when the broker accepts and then hangs up', async () => {
    const { world, cluster, kafka } = start()
    cluster.on('Heartbeat', () => 'close')
    const times: number[] = []
    for (let i = 0; i < 8; i++) {
      await world.fails(heartbeat(kafka))
      times.push(world.monotonic())
    }
    const last = times.at(-1)! - times.at(-5)!
    expect(last).toBeGreaterThan(1_000)
    expect(world.connections.length).toBeLessThanOrEqual(8)
    cluster.on('Heartbeat', () => ({ errorCode: 0 }))
    await world.settle(heartbeat(kafka))
    cluster.disconnectAll()
    await world.run(10)
    const before = world.monotonic()
    await world.settle(heartbeat(kafka))
    expect(world.monotonic() - before).toBeLessThan(120) // it did its work: back to the first delay
  })
})

describe('closing', () => {
  it('rejects what is under way and whatever comes after', async () => {
    const { world, cluster, kafka } = start()
    cluster.on('Heartbeat', () => 'silent')
    const pending = world.fails(heartbeat(kafka))
    await world.run(50)
    await kafka.close()
    expect(await pending).toMatchObject({ code: 'CLOSED' })
    expect(await world.fails(heartbeat(kafka))).toMatchObject({ code: 'CLOSED' })
    expect(world.connections.every((c) => c.closed)).toBe(true)
  })

  it('during a handshake leaves no connection behind', async () => {
    const { world, cluster, kafka } = start()
    cluster.on('ApiVersions', () => 'silent')
    const pending = world.fails(heartbeat(kafka))
    await world.run(50)
    await kafka.close()
    expect(await pending).toMatchObject({ code: 'CLOSED' })
    expect(world.connections.every((c) => c.closed)).toBe(true)
  })

  it('of an owner closes its connections alone', async () => {
    const { world, cluster, kafka } = start()
    cluster.on('JoinGroup', () => 'silent')
    cluster.on('Heartbeat', () => ({ errorCode: 0 }))
    const owner = {}
    const pending = world.fails(join(kafka, { owner }))
    await world.settle(heartbeat(kafka))
    handleOf(kafka).cluster.release(owner)
    expect(await pending).toMatchObject({ code: 'CLOSED' })
    await world.settle(heartbeat(kafka))
    expect(world.connections.filter((c) => !c.closed)).toHaveLength(1)
  })
})

it('errors of a broker inside an answer are the caller’s business', async () => {
  const { world, cluster, kafka } = start()
  cluster.on('Heartbeat', () => ({ errorCode: ErrorCode.UNKNOWN_MEMBER_ID }))
  expect((await world.settle(heartbeat(kafka))).body.errorCode).toBe(ErrorCode.UNKNOWN_MEMBER_ID)
})
