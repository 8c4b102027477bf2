import { buildBatch, crc32c, ErrorCode } from '@tidemark/protocol'
import { describe, expect, it } from 'vitest'
import { createKafka } from '../kafka.ts'
import type { Message } from '../messages/message.ts'
import { FakeCluster } from '../testing/cluster.case.ts'
import { World } from '../testing/world.case.ts'
import { read } from './read.ts'
import type { ReadOptions } from './types.ts'

const batch = (values: string[], timestampMs = 1): Buffer =>
  buildBatch(values.map((v) => ({ key: null, value: Buffer.from(v), timestampMs })))

function marker(): Buffer {
  const bytes = Buffer.from(buildBatch([{ key: Buffer.from([0, 0, 0, 1]), value: Buffer.alloc(6), timestampMs: 1 }]))
  bytes.writeInt16BE(0x30, 21)
  bytes.writeUInt32BE(crc32c(bytes.subarray(21)), 17)
  return bytes
}

function start(partitions = 1, nodes = 1) {
  const world = new World()
  const cluster = new FakeCluster(world, nodes)
  const kafka = createKafka({ brokers: cluster.brokers, platform: world.platform, metadataMaxAgeMs: 5_000 })
  cluster.create('t', partitions)
  const all = (options: ReadOptions) => world.settle(collect(read(kafka, 't', options)))
  return { world, cluster, kafka, all }
}

async function collect(messages: AsyncIterable<Message>): Promise<string[]> {
  const out: string[] = []
  for await (const m of messages) out.push(String(m.value))
  return out
}

describe('reading to the end', () => {
  it('yields everything that was there when it began, and ends', async () => {
    const { cluster, all } = start(3, 2)
    for (let i = 0; i < 30; i++) cluster.append('t', i % 3, batch([`${i}`]))
    expect((await all({ to: 'end' })).map(Number).sort((a, b) => a - b)).toEqual(Array.from({ length: 30 }, (_, i) => i))
  })

  it('of an empty topic ends at once, without a Fetch', async () => {
    const { cluster, all } = start(3)
    expect(await all({ to: 'end' })).toEqual([])
    expect(cluster.callsOf('Fetch')).toEqual([])
  })

  it('leaves out what came after it began', async () => {
    const { world, cluster, kafka } = start()
    cluster.append('t', 0, batch(['a', 'b']))
    const messages = read(kafka, 't', { to: 'end' })
    expect(String((await world.settle(messages.next())).value!.value)).toBe('a')
    cluster.append('t', 0, batch(['c']))
    expect(await world.settle(collect(messages))).toEqual(['b'])
  })

  it('ends by position: behind a marker, and where compaction took the last records of a batch', async () => {
    const { cluster, all } = start()
    cluster.append('t', 0, batch(['a']))
    cluster.append('t', 0, marker())
    expect(await all({ to: 'end' })).toEqual(['a'])
    const thin = batch(['b'])
    thin.writeInt32BE(5, 23)
    thin.writeUInt32BE(crc32c(thin.subarray(21)), 17)
    cluster.append('t', 0, thin)
    expect(await all({ to: 'end' })).toEqual(['a', 'b'])
  })

  it('means the last stable offset for readers of committed records', async () => {
    const { cluster, all } = start()
    cluster.append('t', 0, batch(['a']))
    await all({ to: 'end', isolation: 'read_committed' })
    expect(cluster.callsOf('ListOffsets').every((c) => c.body.isolationLevel === 1)).toBe(true)
    expect(cluster.callsOf('Fetch').every((c) => c.body.isolationLevel === 1)).toBe(true)
  })
})

