import { apis, batchesIn, ErrorCode, partitionOfKey, RecordCursor } from '@tidemark/protocol'
import { describe, expect, it } from 'vitest'
import { createKafka } from '../kafka.ts'
import type { KafkaOptions } from '../options.ts'
import { type Call, FakeCluster } from '../testing/cluster.case.ts'
import { World } from '../testing/world.case.ts'
import { createProducer } from './producer.ts'
import type { ProducerOptions } from './types.ts'

function start(options: ProducerOptions = {}, nodes = 1, kafkaOptions: Partial<KafkaOptions> = {}) {
  const world = new World()
  const cluster = new FakeCluster(world, nodes)
  const kafka = createKafka({ brokers: cluster.brokers, platform: world.platform, ...kafkaOptions })
  const producer = createProducer(kafka, options)
  return { world, cluster, kafka, producer }
}

/** The values of a partition's log, in order. */
function logOf(cluster: FakeCluster, topic = 't', partition = 0): string[] {
  return cluster.partition(topic, partition).batches.flatMap((bytes) => {
    const out: string[] = []
    for (const { at, header } of batchesIn(bytes)) {
      const cursor = new RecordCursor(bytes.subarray(at, at + header.size), header)
      while (cursor.next()) out.push(String(cursor.value))
    }
    return out
  })
}

const numbers = (n: number): string[] => Array.from({ length: n }, (_, i) => `${i}`)
const headersOf = (call: Call) =>
  call.body.topicData.flatMap((t: any) => t.partitionData.map((p: any) => [...batchesIn(Buffer.from(p.records))][0]!.header))
