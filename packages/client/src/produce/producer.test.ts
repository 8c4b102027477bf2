import { apis, batchesIn, RecordCursor } from '@tidemark/protocol'
import { describe, expect, it } from 'vitest'
import { createKafka } from '../kafka.ts'
import { World } from '../testing/world.case.ts'
import { logOf, start } from './producer.case.ts'
import { createProducer } from './producer.ts'

describe('a producer', () => {
  it('says where a message is once it is acknowledged', async () => {
    const { world, cluster, producer } = start()
    cluster.create('t')
    const first = await world.settle(producer.send('t', { key: 'k', value: 'v', timestampMs: 5 }))
    expect(first).toEqual({ topic: 't', partition: 0, offset: 0, timestampMs: 5 })
    const more = await world.settle(producer.send('t', [{ value: 'a' }, { value: 'b' }]))
    expect(more.map((r) => r.offset)).toEqual([1, 2])
    expect(logOf(cluster)).toEqual(['v', 'a', 'b'])
    expect(await world.settle(producer.send('t', []))).toEqual([])
  })

  it('writes key, value, headers, tombstones and the time', async () => {
    const { world, cluster, producer } = start()
    cluster.create('t')
    await world.settle(
      producer.send('t', { key: new Uint8Array([1]), value: null, headers: { a: 'x', b: new Uint8Array([2]), c: null }, timestampMs: 77 }),
    )
    const bytes = cluster.partition('t').batches[0]!
    const cursor = new RecordCursor(bytes, [...batchesIn(bytes)][0]!.header)
    cursor.next()
    expect([cursor.key, cursor.value, cursor.timestampMs]).toEqual([Buffer.from([1]), null, 77])
    expect(cursor.headers()).toEqual([
      { key: 'a', value: Buffer.from('x') },
      { key: 'b', value: Buffer.from([2]) },
      { key: 'c', value: null },
    ])
  })

  it('takes a topic that knows how to write keys and values', async () => {
    const { world, cluster, producer } = start()
    cluster.create('orders')
    const orders = { name: 'orders', key: { encode: (n: number) => `k${n}` }, value: { encode: (v: { id: number }) => JSON.stringify(v) } }
    await world.settle(producer.send(orders, { key: 1, value: { id: 7 } }))
    expect(logOf(cluster, 'orders')).toEqual(['{"id":7}'])
  })

  it('gives the broker’s time where the topic says LogAppendTime', async () => {
    const { world, cluster, producer } = start()
    cluster.create('t')
    cluster.once('Produce', async (_call, next) => {
      const reply = await next()
      reply.responses[0].partitionResponses[0].logAppendTimeMs = 12345
      return reply
    })
    expect(await world.settle(producer.send('t', { value: 'a', timestampMs: 5 }))).toMatchObject({ timestampMs: 12345 })
  })

  it('refuses what is not a message, before anything is sent', async () => {
    const { world, cluster, producer } = start({ recordBytesMax: 1000 })
    cluster.create('t')
    for (const message of [{ value: undefined }, { value: 5 }, { key: {}, value: 'v' }, { value: 'v', timestampMs: 1.5 }]) {
      expect(await world.fails(producer.send('t', message as never))).toMatchObject({ code: 'INVALID_MESSAGE', topic: 't' })
    }
    expect(await world.fails(producer.send('t', { value: 'x'.repeat(2000) }))).toMatchObject({ code: 'MESSAGE_TOO_LARGE' })
    expect(await world.fails(producer.send('t', { value: 'v', partition: 4 }))).toMatchObject({ code: 'UNKNOWN_PARTITION', partition: 4 })
    expect(cluster.callsOf('Produce')).toEqual([])
  })

  it('refuses options that contradict each other', () => {
    expect(() => start({ acks: 'leader', idempotent: true })).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
    expect(() => start({ batchBytesMax: 0 })).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
    expect(() => start({}, 1, { requestsInFlightMax: 6 })).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
  })
})