describe('bounds', () => {
  it('by offset: from inclusive, to exclusive', async () => {
    const { cluster, all } = start()
    cluster.append('t', 0, batch(['0', '1', '2']))
    cluster.append('t', 0, batch(['3', '4', '5']))
    expect(await all({ from: 1, to: 4 })).toEqual(['1', '2', '3'])
    expect(await all({ from: 4, to: 4 })).toEqual([])
    expect(await all({ from: 5, to: 2 })).toEqual([])
  })

  it('by time: the first record at or after it', async () => {
    const { cluster, all } = start()
    for (let i = 0; i < 5; i++) cluster.append('t', 0, batch([`${i}`], 1000 + i * 100))
    expect(await all({ from: new Date(1100), to: new Date(1300) })).toEqual(['1', '2'])
    expect(await all({ from: new Date(1350), to: 'end' })).toEqual(['4'])
    expect(await all({ from: new Date(9999), to: 'end' })).toEqual([])
    expect(await all({ from: new Date(1300), to: new Date(9999) })).toEqual(['3', '4'])
  })

  it('by partition: only those that are named are read', async () => {
    const { cluster, all } = start(3)
    for (let p = 0; p < 3; p++) cluster.append('t', p, batch([`${p}a`, `${p}b`]))
    expect((await all({ from: { 0: 1, 2: 0 }, to: 'end' })).sort()).toEqual(['0b', '2a', '2b'])
    expect(await all({ partitions: [1], to: 'end' })).toEqual(['1a', '1b'])
    expect((await all({ to: { 0: 1, 2: 2 } })).sort()).toEqual(['0a', '2a', '2b'])
    expect(await all({ from: { 0: 1, 1: 0 }, to: { 0: 2, 2: 1 } })).toEqual(['0b'])
  })

  it('from the latest on: only what comes', async () => {
    const { world, cluster, kafka } = start()
    cluster.append('t', 0, batch(['old']))
    const messages = read(kafka, 't', { from: 'latest' })
    const first = messages.next()
    await world.run(100)
    cluster.append('t', 0, batch(['new']))
    expect(String((await world.settle(first)).value!.value)).toBe('new')
    await messages.return!()
  })

  it('that make no sense are refused', async () => {
    const { world, kafka } = start()
    for (const options of [
      { from: -1 },
      { from: 1.5 },
      { from: Number.NaN },
      { from: new Date(-1) },
      { from: new Date('0001-01-01') },
      { from: new Date(Number.NaN) },
      { from: 'end' },
      { from: null },
      { from: {} },
      { from: { 0: -2 } },
      { from: { '-1': 0 } },
      { from: { 0: 1 }, partitions: [1] },
      { to: -1 },
      { to: {} },
      { to: { 0: -1 } },
      { to: { 0: 1 }, partitions: [0, 1] },
      { to: 'latest' },
      { to: new Date(-2) },
      { partitions: [-1] },
      { partitions: ['0'] },
      { partitions: 0 },
      { isolation: 'READ_COMMITTED' },
      { bufferBytesMax: 0 },
      { checkCrc: 'no' },
      { fromBeginning: true },
      { group: 'g' },
    ]) {
      expect(() => read(kafka, 't', options as never), JSON.stringify(options)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
    }
    expect(() => read(kafka, 't', { from: '2' as never })).toThrow(
      `option 'from' is "2"; it must be 'earliest', 'latest', a Date, an offset, or an object of offsets by partition`,
    )
    expect(() => read(kafka, { topic: 't' } as never)).toThrow('the name of the topic is an object')
    expect(() => read(kafka, '' as never)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }))
    expect(() => read(kafka, undefined as never)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }))
    expect(await world.fails(read(kafka, 't', { partitions: [5] }).next())).toMatchObject({ code: 'UNKNOWN_PARTITION' })
    expect(await world.fails(read(kafka, 'nope', {}).next())).toMatchObject({ code: 'UNKNOWN_TOPIC', topic: 'nope' })
  })
})