const answerAll = (call: Call, errorCode: number, over: object = {}) => ({
  responses: call.body.topicData.map((t: any) => ({
    name: t.name,
    topicId: t.topicId,
    partitionResponses: t.partitionData.map((p: any) => ({ index: p.index, errorCode, baseOffset: -1, ...over })),
  })),
})

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

  it('refuses what is no message, before anything is sent', async () => {
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

describe('partitions', () => {
  it('of keyed messages are those of Kafka’s own client (murmur2)', async () => {
    const { world, cluster, producer } = start()
    cluster.create('t', 7)
    const keys = numbers(50).map((n) => `key-${n}`)
    const results = await world.settle(
      producer.send(
        't',
        keys.map((key) => ({ key, value: key })),
      ),
    )
    expect(results.map((r) => r.partition)).toEqual(keys.map((key) => partitionOfKey(Buffer.from(key), 7)))
  })

  it('of messages without a key stay for a batch, and change with it (KIP-480)', async () => {
    const { world, cluster, producer } = start()
    cluster.create('t', 5)
    const chosen: number[] = []
    for (let i = 0; i < 12; i++) {
      const results = await world.settle(
        producer.send(
          't',
          numbers(10).map((value) => ({ value })),
        ),
      )
      expect(new Set(results.map((r) => r.partition)).size).toBe(1)
      chosen.push(results[0]!.partition)
    }
    for (let i = 1; i < chosen.length; i++) expect(chosen[i]).not.toBe(chosen[i - 1])
    expect(new Set(chosen).size).toBeGreaterThan(3)
  })

  it('may be chosen by the caller, or by a partitioner', async () => {
    const { world, cluster, kafka } = start()
    cluster.create('t', 5)
    const producer = createProducer(kafka, { partitioner: ({ key, partitions }) => Number(key) % partitions })
    const results = await world.settle(
      producer.send('t', [
        { key: '8', value: 'a' },
        { key: '8', value: 'b', partition: 1 },
      ]),
    )
    expect(results.map((r) => r.partition)).toEqual([3, 1])
  })
})

describe('batches', () => {
  it('hold what one turn sends, and what comes while five requests are under way', async () => {
    const { world, cluster, producer } = start()
    cluster.create('t')
    await world.settle(producer.send('t', { value: 'first' }))
    cluster.calls.length = 0
    const answers: (() => void)[] = []
    cluster.on('Produce', (_call, next) => new Promise((resolve) => answers.push(() => resolve(next()))))
    const sends: Promise<unknown>[] = []
    for (let i = 0; i < 20; i++) {
      sends.push(producer.send('t', { value: `${i}a` }), producer.send('t', { value: `${i}b` }))
      await Promise.resolve()
    }
    await world.run(10)
    while (cluster.callsOf('Produce').length < 6 || answers.length > 0) {
      answers.shift()?.()
      await world.run(10)
    }
    await world.settle(Promise.all(sends))
    const counts = cluster.callsOf('Produce').flatMap((c) => headersOf(c).map((h: any) => h.recordCount))
    expect(counts.slice(0, 5)).toEqual([2, 2, 2, 2, 2])
    expect(counts[5]).toBe(30)
  })

  it('linger for lingerMs, unless somebody flushes', async () => {
    const { world, cluster, producer } = start({ lingerMs: 100 })
    cluster.create('t')
    const first = producer.send('t', { value: 'a' })
    await world.run(60)
    const second = producer.send('t', { value: 'b' })
    await world.run(30)
    expect(cluster.callsOf('Produce')).toEqual([])
    await world.settle(Promise.all([first, second]))
    expect(cluster.callsOf('Produce')).toHaveLength(1)
    const third = producer.send('t', { value: 'c' })
    const before = world.monotonic()
    await world.settle(producer.flush())
    expect(world.monotonic() - before).toBeLessThan(50)
    await third
  })

  it('end at batchBytesMax', async () => {
    const { world, cluster, producer } = start({ batchBytesMax: 1000 })
    cluster.create('t')
    await world.settle(
      producer.send(
        't',
        numbers(10).map((n) => ({ value: n.repeat(300) })),
      ),
    )
    expect(cluster.partition('t').batches.every((b) => b.length <= 1000)).toBe(true)
    expect(cluster.partition('t').batches.length).toBeGreaterThan(3)
    expect(logOf(cluster)).toEqual(numbers(10).map((n) => n.repeat(300)))
  })

  it.each(['gzip', 'snappy', 'lz4', 'zstd'] as const)('are compressed with %s', async (compression) => {
    const { world, cluster, producer } = start({ compression })
    cluster.create('t')
    await world.settle(producer.send('t', { value: 'x'.repeat(10_000) }))
    expect(cluster.partition('t').batches[0]!.length).toBeLessThan(1_000)
    expect(logOf(cluster)).toEqual(['x'.repeat(10_000)])
  })

  it('that are too large for the topic are split until they fit; one record that is too large fails alone', async () => {
    const { world, cluster, producer } = start()
    cluster.create('t')
    cluster.partition('t').bytesMax = 700
    const values = [...numbers(9).map((n) => n.repeat(200)), 'x'.repeat(800), ...numbers(4)]
    const sends = values.map((value) =>
      producer.send('t', { value }).then(
        () => 'fine',
        (e) => e.code,
      ),
    )
    const outcomes = await world.settle(Promise.all(sends))
    expect(outcomes.filter((o) => o !== 'fine')).toEqual(['MESSAGE_TOO_LARGE'])
    expect(outcomes[9]).toBe('MESSAGE_TOO_LARGE')
    expect(logOf(cluster)).toEqual(values.filter((v) => v.length <= 700))
  })
})

describe('room', () => {
  it('send() waits while bufferBytesMax is taken, and everything arrives in order', async () => {
    const { world, cluster, producer } = start({ bufferBytesMax: 5_000, batchBytesMax: 2_000 })
    cluster.create('t')
    const sends = numbers(50).map((n) => producer.send('t', { value: n.padEnd(500) }))
    await world.settle(Promise.all(sends))
    expect(logOf(cluster).map((v) => v.trim())).toEqual(numbers(50))
    const perRequest = cluster.callsOf('Produce').map((c) => headersOf(c).reduce((sum: number, h: any) => sum + h.recordCount, 0))
    expect(Math.max(...perRequest)).toBeLessThan(10)
  })

  it('gives up after maxBlockMs, with BUFFER_FULL; what is in batches goes on', async () => {
    const { world, cluster, producer } = start({ bufferBytesMax: 1_000, maxBlockMs: 2_000 })
    cluster.create('t')
    await world.settle(producer.send('t', { value: 'first' }))
    let answer = (): void => {}
    cluster.once('Produce', (_call, next) => new Promise((resolve) => (answer = () => resolve(next()))))
    const inside = producer.send('t', { value: 'x'.repeat(900) })
    const outside = world.fails(producer.send('t', { value: 'y'.repeat(900) }))
    expect(await outside).toMatchObject({ code: 'BUFFER_FULL' })
    expect(world.monotonic()).toBeGreaterThanOrEqual(2_000)
    answer()
    await world.settle(inside)
    expect(logOf(cluster)).toHaveLength(2)
  })

  it('no more than sendsWaitingMax wait', async () => {
    const { world, cluster, producer } = start({ bufferBytesMax: 1_000, sendsWaitingMax: 2 })
    cluster.create('t')
    const sends = numbers(4).map((n) =>
      producer.send('t', { value: n.repeat(900) }).then(
        () => 'fine',
        (e) => e,
      ),
    )
    const [first, second, ...others] = await world.settle(Promise.all(sends))
    expect([first, second]).toEqual(['fine', 'fine'])
    for (const other of others) expect(other).toMatchObject({ code: 'BUFFER_FULL', message: expect.stringContaining('sendsWaitingMax') })
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
      message: expect.stringContaining('tidemark up'),
    })
    expect(world.monotonic()).toBeLessThan(6_000)
  })
})

