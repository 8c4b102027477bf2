import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { cpSync, mkdirSync, readdirSync } from 'node:fs'
import { nodePlatform } from '@tidemark/platform'
import {
  apis,
  batchesIn,
  buildBatch,
  crc32c,
  ErrorCode,
  encodeRequest,
  errorOf,
  RecordCursor,
  readBatchHeader,
  uuidFromText,
  ZERO_UUID,
} from '@tidemark/protocol'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type Broker, startBroker } from './broker.ts'
import type { StartOptions } from './options.ts'
import { type BatchWish, batchOf, ManualClock, RawClient, slowDisk, spiedDisk, temporaryFolder, text } from './testing/index.ts'

async function start(options: Partial<StartOptions> = {}): Promise<Broker> {
  const broker = await startBroker({ data: ':memory:', ...options })
  onTestFinished(() => broker.close().catch(() => {}))
  return broker
}

async function connect(broker: Broker): Promise<RawClient> {
  const client = await RawClient.connect(broker)
  onTestFinished(() => client.end())
  return client
}

async function setUp(options: Partial<StartOptions> = {}): Promise<{ broker: Broker; client: RawClient }> {
  const broker = await start(options)
  return { broker, client: await connect(broker) }
}

const folder = (): string => temporaryFolder(onTestFinished)
const nameOf = (code: number): string => errorOf(code).name

async function create(client: RawClient, name: string, configs: Record<string, string> = {}, numPartitions = 1): Promise<string> {
  const topic = {
    name,
    numPartitions,
    replicationFactor: 1,
    assignments: [],
    configs: Object.entries(configs).map(([key, value]) => ({ name: key, value })),
  }
  const { topics } = await client.call(apis.CreateTopics, 7, { topics: [topic] })
  expect(nameOf(topics[0]!.errorCode)).toBe('NONE')
  return topics[0]!.topicId
}

interface ProduceWish {
  readonly version?: number
  readonly acks?: number
  readonly topicId?: string
  readonly partition?: number
}

function produceRequest(topic: string, records: Uint8Array, { acks = -1, topicId = ZERO_UUID, partition = 0 }: ProduceWish = {}) {
  return { acks, timeoutMs: 1000, topicData: [{ name: topic, topicId, partitionData: [{ index: partition, records }] }] }
}

async function produce(client: RawClient, topic: string, wish: BatchWish | Buffer = {}, how: ProduceWish = {}) {
  const records = Buffer.isBuffer(wish) ? wish : batchOf(wish)
  const { responses } = await client.call(apis.Produce, how.version ?? 9, produceRequest(topic, records, how))
  const [answer] = responses[0]!.partitionResponses
  return { ...answer!, error: nameOf(answer!.errorCode) }
}

interface FetchWish {
  readonly version?: number
  readonly topicId?: string
  readonly partition?: number
  readonly maxWaitMs?: number
  readonly minBytes?: number
  readonly maxBytes?: number
  readonly partitionMaxBytes?: number
  readonly currentLeaderEpoch?: number
  readonly lastFetchedEpoch?: number
}

function fetchRequest(topic: string, fetchOffset: number, wish: FetchWish = {}) {
  const { topicId = ZERO_UUID, partition = 0, maxWaitMs = 0, minBytes = 1, maxBytes = 1e6, partitionMaxBytes = 1e6, ...epochs } = wish
  return {
    maxWaitMs,
    minBytes,
    maxBytes,
    topics: [{ topic, topicId, partitions: [{ partition, fetchOffset, partitionMaxBytes, ...epochs }] }],
  }
}

async function fetch(client: RawClient, topic: string, fetchOffset: number, { version = 12, ...wish }: FetchWish = {}) {
  const { responses } = await client.call(apis.Fetch, version, fetchRequest(topic, fetchOffset, wish))
  const [answer] = responses[0]!.partitions
  return { ...answer!, error: nameOf(answer!.errorCode), offsets: baseOffsets(answer!.records) }
}

const baseOffsets = (records: Buffer | null): number[] => (records === null ? [] : [...batchesIn(records)].map((b) => b.header.baseOffset))

async function offsetAt(client: RawClient, topic: string, timestamp: number, version = 9) {
  const request = { replicaId: -1, topics: [{ name: topic, partitions: [{ partitionIndex: 0, timestamp, maxNumOffsets: 10 }] }] }
  const { topics } = await client.call(apis.ListOffsets, version, request)
  const [answer] = topics[0]!.partitions
  return { ...answer!, error: nameOf(answer!.errorCode) }
}

const metadataOf = (client: RawClient, names: string[] | null, version = 12, allowAutoTopicCreation = false) =>
  client.call(apis.Metadata, version, { topics: names?.map((name) => ({ name })) ?? null, allowAutoTopicCreation })

/** The batch after an edit, with a CRC that is right again. */
function edited(batch: Buffer, edit: (batch: Buffer) => void): Buffer {
  edit(batch)
  batch.writeUInt32BE(crc32c(batch.subarray(21)), 17)
  return batch
}

/** A frame as bytes: API key, version, correlation id, and whatever follows. */
function rawFrame(apiKey: number, version: number, ...rest: number[]): Buffer {
  const frame = Buffer.alloc(12 + rest.length)
  frame.writeInt32BE(8 + rest.length, 0)
  frame.writeInt16BE(apiKey, 4)
  frame.writeInt16BE(version, 6)
  frame.writeInt32BE(99, 8)
  Buffer.from(rest).copy(frame, 12)
  return frame
}

function notables(): { readonly kind: string }[] {
  const seen: { readonly kind: string }[] = []
  const listen = (message: unknown): void => void seen.push(message as { kind: string })
  subscribe('tidemark:broker', listen)
  onTestFinished(() => void unsubscribe('tidemark:broker', listen))
  return seen
}