describe('topics', () => {
  it('that are not there are created if the broker does so', async () => {
    const { world, cluster, producer } = start()
    cluster.autoCreate = true
    await world.settle(producer.send('new', { value: 'a' }))
    expect(logOf(cluster, 'new')).toEqual(['a'])
  })

  it('that nobody creates: UNKNOWN_TOPIC after topicWaitMs, and at once where none shall be created', async () => {
    const { world, producer, kafka } = start({ topicWaitMs: 3_000 })
    expect(await world.fails(producer.send('nope', { value: 'a' }))).toMatchObject({ code: 'UNKNOWN_TOPIC', topic: 'nope' })
    const atMs = world.monotonic()
    expect(atMs).toBeGreaterThanOrEqual(3_000)
    await world.fails(createProducer(kafka, { autoCreate: false }).send('nope', { value: 'a' }))
    expect(world.monotonic() - atMs).toBeLessThan(200)
  })

  it('do not wait for each other', async () => {
    const { world, cluster, producer } = start()
    cluster.create('t')
    const waiting = world.fails(producer.send('nope', { value: 'a' }))
    await world.settle(producer.send('t', { value: 'b' }), 1_000)
    await waiting
  })

  it('no broker at all: UNREACHABLE after maxBlockMs', async () => {
    const world = new World()
    const kafka = createKafka({ brokers: ['gone:1'], platform: world.platform })
    const producer = createProducer(kafka, { maxBlockMs: 4_000 })
    expect(await world.fails(producer.send('t', { value: 'a' }))).toMatchObject({
      code: 'UNREACHABLE',
      message: expect.stringContaining('gone:1'),
    })
    expect(world.monotonic()).toBeLessThan(6_000)
  })
})

describe('acks', () => {
  it('none: resolves when it is sent, without an offset', async () => {
    const { world, cluster, producer } = start({ acks: 'none' })
    cluster.create('t')
    expect(await world.settle(producer.send('t', { value: 'a' }))).toMatchObject({ partition: 0, offset: -1 })
    await world.run(10)
    expect(logOf(cluster)).toEqual(['a'])
    expect(cluster.callsOf('Produce')[0]?.body.acks).toBe(0)
  })

  it('leader: 1 on the wire; all: -1', async () => {
    for (const [acks, wire] of [
      ['leader', 1],
      ['all', -1],
    ] as const) {
      const { world, cluster, producer } = start({ acks })
      cluster.create('t')
      await world.settle(producer.send('t', { value: 'a' }))
      expect(cluster.callsOf('Produce')[0]?.body.acks).toBe(wire)
    }
  })
})

describe('the end', () => {
  it('close() waits for what was sent, closes the connections, and takes no more', async () => {
    const { world, cluster, producer } = start({ lingerMs: 60_000 })
    cluster.create('t')
    const sent = producer.send('t', { value: 'a' })
    await world.settle(producer.close(), 5_000)
    expect((await sent).offset).toBe(0)
    expect(await world.fails(producer.send('t', { value: 'b' }))).toMatchObject({ code: 'CLOSED' })
    await world.run(10)
    expect(world.connections.filter((c) => !c.closed)).toHaveLength(2) // Kafka's own: metadata, and the one for producer ids
  })

  it('closing Kafka fails what is under way', async () => {
    const { world, cluster, kafka, producer } = start()
    cluster.create('t')
    cluster.on('Produce', () => 'silent')
    const sent = world.fails(producer.send('t', { value: 'a' }))
    await world.run(100)
    await kafka.close()
    expect(await sent).toMatchObject({ code: 'CLOSED' })
  })

  it('an old broker is sent topic names instead of ids', async () => {
    const { world, cluster, producer } = start()
    cluster.versionsMax.set(apis.Metadata.key, 8)
    cluster.create('t')
    await world.settle(producer.send('t', { value: 'a' }))
    expect(cluster.callsOf('Produce')[0]).toMatchObject({ version: 12 })
  })
})