describe('what is tried again', () => {
  it.each([1, 5])('stays in order and comes once when every third answer is lost (%i in flight)', async (requestsInFlightMax) => {
    const { world, cluster, producer } = start({}, 1, { requestsInFlightMax })
    cluster.create('t')
    let n = 0
    cluster.on('Produce', async (_call, next) => {
      const reply = await next()
      return ++n % 3 === 0 ? 'close' : reply
    })
    const sends: Promise<unknown>[] = []
    for (const value of numbers(60)) {
      sends.push(producer.send('t', { value }))
      await world.run(1)
    }
    await world.settle(Promise.all(sends))
    expect(logOf(cluster)).toEqual(numbers(60))
    expect(n).toBeGreaterThan(3)
  })

  it('stays in order when one batch is refused for a while and the ones behind it are not', async () => {
    const { world, cluster, producer } = start()
    cluster.create('t')
    await world.settle(producer.send('t', { value: 'first' }))
    let refusals = 3
    cluster.on('Produce', (call) =>
      headersOf(call)[0].baseSequence === 1 && refusals-- > 0 ? answerAll(call, ErrorCode.NOT_ENOUGH_REPLICAS) : undefined,
    )
    const sends: Promise<unknown>[] = []
    for (const value of numbers(20)) {
      sends.push(producer.send('t', { value }))
      await world.run(1)
    }
    await world.settle(Promise.all(sends))
    expect(logOf(cluster)).toEqual(['first', ...numbers(20)])
  })

  it('follows the leader, in order', async () => {
    const { world, cluster, producer } = start({}, 3)
    cluster.create('t')
    const sends: Promise<unknown>[] = []
    for (const value of numbers(60)) {
      sends.push(producer.send('t', { value }))
      await world.run(3)
      if (Number(value) % 10 === 5) cluster.moveLeader('t', 0, 1 + ((Number(value) / 5) % 3))
    }
    await world.settle(Promise.all(sends))
    expect(logOf(cluster)).toEqual(numbers(60))
  })

  it('is given up after deliveryTimeoutMs, with the reason and the doubt', async () => {
    const { world, cluster, producer } = start({ deliveryTimeoutMs: 5_000 })
    cluster.create('t')
    cluster.on('Produce', (call) => answerAll(call, ErrorCode.NOT_ENOUGH_REPLICAS))
    const error = await world.fails(producer.send('t', { value: 'a' }))
    expect(error).toMatchObject({ code: 'DELIVERY_TIMED_OUT', topic: 't', partition: 0, cause: { code: 'NOT_ENOUGH_REPLICAS' } })
    expect(error.message).toMatch(/within 5000 ms.*NOT_ENOUGH_REPLICAS.*may have been written/)
    expect(cluster.callsOf('Produce').length).toBeLessThan(40)
  })

  it('does not hold up other partitions', async () => {
    const { world, cluster, producer } = start()
    cluster.create('t', 2)
    cluster.partition('t', 0).leader = -1
    const stuck = producer.send('t', { value: 'a', partition: 0 })
    stuck.catch(() => {})
    await world.settle(producer.send('t', { value: 'b', partition: 1 }), 1_000)
    cluster.partition('t', 0).leader = 1
    cluster.partition('t', 0).epoch++
    await world.settle(stuck)
  })

  it('without idempotence: one batch of a partition at a time, so order holds', async () => {
    const { world, cluster, producer } = start({ idempotent: false })
    cluster.create('t')
    await world.settle(producer.send('t', { value: 'first' }))
    let n = 0
    cluster.on('Produce', (call) => (++n % 2 === 1 ? answerAll(call, ErrorCode.NOT_ENOUGH_REPLICAS) : undefined))
    const sends: Promise<unknown>[] = []
    for (const value of numbers(20)) {
      sends.push(producer.send('t', { value }))
      await world.run(1)
    }
    await world.settle(Promise.all(sends))
    expect(logOf(cluster)).toEqual(['first', ...numbers(20)])
    expect(cluster.callsOf('InitProducerId')).toEqual([])
  })
})