describe('handshake and framing', () => {
  const software = { clientSoftwareName: 'raw', clientSoftwareVersion: '1.0' }

  test('trap 1: the header of an ApiVersions answer has no tags, in any version', async () => {
    const { client } = await setUp()
    for (const version of [0, 1, 2, 3, 4]) {
      const frame = await client.send(apis.ApiVersions, version, software)
      // Behind the correlation id comes the error code at once.
      expect(frame.readInt16BE(4)).toBe(0)
    }
  })

  test('trap 2: ApiVersions in an unknown version is answered in version 0, with its own range', async () => {
    const { client } = await setUp()
    client.raw(rawFrame(18, 9, 1, 2, 3))
    await expect.poll(() => client.frames.length).toBe(1)
    const frame = client.frames[0]!
    expect([frame.readInt32BE(0), frame.readInt16BE(4), frame.readInt32BE(6)]).toEqual([99, 35, 1])
    expect([frame.readInt16BE(10), frame.readInt16BE(12), frame.readInt16BE(14), frame.length]).toEqual([18, 0, 4, 16])
    expect((await client.call(apis.ApiVersions, 3, software)).errorCode).toBe(0)
  })

  test('trap 3, 5: what is advertised is served, from the versions that old clients look for; no feature with lowest version 0', async () => {
    const { client } = await setUp()
    const { apiKeys, supportedFeatures } = await client.call(apis.ApiVersions, 3, software)
    const ranges = Object.fromEntries(apiKeys.map((a) => [a.apiKey, [a.minVersion, a.maxVersion]]))
    expect(ranges).toMatchObject({
      0: [0, 13],
      1: [4, 18],
      2: [0, 11],
      3: [0, 13],
      18: [0, 4],
      19: [0, 7],
      20: [0, 6],
      22: [0, 5],
      23: [0, 4],
      10: [0, 6],
      11: [0, 9],
    })
    expect(supportedFeatures).toEqual([])
  })

  test('trap 4: the name of a client’s software is checked from version 3 on', async () => {
    const { client } = await setUp()
    for (const clientSoftwareName of ['', '-x', 'x-', 'a b']) {
      expect((await client.call(apis.ApiVersions, 3, { ...software, clientSoftwareName })).errorCode).toBe(ErrorCode.INVALID_REQUEST)
    }
    expect((await client.call(apis.ApiVersions, 2, { clientSoftwareName: '' })).errorCode).toBe(0)
  })

  test('trap 7: an unknown API, an unserved version, damage and a frame too large close the connection, and nothing else', async () => {
    const { broker, client } = await setUp({ frameBytesMax: 10_000 })
    const seen = notables()
    const large = Buffer.alloc(4)
    large.writeInt32BE(10_001)
    const damaged = [
      rawFrame(999, 0),
      rawFrame(-1, 0),
      rawFrame(3, 99),
      rawFrame(0, 2),
      rawFrame(3, 12, 0xff, 0xff, 0xff),
      rawFrame(1, 12, 0, 3, 1, 2, 3, 0, 0x7f, 0xff, 0xff, 0xff),
      large,
      Buffer.from('GET / HTTP/1.1\r\n\r\n'),
      Buffer.from([0, 0, 0, 0]),
      Buffer.from([0, 0, 0, 3, 1, 2, 3]),
    ]
    for (const bytes of damaged) {
      const bad = await connect(broker)
      bad.raw(bytes)
      await bad.closed
      expect(bad.frames).toEqual([])
    }
    expect(seen.filter((n) => n.kind === 'refused')).toHaveLength(damaged.length)
    expect((await metadataOf(client, null)).brokers).toHaveLength(1)
  })

  test('trap 7: the end of a request is damaged at each byte, and the broker lives', async () => {
    const { broker } = await setUp()
    const frame = Buffer.concat(encodeRequest(apis.Produce, 9, 1, 'raw', produceRequest('nowhere', batchOf())))
    for (let at = 4; at < frame.length; at += 3) {
      const bad = await RawClient.connect(broker)
      const changed = Buffer.from(frame)
      changed[at]! ^= 0xff
      bad.raw(changed)
      bad.end()
    }
    expect((await metadataOf(await connect(broker), null)).brokers).toHaveLength(1)
  })

  test('trap 8: unknown tags are skipped, in the header and in the body', async () => {
    const { client } = await setUp()
    const name = [0, 3, 114, 97, 119]
    const tags = [1, 0x20, 2, 7, 7]
    client.raw(rawFrame(3, 12, ...name, ...tags, 1, 0, 0, ...tags))
    await expect.poll(() => client.frames.length).toBe(1)
  })

  test('trap 9: answers come in the order of the requests, a parked Fetch holds back what comes after it', async () => {
    const { client } = await setUp()
    await create(client, 't')
    client.order.length = 0
    const parked = client.call(apis.Fetch, 12, fetchRequest('t', 0, { maxWaitMs: 30 }))
    const first = client.call(apis.Metadata, 12, { topics: [] })
    const second = client.call(apis.Produce, 9, produceRequest('t', batchOf()))
    await Promise.all([parked, first, second])
    expect(client.order).toEqual([...client.order].sort((a, b) => a - b))
    expect(baseOffsets((await parked).responses[0]!.partitions[0]!.records)).toEqual([])
  })

  test('trap 9: acks=0 is not answered; on an error the connection is closed', async () => {
    const { client } = await setUp()
    await create(client, 't')
    void client.send(apis.Produce, 9, produceRequest('t', batchOf(), { acks: 0 }))
    const { offset } = await offsetAt(client, 't', -1)
    expect([offset, client.order.length]).toEqual([1, 2])
    void client.send(apis.Produce, 9, produceRequest('nowhere', batchOf(), { acks: 0 }))
    await client.closed
  })

  test('trap 10: null is all topics and empty is none; in version 0 empty is all', async () => {
    const { client } = await setUp()
    await create(client, 'a')
    await create(client, 'b')
    const names = async (topics: string[] | null, version: number): Promise<(string | null)[]> =>
      (await metadataOf(client, topics, version)).topics.map((t) => t.name)
    expect(await names(null, 12)).toEqual(['a', 'b'])
    expect(await names(null, 1)).toEqual(['a', 'b'])
    expect(await names([], 12)).toEqual([])
    expect(await names([], 0)).toEqual(['a', 'b'])
  })

  test('trap 10: records of a Fetch are empty, never null', async () => {
    const { client } = await setUp()
    await create(client, 't')
    for (const version of [4, 11, 12]) expect((await fetch(client, 't', 0, { version })).records).toEqual(Buffer.alloc(0))
    expect((await fetch(client, 'nowhere', 0)).records).toEqual(Buffer.alloc(0))
  })

  test('trap 12: the address is the one that was bound, or the one that is advertised', async () => {
    const { broker, client } = await setUp()
    expect((await metadataOf(client, [])).brokers).toEqual([expect.objectContaining({ nodeId: 1, host: '127.0.0.1', port: broker.port })])
    const other = await setUp({ listen: { host: '0.0.0.0' }, advertised: { port: 4711 }, nodeId: 7 })
    expect(other.broker.brokers).toEqual(['127.0.0.1:4711'])
    expect((await metadataOf(other.client, [])).brokers).toEqual([expect.objectContaining({ nodeId: 7, host: '127.0.0.1', port: 4711 })])
  })

  test('a client that does not read is held back: the broker keeps no more than its limit for it', async () => {
    const { broker, client } = await setUp({ outputBufferBytesMax: 100_000 })
    await create(client, 't')
    await produce(client, 't', { values: ['x'.repeat(900_000)] })
    const lazy = await connect(broker)
    lazy.pause()
    const before = process.memoryUsage().arrayBuffers
    const asked = Array.from({ length: 200 }, () => lazy.call(apis.Fetch, 12, fetchRequest('t', 0)))
    // Others are served meanwhile.
    for (let i = 0; i < 20; i++) await produce(client, 't')
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(100e6)
    lazy.resume()
    const answers = await Promise.all(asked)
    expect(answers.every((a) => a.responses[0]!.partitions[0]!.records!.length > 900_000)).toBe(true)
  })

  test('connections beyond the limit are closed', async () => {
    const { broker, client } = await setUp({ connectionsMax: 2 })
    const second = await connect(broker)
    await metadataOf(second, [])
    await (await connect(broker)).closed
    expect((await metadataOf(client, [])).brokers).toHaveLength(1)
  })
})

