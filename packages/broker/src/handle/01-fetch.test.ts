import { nodePlatform } from '@tidemark/platform'
import { apis, encodeRequest, ZERO_UUID } from '@tidemark/protocol'
import { describe, expect, test } from 'vitest'
import { batchOf, ManualClock } from '../testing/index.ts'
import { baseOffsets, connect, create, fetch, fetchRequest, produce, setUp } from '../testing/requests.case.ts'

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

  test('trap 21: of partitions that are read at once only the first gives a batch that is larger than its limit', async () => {
    const { client } = await setUp()
    const names = ['a', 'b', 'c', 'd']
    for (const topic of names) await create(client, topic)
    for (const topic of names) await produce(client, topic, { values: ['x'.repeat(topic === 'd' ? 10 : 100_000)] })
    const request = {
      ...fetchRequest('a', 0),
      maxBytes: 1e6,
      topics: names.map((topic) => ({ topic, partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 200 }] })),
    }
    const once = async (): Promise<number[]> => {
      const { responses } = await client.call(apis.Fetch, 12, request)
      return responses.map((r) => baseOffsets(r.partitions[0]!.records).length)
    }
    expect([await once(), await once()]).toEqual([
      [1, 0, 0, 1],
      [0, 1, 0, 1],
    ])
  })

  test('trap 21: what is left of the reply binds the partitions that follow', async () => {
    const { client } = await setUp()
    for (const topic of ['a', 'b', 'c']) {
      await create(client, topic)
      for (let i = 0; i < 3; i++) await produce(client, topic, { values: ['x'.repeat(1000)] })
    }
    const request = {
      ...fetchRequest('a', 0),
      maxBytes: 4500,
      topics: ['a', 'b', 'c'].map((topic) => ({ topic, partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 2500 }] })),
    }
    const { responses } = await client.call(apis.Fetch, 12, request)
    expect(responses.map((r) => baseOffsets(r.partitions[0]!.records).length)).toEqual([2, 2, 0])
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
    const before = clock.pending
    const gone = await connect(broker)
    void gone.send(apis.Fetch, 12, fetchRequest('t', 0, { maxWaitMs: 1000 }))
    await expect.poll(() => clock.pending).toBe(before + 2)
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
