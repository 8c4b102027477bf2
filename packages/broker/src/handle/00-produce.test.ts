import { apis, buildBatch, crc32c, RecordCursor, readBatchHeader } from '@tidemark/protocol'
import { describe, expect, test } from 'vitest'
import { batchOf, text } from '../testing/index.ts'
import { create, fetch, notables, produce, setUp } from '../testing/requests.case.ts'

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

  test('a record whose own time is beyond the limits of its topic is named in the answer', async () => {
    const { client } = await setUp()
    await create(client, 't', { 'message.timestamp.before.max.ms': '60000' })
    const nowMs = Date.now()
    expect(await produce(client, 't', { values: ['a', 'b', 'c'], timesMs: [nowMs, nowMs - 120_000, nowMs] })).toMatchObject({
      error: 'INVALID_TIMESTAMP',
      recordErrors: [{ batchIndex: 1, batchIndexErrorMessage: expect.stringContaining('60000 ms behind') }],
      errorMessage: expect.stringContaining('record 1'),
    })
    expect((await fetch(client, 't', 0)).highWatermark).toBe(0)
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

  test('memory beyond the limit is refused with an error that no client tries again, in one clear line, and the broker lives', async () => {
    const seen = notables()
    const { client } = await setUp({ memoryBytesMax: 20_000 })
    await create(client, 't')
    const big = { values: ['x'.repeat(9_000)] }
    expect((await produce(client, 't', big)).error).toBe('NONE')
    expect((await produce(client, 't', big)).error).toBe('NONE')
    const refused = await produce(client, 't', big)
    expect(refused.error).toBe('POLICY_VIOLATION')
    expect(refused.errorMessage).toMatch(/memoryBytesMax/)
    await produce(client, 't', big)
    expect(seen.filter((n) => n.kind === 'memoryFull')).toHaveLength(1)
    expect((await fetch(client, 't', 0)).offsets).toEqual([0, 1])
  })
})