describe('produce', () => {
  test('trap 13: base offset and leader epoch are set, all else is stored as it came', async () => {
    const { client } = await setUp()
    await create(client, 't')
    await produce(client, 't', { values: ['a', 'b'] })
    const sent = batchOf({ values: ['c', 'd', 'e'], timesMs: [5, 6, 7] })
    expect(await produce(client, 't', Buffer.from(sent))).toMatchObject({
      error: 'NONE',
      baseOffset: 2,
      logStartOffset: 0,
      logAppendTimeMs: -1,
    })
    const { records } = await fetch(client, 't', 2)
    const header = readBatchHeader(records!)
    expect([header.baseOffset, header.leaderEpoch]).toEqual([2, 0])
    expect(records!.subarray(16)).toEqual(sent.subarray(16))
  })

  test('trap 13: bad batches are refused, and the text says why from version 8 on', async () => {
    const { client } = await setUp()
    await create(client, 't')
    const damaged = batchOf()
    damaged[damaged.length - 1]! ^= 1
    const answer = await produce(client, 't', damaged)
    expect(answer).toMatchObject({ error: 'CORRUPT_MESSAGE', baseOffset: -1 })
    expect(answer.errorMessage).toMatch(/CRC/)
    expect((await produce(client, 't', Buffer.concat([batchOf(), batchOf()]))).error).toBe('INVALID_RECORD')
    expect((await fetch(client, 't', 0)).highWatermark).toBe(0)
  })

  test('trap 14: max.message.bytes of the topic, min.insync.replicas, acks that do not exist', async () => {
    const { client } = await setUp({ messageBytesMax: 500 })
    await create(client, 'small')
    await create(client, 'large', { 'max.message.bytes': '5000' })
    await create(client, 'safe', { 'min.insync.replicas': '2' })
    const big = { values: ['x'.repeat(1000)] }
    expect((await produce(client, 'small', big)).error).toBe('MESSAGE_TOO_LARGE')
    expect((await produce(client, 'large', big)).error).toBe('NONE')
    expect((await produce(client, 'safe')).error).toBe('NOT_ENOUGH_REPLICAS')
    expect((await produce(client, 'safe', {}, { acks: 1 })).error).toBe('NONE')
    expect((await produce(client, 'small', {}, { acks: 2 })).error).toBe('INVALID_REQUIRED_ACKS')
  })

  test('trap 15: errors of single records', async () => {
    const { client } = await setUp()
    await create(client, 'c', { 'cleanup.policy': 'compact' })
    expect(await produce(client, 'c', { values: ['a', 'b'] })).toMatchObject({
      error: 'INVALID_RECORD',
      recordErrors: [{ batchIndex: 0 }, { batchIndex: 1 }],
    })
    expect((await produce(client, 'c', { key: 'k' })).error).toBe('NONE')
  })

  test('trap 16: a topic with LogAppendTime gets the broker’s time, in the batch and in the answer', async () => {
    const { client } = await setUp()
    await create(client, 't', { 'message.timestamp.type': 'LogAppendTime' })
    const before = Date.now()
    const { logAppendTimeMs } = await produce(client, 't', { values: ['a', 'b'], timesMs: [1, 2] })
    expect(logAppendTimeMs).toBeGreaterThanOrEqual(before)
    const { records } = await fetch(client, 't', 0)
    const header = readBatchHeader(records!)
    expect(crc32c(records!.subarray(21))).toBe(records!.readUInt32BE(17))
    const cursor = new RecordCursor(records!, header)
    while (cursor.next()) expect(cursor.timestampMs).toBe(logAppendTimeMs)
  })

  test('trap 17: compression.type of the topic', async () => {
    const { client } = await setUp()
    await create(client, 'zipped', { 'compression.type': 'gzip' })
    await create(client, 'plain', { 'compression.type': 'uncompressed' })
    const records = [{ key: text('k'), value: text('v'), timestampMs: 5, headers: [{ key: 'h', value: text('1') }] }]
    for (const [topic, bits] of [
      ['zipped', 1],
      ['plain', 0],
    ] as const) {
      const sent = buildBatch(records, {
        compression: topic === 'plain' ? 'gzip' : 'none',
        producerId: 3n,
        producerEpoch: 0,
        baseSequence: 0,
      })
      expect((await produce(client, topic, sent)).error).toBe('NONE')
      const { records: stored } = await fetch(client, topic, 0)
      const header = readBatchHeader(stored!)
      expect([header.attributes & 7, header.producerId]).toEqual([bits, 3n])
      const cursor = new RecordCursor(stored!, header)
      cursor.next()
      expect([cursor.key?.toString(), cursor.timestampMs, cursor.headers()[0]!.key]).toEqual(['k', 5, 'h'])
    }
  })

  test('trap 18: a duplicate is answered with the offset it got, a gap is out of order, an old epoch is fenced', async () => {
    const { client } = await setUp()
    await create(client, 't')
    const { producerId, producerEpoch } = await client.call(apis.InitProducerId, 4, { transactionalId: null, transactionTimeoutMs: 1 })
    const send = (baseSequence: number, epoch = producerEpoch) => produce(client, 't', { producerId, producerEpoch: epoch, baseSequence })
    for (let i = 0; i < 4; i++) expect((await send(i)).baseOffset).toBe(i)
    expect(await send(1)).toMatchObject({ error: 'NONE', baseOffset: 1 })
    expect((await send(6)).error).toBe('OUT_OF_ORDER_SEQUENCE_NUMBER')
    expect((await send(0, producerEpoch + 1)).baseOffset).toBe(4)
    expect((await send(4)).error).toBe('INVALID_PRODUCER_EPOCH')
  })

  test('trap 19: version 13 speaks of topics by id', async () => {
    const { client } = await setUp()
    const topicId = await create(client, 't')
    expect((await produce(client, '', {}, { version: 13, topicId })).error).toBe('NONE')
    expect((await produce(client, '', {}, { version: 13, topicId: 'f'.repeat(32) })).error).toBe('UNKNOWN_TOPIC_ID')
    expect((await produce(client, 't', {}, { partition: 5 })).error).toBe('UNKNOWN_TOPIC_OR_PARTITION')
    expect((await produce(client, 'nowhere')).error).toBe('UNKNOWN_TOPIC_OR_PARTITION')
  })

  test('every version from 3 to 13 is served', async () => {
    const { client } = await setUp()
    const topicId = await create(client, 't')
    for (let version = 3; version <= 13; version++)
      expect((await produce(client, 't', {}, { version, topicId })).baseOffset).toBe(version - 3)
  })

  test('memory beyond the limit is refused as a storage error, with one clear line, and the broker lives', async () => {
    const seen = notables()
    const { client } = await setUp({ memoryBytesMax: 20_000 })
    await create(client, 't')
    const big = { values: ['x'.repeat(9_000)] }
    expect((await produce(client, 't', big)).error).toBe('NONE')
    expect((await produce(client, 't', big)).error).toBe('NONE')
    const refused = await produce(client, 't', big)
    expect(refused.error).toBe('KAFKA_STORAGE_ERROR')
    expect(refused.errorMessage).toMatch(/memoryBytesMax/)
    await produce(client, 't', big)
    expect(seen.filter((n) => n.kind === 'memoryFull')).toHaveLength(1)
    expect((await fetch(client, 't', 0)).offsets).toEqual([0, 1])
  })
})