describe('the numbers of an idempotent producer', () => {
  it('go on across batches, and begin with the id that a broker gave', async () => {
    const { world, cluster, producer } = start()
    cluster.create('t')
    await world.settle(producer.send('t', [{ value: 'a' }, { value: 'b' }]))
    await world.settle(producer.send('t', { value: 'c' }))
    const headers = cluster.callsOf('Produce').flatMap(headersOf)
    expect(headers.map((h: any) => [h.producerId, h.producerEpoch, h.baseSequence])).toEqual([
      [1000n, 0, 0],
      [1000n, 0, 2],
    ])
  })

  it('begin anew under the next epoch when the broker lost the tail of the log (KIP-360)', async () => {
    const { world, cluster, producer } = start()
    cluster.create('t')
    await world.settle(producer.send('t', { value: 'a' }))
    await world.settle(producer.send('t', { value: 'b' }))
    const p = cluster.partition('t')
    p.batches.pop()
    p.end = 1
    for (const s of p.sequences.values()) {
      s.next = 1
      s.recent.delete(1)
    }
    const sent = await world.settle(Promise.all(['c', 'd', 'e'].map((value) => producer.send('t', { value }))))
    expect(sent.map((r) => r.offset)).toEqual([1, 2, 3])
    expect(logOf(cluster)).toEqual(['a', 'c', 'd', 'e'])
    expect([...p.sequences.values()][0]?.epoch).toBe(1)
  })

  it('begin anew when the broker forgot the producer (UNKNOWN_PRODUCER_ID), in order, with five batches in flight', async () => {
    const { world, cluster, producer } = start()
    cluster.create('t')
    await world.settle(producer.send('t', { value: 'first' }))
    cluster.on('Produce', (call) => (headersOf(call)[0].producerEpoch === 0 ? answerAll(call, ErrorCode.UNKNOWN_PRODUCER_ID) : undefined))
    const sends: Promise<unknown>[] = []
    for (const value of numbers(10)) {
      sends.push(producer.send('t', { value }))
      await Promise.resolve()
      await world.run(0)
    }
    await world.settle(Promise.all(sends))
    expect(logOf(cluster)).toEqual(['first', ...numbers(10)])
  })

  it('of other partitions go on as they are while one begins anew', async () => {
    const { world, cluster, producer } = start()
    cluster.create('t', 2)
    const both = () => world.settle(Promise.all([0, 1].map((partition) => producer.send('t', { value: 'x', partition }))))
    await both()
    cluster.partition('t', 0).sequences.get(1000n)!.next = 99
    await both()
    await both()
    expect([logOf(cluster, 't', 0).length, logOf(cluster, 't', 1).length]).toEqual([3, 3])
  })

  it('the first batch goes alone until it is acknowledged: a broker that does not know the producer takes any sequence number first (trap 18)', async () => {
    const { world, cluster, producer } = start()
    cluster.create('t', 2)
    await world.settle(producer.send('t', { value: 'elsewhere', partition: 1 }))
    let refusals = 1
    cluster.on('Produce', (call) => (refusals-- > 0 ? answerAll(call, ErrorCode.NOT_ENOUGH_REPLICAS) : undefined))
    const sends: Promise<unknown>[] = []
    for (const value of numbers(10)) {
      sends.push(producer.send('t', { value, partition: 0 }))
      await world.run(0)
    }
    await world.settle(Promise.all(sends))
    expect(logOf(cluster)).toEqual(numbers(10))
  })

  it('a batch that expired in doubt leaves no duplicate and no gap behind', async () => {
    const { world, cluster, producer } = start({ deliveryTimeoutMs: 3_000 })
    cluster.create('t')
    await world.settle(producer.send('t', { value: 'first' }))
    let lost = true
    cluster.on('Produce', async (_call, next) => {
      if (!lost) return undefined
      await next() // it is written, and nobody hears of it
      return 'close'
    })
    const error = await world.fails(producer.send('t', { value: 'doubtful' }))
    expect(error.code).toBe('DELIVERY_TIMED_OUT')
    lost = false
    await world.settle(producer.send('t', { value: 'after' }))
    expect(logOf(cluster)).toEqual(['first', 'doubtful', 'after'])
  })

  it('a batch that is refused gives its numbers back', async () => {
    const { world, cluster, producer } = start()
    cluster.create('t')
    await world.settle(producer.send('t', { value: 'a' }))
    cluster.once('Produce', (call) =>
      answerAll(call, ErrorCode.INVALID_RECORD, {
        recordErrors: [{ batchIndex: 1, batchIndexErrorMessage: 'no key' }],
        errorMessage: 'one is bad',
      }),
    )
    const outcomes = ['x', 'y'].map((value) => world.fails(producer.send('t', { value })))
    const [x, y] = await Promise.all([outcomes[0]!, outcomes[1]!])
    expect(x.message).toMatch(/another record/)
    expect(y).toMatchObject({ code: 'INVALID_RECORD', message: expect.stringContaining('no key') })
    await world.settle(producer.send('t', { value: 'b' }))
    expect(cluster.callsOf('Produce')).toHaveLength(3)
    expect(logOf(cluster)).toEqual(['a', 'b'])
  })

  it('a duplicate that the broker only counts is acknowledged, without an offset', async () => {
    const { world, cluster, producer } = start()
    cluster.create('t')
    cluster.once('Produce', (call) => answerAll(call, ErrorCode.DUPLICATE_SEQUENCE_NUMBER))
    expect(await world.settle(producer.send('t', { value: 'a' }))).toMatchObject({ offset: -1 })
  })

  it('are asked for until a broker gives them', async () => {
    const { world, cluster, producer } = start()
    cluster.create('t')
    cluster.once('InitProducerId', () => 'close')
    cluster.once('InitProducerId', () => ({ errorCode: ErrorCode.COORDINATOR_LOAD_IN_PROGRESS, producerEpoch: 0 }))
    await world.settle(producer.send('t', { value: 'a' }))
    expect(cluster.callsOf('InitProducerId')).toHaveLength(3)
  })

  it('that no broker will give: the reason', async () => {
    const { world, cluster, producer } = start()
    cluster.create('t')
    cluster.on('InitProducerId', () => ({ errorCode: ErrorCode.CLUSTER_AUTHORIZATION_FAILED, producerEpoch: -1 }))
    const error = await world.fails(producer.send('t', { value: 'a' }))
    expect(error).toMatchObject({ code: 'CLUSTER_AUTHORIZATION_FAILED', message: expect.stringContaining('idempotent: false') })
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