describe('following', () => {
  it('goes on for ever, into partitions that are added', async () => {
    const { world, cluster, kafka } = start()
    cluster.append('t', 0, batch(['a']))
    const messages = read(kafka, 't')
    expect(String((await world.settle(messages.next())).value!.value)).toBe('a')
    const next = messages.next()
    await world.run(1_000)
    const { partitions } = cluster.topics.get('t')!
    partitions.push({
      ...structuredClone({ ...partitions[0]!, sequences: undefined }),
      sequences: new Map(),
      start: 0,
      end: 0,
      batches: [],
      epochs: [[0, 0]],
    })
    cluster.append('t', 1, batch(['in the new one']))
    const { value } = await world.settle(next)
    expect([value!.partition, String(value!.value)]).toEqual([1, 'in the new one'])
    await messages.return!()
  })
})

describe('the end of the loop', () => {
  const open = (world: World) => world.connections.filter((c) => !c.closed).length

  it('left early frees everything', async () => {
    const { world, cluster, kafka } = start()
    for (let i = 0; i < 10; i++) cluster.append('t', 0, batch([`${i}`]))
    const loop = async (): Promise<string> => {
      for await (const m of read(kafka, 't')) return String(m.value)
      return ''
    }
    expect(await world.settle(loop())).toBe('0')
    await world.run(1_000)
    expect(open(world)).toBe(1)
    const fetches = cluster.callsOf('Fetch').length
    await world.run(60_000)
    expect(cluster.callsOf('Fetch')).toHaveLength(fetches)
  })

  it('by the signal: ABORTED, also while nothing comes', async () => {
    const { world, kafka } = start()
    const stop = new AbortController()
    const loop = world.fails(collect(read(kafka, 't', { signal: stop.signal })))
    await world.run(1_000)
    stop.abort()
    expect(await loop).toMatchObject({ code: 'ABORTED' })
    await world.run(1_000)
    expect(open(world)).toBe(1)
    expect(await world.fails(read(kafka, 't', { signal: stop.signal }).next())).toMatchObject({ code: 'ABORTED' })
  })

  it('by an offset that is gone: what was read before comes, then OFFSET_OUT_OF_RANGE; nothing is skipped in silence', async () => {
    const { world, cluster, kafka } = start()
    cluster.append('t', 0, batch(['a']))
    const messages = read(kafka, 't')
    expect(String((await world.settle(messages.next())).value!.value)).toBe('a')
    cluster.on('Fetch', async (_call, next) => {
      const reply = await next()
      Object.assign(reply.responses[0].partitions[0], {
        errorCode: ErrorCode.OFFSET_OUT_OF_RANGE,
        logStartOffset: 7,
        highWatermark: 9,
        records: Buffer.alloc(0),
      })
      return reply
    })
    const error = await world.fails(messages.next())
    expect(error).toMatchObject({ code: 'OFFSET_OUT_OF_RANGE', topic: 't', partition: 0, offset: 1 })
    expect(error.message).toMatch(/the log has 7 to 9/)
    expect(await messages.next()).toEqual({ value: undefined, done: true })
  })

  it('several calls of next() at once are answered in order', async () => {
    const { world, cluster, kafka } = start()
    const messages = read(kafka, 't', { to: 3 })
    const results = Promise.all([messages.next(), messages.next(), messages.next(), messages.next(), messages.next()])
    await world.run(10)
    cluster.append('t', 0, batch(['a', 'b', 'c']))
    expect((await world.settle(results)).map((r) => (r.done ? 'done' : String(r.value.value)))).toEqual(['a', 'b', 'c', 'done', 'done'])
  })

  it('holds no more than bufferBytesMax while nobody reads', async () => {
    const { world, cluster, kafka } = start()
    for (let i = 0; i < 100; i++) cluster.append('t', 0, batch(['x'.repeat(10_000)]))
    const messages = read(kafka, 't', { to: 'end', bufferBytesMax: 80_000 })
    await world.settle(messages.next())
    await world.run(10_000)
    expect(cluster.callsOf('Fetch').length).toBeLessThan(8)
    expect(await world.settle(collect(messages))).toHaveLength(99)
  })
})