describe('fetch', () => {
  test('trap 20: the whole batch that holds the offset is returned', async () => {
    const { client } = await setUp()
    await create(client, 't')
    for (let i = 0; i < 3; i++) await produce(client, 't', { values: ['a', 'b', 'c'] })
    expect((await fetch(client, 't', 4)).offsets).toEqual([3, 6])
  })

  test('trap 21: the first batch is returned however large; a later partition is not', async () => {
    const { client } = await setUp()
    await create(client, 'a')
    await create(client, 'b')
    for (const topic of ['a', 'b']) await produce(client, topic, { values: ['x'.repeat(5000)] })
    const request = {
      ...fetchRequest('a', 0),
      maxBytes: 10,
      topics: ['a', 'b'].map((topic) => ({ topic, partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 10 }] })),
    }
    const once = async (): Promise<number[][]> => {
      const { responses } = await client.call(apis.Fetch, 12, request)
      return responses.map((r) => baseOffsets(r.partitions[0]!.records))
    }
    // And no partition starves: the next Fetch begins with the other one.
    expect([await once(), await once()]).toEqual([
      [[0], []],
      [[], [0]],
    ])
  })

  test('trap 22: a long poll is answered by the append that it waits for', async () => {
    const { broker, client } = await setUp()
    await create(client, 't')
    const waiting = await connect(broker)
    const polled = fetch(waiting, 't', 0, { maxWaitMs: 60_000 })
    await produce(client, 't', { values: ['a'] })
    expect((await polled).offsets).toEqual([0])
  })

  test('trap 22: it waits for min_bytes, counted over its partitions, and no longer than max_wait', async () => {
    const { broker, client } = await setUp()
    await create(client, 't')
    const waiting = await connect(broker)
    const size = batchOf().length
    const polled = fetch(waiting, 't', 0, { maxWaitMs: 60_000, minBytes: 3 * size })
    for (let i = 0; i < 3; i++) await produce(client, 't')
    expect((await polled).offsets).toEqual([0, 1, 2])
    expect((await fetch(waiting, 't', 0, { maxWaitMs: 20, minBytes: 1e6 })).offsets).toEqual([0, 1, 2])
    expect((await fetch(waiting, 't', 3, { maxWaitMs: 0, minBytes: 1e6 })).offsets).toEqual([])
  })

  test('trap 22: deletion of the topic wakes a long poll', async () => {
    const { broker, client } = await setUp()
    const topicId = await create(client, 't')
    const [byName, byId] = [await connect(broker), await connect(broker)]
    const polls = [fetch(byName, 't', 0, { maxWaitMs: 60_000 }), fetch(byId, '', 0, { version: 13, topicId, maxWaitMs: 60_000 })]
    await client.call(apis.DeleteTopics, 5, { topicNames: ['t'], timeoutMs: 1 })
    expect((await Promise.all(polls)).map((p) => p.error)).toEqual(['UNKNOWN_TOPIC_OR_PARTITION', 'UNKNOWN_TOPIC_ID'])
  })

  test('trap 23: at the end empty, beyond it and before the start out of range', async () => {
    const { client } = await setUp()
    await create(client, 't')
    await produce(client, 't', { values: ['a', 'b'] })
    expect(await fetch(client, 't', 2)).toMatchObject({
      error: 'NONE',
      offsets: [],
      highWatermark: 2,
      lastStableOffset: 2,
      logStartOffset: 0,
    })
    for (const offset of [3, -1])
      expect(await fetch(client, 't', offset)).toMatchObject({ error: 'OFFSET_OUT_OF_RANGE', highWatermark: -1 })
  })

  test('trap 23: an offset that no number can hold is out of range, and the connection lives', async () => {
    const { client } = await setUp()
    await create(client, 't')
    const frame = Buffer.concat(encodeRequest(apis.Fetch, 11, 77, 'raw', fetchRequest('t', 0x1234567)))
    const at = frame.indexOf(Buffer.from([0, 0, 0, 0, 0x01, 0x23, 0x45, 0x67]))
    frame.writeBigInt64BE(2n ** 63n - 1n, at)
    client.raw(frame)
    await expect.poll(() => client.order.at(-1)).toBe(77)
    expect((await fetch(client, 't', 0)).error).toBe('NONE')
  })

  test('trap 25: without transactions nothing was aborted', async () => {
    const { client } = await setUp()
    await create(client, 't')
    for (const [isolationLevel, aborted] of [
      [0, null],
      [1, []],
    ] as const) {
      const { responses } = await client.call(apis.Fetch, 11, { ...fetchRequest('t', 0), isolationLevel })
      expect(responses[0]!.partitions[0]!.abortedTransactions).toEqual(aborted)
    }
  })

  test('trap 26: a session is declined with id 0; an epoch of one that does not exist is an error', async () => {
    const { client } = await setUp()
    await create(client, 't')
    const ask = (sessionId: number, sessionEpoch: number) =>
      client.call(apis.Fetch, 12, { ...fetchRequest('t', 0), sessionId, sessionEpoch })
    expect(await ask(0, 0)).toMatchObject({ errorCode: 0, sessionId: 0 })
    expect(await ask(0, -1)).toMatchObject({ errorCode: 0, sessionId: 0 })
    expect((await ask(5, 3)).errorCode).toBe(ErrorCode.FETCH_SESSION_ID_NOT_FOUND)
    expect((await ask(0, 3)).errorCode).toBe(ErrorCode.INVALID_FETCH_SESSION_EPOCH)
  })

  test('trap 28: by topic id from version 13 on, and the id of a topic that was made again is unknown', async () => {
    const { client } = await setUp()
    const topicId = await create(client, 't')
    await produce(client, 't')
    for (const version of [13, 15, 18]) expect((await fetch(client, '', 0, { version, topicId })).offsets).toEqual([0])
    await client.call(apis.DeleteTopics, 6, { topics: [{ name: 't', topicId: ZERO_UUID }], timeoutMs: 1 })
    const again = await create(client, 't')
    expect(again).not.toBe(topicId)
    expect((await fetch(client, '', 0, { version: 13, topicId })).error).toBe('UNKNOWN_TOPIC_ID')
    expect((await fetch(client, '', 0, { version: 13, topicId: again })).highWatermark).toBe(0)
  })

  test('a parked Fetch lets go when its connection is gone', async () => {
    const clock = new ManualClock()
    const { broker, client } = await setUp({ platform: { ...nodePlatform, clock } })
    await create(client, 't')
    const gone = await connect(broker)
    const before = clock.pending
    void gone.send(apis.Fetch, 12, fetchRequest('t', 0, { maxWaitMs: 1000 }))
    await expect.poll(() => clock.pending).toBe(before + 1)
    gone.end()
    await gone.closed
    await expect.poll(() => clock.pending).toBe(before)
  })

  test('every version from 4 to 18 is served', async () => {
    const { client } = await setUp()
    const topicId = await create(client, 't')
    await produce(client, 't')
    for (let version = 4; version <= 18; version++) {
      expect([version, (await fetch(client, 't', 0, { version, topicId })).offsets]).toEqual([version, [0]])
    }
  })
})

describe('offsets', () => {
  test('trap 29: start, end, and the first record of a time, within a batch and out of order', async () => {
    const { client } = await setUp()
    await create(client, 't')
    const start = Date.now() - 100_000
    await produce(client, 't', { values: ['a', 'b', 'c'], timesMs: [start + 30, start + 10, start + 20] })
    await produce(client, 't', { values: ['d', 'e', 'f'], timesMs: [start + 5, start + 50, start + 40] })
    expect(await offsetAt(client, 't', -1)).toMatchObject({ offset: 6, timestamp: -1 })
    expect(await offsetAt(client, 't', -2)).toMatchObject({ offset: 0, timestamp: -1, leaderEpoch: 0 })
    expect(await offsetAt(client, 't', -3)).toMatchObject({ offset: 4, timestamp: start + 50 })
    expect(await offsetAt(client, 't', -4)).toMatchObject({ offset: 0 })
    expect(await offsetAt(client, 't', -5)).toMatchObject({ offset: -1, error: 'NONE' })
    expect(await offsetAt(client, 't', start)).toMatchObject({ offset: 0, timestamp: start + 30 })
    expect(await offsetAt(client, 't', start + 31)).toMatchObject({ offset: 4, timestamp: start + 50 })
    expect(await offsetAt(client, 't', start + 51)).toMatchObject({ offset: -1, timestamp: -1 })
    expect((await offsetAt(client, 't', -3, 6)).error).toBe('UNSUPPORTED_VERSION')
  })

  test('trap 29: times inside a compressed batch', async () => {
    const { client } = await setUp()
    await create(client, 't')
    const records = [10, 20, 30].map((timestampMs) => ({ key: null, value: text('v'), timestampMs }))
    await produce(client, 't', buildBatch(records, { compression: 'gzip' }))
    expect(await offsetAt(client, 't', 15)).toMatchObject({ offset: 1, timestamp: 20 })
  })

  test('trap 29: a compressed batch that cannot be opened is passed over', async () => {
    const { client } = await setUp()
    await create(client, 't')
    const broken = edited(buildBatch([{ key: null, value: text('v'), timestampMs: 50 }], { compression: 'gzip' }), (b) => b.fill(0xee, 61))
    expect((await produce(client, 't', broken)).error).toBe('NONE')
    await produce(client, 't', { timesMs: [60] })
    expect(await offsetAt(client, 't', 40)).toMatchObject({ offset: 1, timestamp: 60 })
  })

  test('trap 29: version 0 has an array of offsets', async () => {
    const { client } = await setUp()
    await create(client, 't')
    await produce(client, 't')
    expect((await offsetAt(client, 't', -1, 0)).oldStyleOffsets).toEqual([1, 0])
    expect((await offsetAt(client, 't', -2, 0)).oldStyleOffsets).toEqual([0])
  })

  test('trap 29: on a partition that is empty', async () => {
    const { client } = await setUp()
    await create(client, 't')
    for (const [timestamp, offset] of [
      [-1, 0],
      [-2, 0],
      [-3, -1],
      [5, -1],
    ] as const) {
      expect([timestamp, (await offsetAt(client, 't', timestamp)).offset]).toEqual([timestamp, offset])
    }
  })

  test('every version is served', async () => {
    const { client } = await setUp()
    await create(client, 't')
    for (let version = 0; version <= 11; version++) expect((await offsetAt(client, 't', -1, version)).error).toBe('NONE')
  })
})

describe('topics', () => {
  test('trap 43: a new topic is in the next Metadata, with a leader; auto-creation is a flag', async () => {
    const { client } = await setUp({ numPartitions: 3 })
    await create(client, 't', {}, 2)
    const { topics } = await metadataOf(client, ['t'])
    expect(topics[0]!.partitions.map((p) => [p.errorCode, p.leaderId, p.isrNodes])).toEqual([
      [0, 1, [1]],
      [0, 1, [1]],
    ])
    expect(nameOf((await metadataOf(client, ['auto'])).topics[0]!.errorCode)).toBe('UNKNOWN_TOPIC_OR_PARTITION')
    const made = (await metadataOf(client, ['auto'], 12, true)).topics[0]!
    expect([nameOf(made.errorCode), made.partitions.length]).toEqual(['NONE', 3])
    expect((await produce(client, 'auto')).error).toBe('NONE')
  })

  test('trap 42: names are checked on auto-creation too; where it is switched off nothing is made', async () => {
    const { client } = await setUp()
    expect(nameOf((await metadataOf(client, ['a b'], 12, true)).topics[0]!.errorCode)).toBe('INVALID_TOPIC_EXCEPTION')
    const off = await setUp({ autoCreateTopics: false })
    expect(nameOf((await metadataOf(off.client, ['auto'], 12, true)).topics[0]!.errorCode)).toBe('UNKNOWN_TOPIC_OR_PARTITION')
  })

  test('trap 42: validate only makes nothing; a name twice in one request is refused; settings are echoed', async () => {
    const { client } = await setUp()
    const topic = { name: 't', numPartitions: -1, replicationFactor: -1, assignments: [], configs: [{ name: 'retention.ms', value: '7' }] }
    const checked = await client.call(apis.CreateTopics, 5, { topics: [topic], validateOnly: true })
    expect(checked.topics[0]).toMatchObject({ errorCode: 0, numPartitions: 1, replicationFactor: 1 })
    expect(checked.topics[0]!.configs).toContainEqual(expect.objectContaining({ name: 'retention.ms', value: '7', configSource: 1 }))
    expect((await metadataOf(client, null)).topics).toEqual([])
    const twice = await client.call(apis.CreateTopics, 7, { topics: [topic, topic, { ...topic, name: 'u' }] })
    expect(twice.topics.map((t) => [t.name, nameOf(t.errorCode)])).toEqual([
      ['t', 'INVALID_REQUEST'],
      ['u', 'NONE'],
    ])
  })

  test('trap 28, 42: by id, in Metadata and in DeleteTopics', async () => {
    const { client } = await setUp()
    const topicId = await create(client, 't')
    const byId = await client.call(apis.Metadata, 12, {
      topics: [
        { name: null, topicId },
        { name: null, topicId: 'e'.repeat(32) },
      ],
    })
    expect(byId.topics.map((t) => [t.name, nameOf(t.errorCode)])).toEqual([
      ['t', 'NONE'],
      [null, 'UNKNOWN_TOPIC_ID'],
    ])
    const remove = (name: string | null, id: string) => client.call(apis.DeleteTopics, 6, { topics: [{ name, topicId: id }], timeoutMs: 1 })
    expect(nameOf((await remove('t', topicId)).responses[0]!.errorCode)).toBe('INVALID_REQUEST')
    expect((await remove(null, topicId)).responses[0]).toMatchObject({ name: 't', errorCode: 0 })
    expect(nameOf((await remove(null, topicId)).responses[0]!.errorCode)).toBe('UNKNOWN_TOPIC_ID')
    expect(nameOf((await remove('t', ZERO_UUID)).responses[0]!.errorCode)).toBe('UNKNOWN_TOPIC_OR_PARTITION')
  })

  test('every version of Metadata, CreateTopics and DeleteTopics is served', async () => {
    const { client } = await setUp()
    for (let version = 0; version <= 7; version++) {
      const topic = { name: `t${version}`, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }
      expect((await client.call(apis.CreateTopics, version, { topics: [topic] })).topics[0]!.errorCode).toBe(0)
    }
    for (let version = 0; version <= 13; version++) expect((await metadataOf(client, ['t1'], version)).topics[0]!.errorCode).toBe(0)
    for (let version = 0; version <= 6; version++) {
      const name = `t${version}`
      const answer = await client.call(apis.DeleteTopics, version, {
        topicNames: [name],
        topics: [{ name, topicId: ZERO_UUID }],
        timeoutMs: 1,
      })
      expect(answer.responses[0]!.errorCode).toBe(0)
    }
    for (let version = 0; version <= 5; version++) {
      expect((await client.call(apis.InitProducerId, version, { transactionalId: null, transactionTimeoutMs: 1 })).errorCode).toBe(0)
    }
  })

  test('the cluster id is in Kafka’s spelling', async () => {
    const { broker, client } = await setUp()
    const { clusterId, controllerId } = await metadataOf(client, [])
    expect([clusterId, controllerId]).toEqual([broker.clusterId, 1])
    expect(uuidFromText(clusterId!)).toHaveLength(32)
  })
})

test('retention.bytes and retention.ms: old segments go, the log start moves, and what lies before it is out of range', async () => {
  for (const data of [':memory:', folder()]) {
    const clock = new ManualClock()
    const { client } = await setUp({ data, retentionCheckIntervalMs: 1000, platform: { ...nodePlatform, clock } })
    await create(client, 'size', { 'segment.bytes': '200', 'retention.bytes': '400' })
    await create(client, 'time', { 'segment.bytes': '200', 'retention.ms': '500' })
    await create(client, 'kept', { 'segment.bytes': '200', 'retention.ms': '500', 'cleanup.policy': 'compact' })
    for (let i = 0; i < 10; i++) {
      for (const topic of ['size', 'time', 'kept']) await produce(client, topic, { key: 'k', timesMs: [clock.now()] })
    }
    clock.advance(1000)
    await expect.poll(async () => (await offsetAt(client, 'time', -2)).offset).toBe(8)
    expect((await offsetAt(client, 'size', -2)).offset).toBe(4)
    expect((await offsetAt(client, 'kept', -2)).offset).toBe(0)
    expect(await fetch(client, 'time', 7)).toMatchObject({ error: 'OFFSET_OUT_OF_RANGE', logStartOffset: 8 })
    expect((await fetch(client, 'time', 8)).offsets).toEqual([8, 9])
  }
})

describe('on disk', () => {
  /** As kill -9 leaves it: the folder of a running broker, copied. */
  function killed(path: string): string {
    const copy = `${folder()}/copy`
    mkdirSync(copy)
    cpSync(path, copy, { recursive: true, filter: (from) => !/\/lock(-.*)?$/.test(from) })
    return copy
  }

  test('a clean restart and a kill: topics, records, producers and ids are as they were', async () => {
    const path = folder()
    const { broker, client } = await setUp({ data: path })
    const topicId = await create(client, 't', { 'segment.bytes': '400' }, 2)
    const { producerId } = await client.call(apis.InitProducerId, 4, { transactionalId: null, transactionTimeoutMs: 1 })
    for (let i = 0; i < 20; i++) await produce(client, 't', { producerId, producerEpoch: 0, baseSequence: i })
    const copy = killed(path)
    await broker.close()
    for (const data of [path, copy]) {
      const next = await setUp({ data })
      expect(next.broker.clusterId).toBe(broker.clusterId)
      const { topics } = await metadataOf(next.client, null)
      expect(topics[0]).toMatchObject({ name: 't', topicId, partitions: [{ leaderEpoch: 1 }, { leaderEpoch: 1 }] })
      expect(await produce(next.client, 't', { producerId, producerEpoch: 0, baseSequence: 17 })).toMatchObject({
        error: 'NONE',
        baseOffset: 17,
      })
      expect((await produce(next.client, 't', { producerId, producerEpoch: 0, baseSequence: 21 })).error).toBe(
        'OUT_OF_ORDER_SEQUENCE_NUMBER',
      )
      expect((await produce(next.client, 't', { producerId, producerEpoch: 0, baseSequence: 20 })).baseOffset).toBe(20)
      expect((await fetch(next.client, 't', 3)).offsets[0]).toBe(3)
      const other = await next.client.call(apis.InitProducerId, 4, { transactionalId: null, transactionTimeoutMs: 1 })
      expect(other.producerId).toBeGreaterThan(producerId)
      await next.broker.close()
    }
  })

  test('trap 27, 30: each start raises the leader epoch, old ones are fenced, and a cut tail is visible', async () => {
    const path = folder()
    const first = await setUp({ data: path })
    await create(first.client, 't')
    await produce(first.client, 't', { values: ['a', 'b'] })
    const before = killed(path)
    await produce(first.client, 't', { values: ['lost'] })
    await first.broker.close()

    const { client } = await setUp({ data: before })
    await produce(client, 't', { values: ['c'] })
    expect((await fetch(client, 't', 0, { currentLeaderEpoch: 0 })).error).toBe('FENCED_LEADER_EPOCH')
    expect((await fetch(client, 't', 0, { currentLeaderEpoch: 2 })).error).toBe('UNKNOWN_LEADER_EPOCH')
    expect((await fetch(client, 't', 0, { currentLeaderEpoch: 1 })).error).toBe('NONE')
    // A consumer that had read the lost record is told where its epoch ends now.
    expect(await fetch(client, 't', 3, { currentLeaderEpoch: 1, lastFetchedEpoch: 0 })).toMatchObject({
      error: 'NONE',
      divergingEpoch: { epoch: 0, endOffset: 2 },
    })
    for (const version of [0, 1, 2, 3, 4]) {
      const request = { topics: [{ topic: 't', partitions: [0, 1, 9, -1].map((leaderEpoch) => ({ partition: 0, leaderEpoch })) }] }
      const { topics } = await client.call(apis.OffsetForLeaderEpoch, version, request)
      expect(topics[0]!.partitions.map((p) => p.endOffset)).toEqual([2, 3, -1, -1])
    }
    expect((await offsetAt(client, 't', -2)).leaderEpoch).toBe(0)
  })

  test('a deleted topic leaves no files, and one that was made again is empty', async () => {
    const path = folder()
    const { client } = await setUp({ data: path })
    await create(client, 't')
    await produce(client, 't')
    await client.call(apis.DeleteTopics, 5, { topicNames: ['t'], timeoutMs: 1 })
    await expect.poll(() => readdirSync(`${path}/topics`)).toEqual([])
    await create(client, 't')
    expect((await produce(client, 't')).baseOffset).toBe(0)
  })

  test('a topic that was being deleted when the broker was killed is gone after the next start, with its files', async () => {
    const path = folder()
    const { broker, client } = await setUp({ data: path })
    await create(client, 't')
    await produce(client, 't')
    await broker.close()
    mkdirSync(`${path}/topics/old.0123456789abcdef/0`, { recursive: true })
    await setUp({ data: path })
    await expect.poll(() => readdirSync(`${path}/topics`).map((name) => name.split('.')[0])).toEqual(['t'])
  })

  test('1,000 idle partitions cost no file and no read at a clean start', async () => {
    const path = folder()
    const { broker, client } = await setUp({ data: path })
    await create(client, 'many', {}, 1000)
    await create(client, 'used')
    await produce(client, 'used')
    await broker.close()
    const disk = spiedDisk()
    const next = await setUp({ data: path, platform: { ...nodePlatform, disk } })
    expect((await metadataOf(next.client, ['many'])).topics[0]!.partitions).toHaveLength(1000)
    expect(readdirSync(`${path}/topics`)).toHaveLength(1)
    expect(disk.done.filter((d) => d.startsWith('read ')).every((d) => d.includes('__cluster_metadata'))).toBe(true)
  })

  for (const fsync of ['never', 'always'] as const) {
    test(`a disk that finishes nothing within the call, fsync ${fsync}: order, restarts and long polls are as they should be`, async () => {
      const path = folder()
      const platform = { ...nodePlatform, disk: slowDisk() }
      const { broker, client } = await setUp({ data: path, fsync, platform })
      await create(client, 't', { 'segment.bytes': '1000' })
      const polled = fetch(await connect(broker), 't', 0, { maxWaitMs: 60_000 })
      const sent = Array.from({ length: 30 }, (_, i) => produce(client, 't', { producerId: 9n, producerEpoch: 0, baseSequence: i }))
      expect((await Promise.all(sent)).map((a) => [a.error, a.baseOffset])).toEqual(Array.from({ length: 30 }, (_, i) => ['NONE', i]))
      expect((await polled).offsets[0]).toBe(0)
      for (let offset = 0; offset < 30; offset++) expect((await fetch(client, 't', offset)).offsets[0]).toBe(offset)
      const copy = killed(path)
      await broker.close()
      for (const data of [path, copy]) {
        const next = await setUp({ data, fsync, platform })
        expect(await produce(next.client, 't', { producerId: 9n, producerEpoch: 0, baseSequence: 27 })).toMatchObject({
          error: 'NONE',
          baseOffset: 27,
        })
        expect((await produce(next.client, 't', { producerId: 9n, producerEpoch: 0, baseSequence: 30 })).baseOffset).toBe(30)
        await next.broker.close()
      }
    })
  }

  test('under always the answer comes after the sync', async () => {
    const disk = spiedDisk()
    const { client } = await setUp({ data: folder(), fsync: 'always', platform: { ...nodePlatform, disk } })
    await create(client, 't')
    const syncs = (): number => disk.done.filter((d) => d.startsWith('sync ') && d.includes('/topics/')).length
    const answers = Array.from({ length: 20 }, () => produce(client, 't'))
    expect((await answers[0]!).baseOffset).toBe(0)
    expect(syncs()).toBeGreaterThan(0)
    expect((await Promise.all(answers)).map((a) => a.baseOffset)).toEqual(Array.from({ length: 20 }, (_, i) => i))
    expect(syncs()).toBeLessThan(20)
  })
})

describe('failure of the disk (decision 16)', () => {
  for (const fsync of ['never', 'always'] as const) {
    test(`under ${fsync} a failed write is a storage error, closes the broker and rejects closed; the process lives`, async () => {
      const disk = spiedDisk()
      const seen = notables()
      const { broker, client } = await setUp({ data: folder(), fsync, platform: { ...nodePlatform, disk } })
      await create(client, 't')
      await produce(client, 't')
      disk.failing = { on: 'write', code: 'ENOSPC' }
      expect((await produce(client, 't')).error).toBe('KAFKA_STORAGE_ERROR')
      await expect(broker.closed).rejects.toMatchObject({ code: 'STORAGE_FAILED', message: expect.stringMatching(/disk is full/) })
      await client.closed
      await expect(RawClient.connect(broker)).rejects.toMatchObject({ code: 'UNREACHABLE' })
      expect(seen.filter((n) => n.kind === 'storageFailed')).toHaveLength(1)
    })
  }

  test('a sync that fails in the background closes the broker too', async () => {
    const disk = spiedDisk()
    const { broker, client } = await setUp({ data: folder(), fsyncIntervalMs: 1, platform: { ...nodePlatform, disk } })
    await create(client, 't')
    disk.failing = { on: 'sync', code: 'EIO' }
    expect((await produce(client, 't')).error).toBe('NONE')
    await expect(broker.closed).rejects.toMatchObject({ code: 'STORAGE_FAILED', message: expect.stringMatching(/I\/O error/) })
  })
})

describe('start and close', () => {
  test('options that make no sense are refused by name', async () => {
    await expect(startBroker({ data: '' })).rejects.toMatchObject({ code: 'INVALID_OPTION' })
    await expect(startBroker({ data: ':memory:', frameBytesMax: -1 })).rejects.toMatchObject({
      message: expect.stringMatching(/frameBytesMax/),
    })
    await expect(startBroker({ data: ':memory:', nope: 1 } as never)).rejects.toMatchObject({ message: expect.stringMatching(/nope/) })
    await expect(startBroker({ data: ':memory:', fsync: 'sometimes' } as never)).rejects.toMatchObject({
      message: expect.stringMatching(/fsync/),
    })
  })

  test('a port in use is told, and the folder is free again', async () => {
    const { broker } = await setUp()
    const path = folder()
    await expect(startBroker({ data: path, listen: { port: broker.port } })).rejects.toMatchObject({ code: 'ADDRESS_IN_USE' })
    await start({ data: path })
  })

  test('a folder in use is told', async () => {
    const path = folder()
    await start({ data: path })
    await expect(startBroker({ data: path })).rejects.toMatchObject({ code: 'FOLDER_IN_USE' })
  })

  test('close ends a parked Fetch at once, and may be called twice', async () => {
    const { broker, client } = await setUp()
    await create(client, 't')
    void client.send(apis.Fetch, 12, fetchRequest('t', 0, { maxWaitMs: 60_000 }))
    await Promise.all([broker.close(), broker.close()])
    await client.closed
    await broker.closed
  })

  test('many brokers live in one process, each with a port of its own', async () => {
    const brokers = await Promise.all(Array.from({ length: 5 }, () => start()))
    expect(new Set(brokers.map((b) => b.port)).size).toBe(5)
  })

  test('await using closes', async () => {
    let port = 0
    {
      await using broker = await startBroker({ data: ':memory:' })
      port = broker.port
    }
    await expect(RawClient.connect({ host: '127.0.0.1', port })).rejects.toMatchObject({ code: 'UNREACHABLE' })
  })
})
