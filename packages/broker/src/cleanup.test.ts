/** What retention and compaction take away, and what clients see of it. */
import { readdirSync, statSync } from 'node:fs'
import { nodePlatform } from '@tidemark/platform'
import { apis, batchesIn, ErrorCode, lastOffsetOf, RecordCursor } from '@tidemark/protocol'
import { describe, expect, test } from 'vitest'
import { crashed } from './storage/file-store.case.ts'
import { ManualClock, type RawClient } from './testing/index.ts'
import { create, fetch, fetchRequest, folder, offsetAt, produce, setUp } from './testing/requests.case.ts'

/** Time that a test moves, in a process that is never busy. */
class TurningClock extends ManualClock {
  override afterTurn(call: () => void): void {
    setImmediate(call)
  }
}

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
    await expect.poll(async () => (await offsetAt(client, 'time', -2)).offset).toBe(10)
    expect((await offsetAt(client, 'size', -2)).offset).toBe(4)
    expect((await offsetAt(client, 'kept', -2)).offset).toBe(0)
    expect(await fetch(client, 'time', 9)).toMatchObject({ error: 'OFFSET_OUT_OF_RANGE', logStartOffset: 10 })
    await produce(client, 'time', { timesMs: [clock.now()] })
    expect((await fetch(client, 'time', 10)).offsets).toEqual([10])
  }
})

describe('compaction', () => {
  const compacting = {
    'cleanup.policy': 'compact',
    'segment.bytes': '300',
    'min.cleanable.dirty.ratio': '0.1',
    'delete.retention.ms': '1000',
  }

  /** The records of a topic, read from the beginning as a consumer does. */
  async function recordsOf(client: RawClient, topic: string): Promise<string[]> {
    const { offset: end } = await offsetAt(client, topic, -1)
    const found: string[] = []
    for (let next = 0; next < end; ) {
      const { responses } = await client.call(apis.Fetch, 11, fetchRequest(topic, next))
      const records = responses[0]!.partitions[0]!.records as Buffer
      for (const { at, header } of batchesIn(records)) {
        const cursor = new RecordCursor(records.subarray(at, at + header.size), header)
        while (cursor.next()) found.push(`${cursor.offset} ${cursor.key}=${cursor.value}`)
        next = lastOffsetOf(header) + 1
      }
    }
    return found
  }

  test.each([':memory:', 'a folder'])(
    'keeps the last value of each key, and a tombstone for a while; offsets and producers stay (%s)',
    async (where) => {
      const clock = new TurningClock()
      const platform = { ...nodePlatform, clock }
      const data = where === ':memory:' ? where : folder()
      const options = { data, platform, compactionIntervalMs: 1000 }
      const { broker, client } = await setUp(options)
      await create(client, 't', compacting)
      const { producerId } = await client.call(apis.InitProducerId, 4, { transactionalId: null, transactionTimeoutMs: 1 })
      const send = (i: number, key: string, value: string) =>
        produce(client, 't', { key, values: [value], timesMs: [clock.now()], producerId, producerEpoch: 0, baseSequence: i })
      for (let i = 0; i < 30; i++) expect(await send(i, `k${i % 3}`, `v${i}`)).toMatchObject({ error: 'NONE', baseOffset: i })
      const all = await recordsOf(client, 't')
      expect(all.length).toBe(30)
      clock.advance(1000)
      await expect.poll(async () => (await recordsOf(client, 't')).length).toBeLessThan(10)
      const left = await recordsOf(client, 't')
      expect(all).toEqual(expect.arrayContaining(left))
      for (const last of all.slice(-3)) expect(left).toContain(last)
      expect((await offsetAt(client, 't', -2)).offset).toBe(0)
      // The producer goes on where it was, also after a restart that has to read the log.
      expect(await send(30, 'k0', 'next')).toMatchObject({ error: 'NONE', baseOffset: 30 })
      if (where === ':memory:') return
      const copy = crashed(data)
      await broker.close()
      for (const path of [data, copy]) {
        const next = await setUp({ ...options, data: path })
        const found = await recordsOf(next.client, 't')
        // The record that was sent sealed a segment: what it made old may be gone by now.
        expect([...left, '30 k0=next']).toEqual(expect.arrayContaining(found))
        for (const last of [...all.slice(-2), '30 k0=next']) expect(found).toContain(last)
        expect(await produce(next.client, 't', { key: 'k0', producerId, producerEpoch: 0, baseSequence: 31 })).toMatchObject({
          error: 'NONE',
        })
      }
    },
  )

  test('a consumer that reads on while the log is compacted misses no last value', async () => {
    const clock = new TurningClock()
    const { client } = await setUp({ data: folder(), platform: { ...nodePlatform, clock }, compactionIntervalMs: 10 })
    await create(client, 't', { ...compacting, 'segment.bytes': '2000' })
    const seen = new Map<string, string>()
    let next = 0
    for (let i = 0; i < 400; i++) {
      await produce(client, 't', { key: `k${(i * 7) % 23}`, values: [`v${i}`], timesMs: [clock.now()] })
      if (i % 5 === 0) clock.advance(10)
      if (i % 9 !== 0) continue
      const { responses } = await client.call(apis.Fetch, 11, fetchRequest('t', next))
      const { records, errorCode } = responses[0]!.partitions[0]!
      expect(errorCode).toBe(ErrorCode.NONE)
      for (const { at, header } of batchesIn(records as Buffer)) {
        const cursor = new RecordCursor((records as Buffer).subarray(at, at + header.size), header)
        while (cursor.next()) seen.set(String(cursor.key), String(cursor.value))
        next = lastOffsetOf(header) + 1
      }
    }
    for (const line of await recordsOf(client, 't')) {
      const [, key, value] = /^\d+ (\w+)=(\w+)$/.exec(line)!
      seen.set(key!, value!)
    }
    for (let i = 400 - 23; i < 400; i++) expect(seen.get(`k${(i * 7) % 23}`)).toBe(`v${i}`)
  })

  test('commits without end leave __consumer_offsets as small as a few', async () => {
    const clock = new TurningClock()
    const path = folder()
    const options = { data: path, platform: { ...nodePlatform, clock }, compactionIntervalMs: 100, offsetsPartitions: 1 }
    const { broker, client } = await setUp({ ...options, checkpointIntervalRecords: 100 })
    await create(client, 'a')
    const internal = (): number =>
      readdirSync(`${path}/internal/__consumer_offsets/0`).reduce(
        (sum, name) => sum + statSync(`${path}/internal/__consumer_offsets/0/${name}`).size,
        0,
      )
    const metadata = 'm'.repeat(4000)
    for (let i = 0; i < 6000; i++) {
      await client.call(apis.OffsetCommit, 8, {
        groupId: 'g',
        generationIdOrMemberEpoch: -1,
        memberId: '',
        topics: [{ name: 'a', partitions: [{ partitionIndex: 0, committedOffset: i, committedMetadata: metadata }] }],
      })
    }
    expect(internal()).toBeGreaterThan(20e6)
    clock.advance(100)
    await expect.poll(internal).toBeLessThan(9e6)
    await broker.close()
    const next = await setUp({ ...options, data: path })
    const { topics } = await next.client.call(apis.OffsetFetch, 5, { groupId: 'g', topics: null })
    expect(topics[0]!.partitions[0]).toMatchObject({ committedOffset: 5999 })
  })
})

test('old segments go also where nobody has opened the partition since the start, and where nothing is left but the one that is written to', async () => {
  const path = folder()
  const clock = new TurningClock()
  const options = { data: path, platform: { ...nodePlatform, clock }, retentionCheckIntervalMs: 1000 }
  const first = await setUp(options)
  await create(first.client, 'old', { 'segment.bytes': '200', 'retention.ms': '500' })
  await create(first.client, 'young', { 'segment.bytes': '200', 'retention.ms': '50000' })
  for (let i = 0; i < 10; i++) for (const topic of ['old', 'young']) await produce(first.client, topic, { timesMs: [clock.now()] })
  await first.broker.close()
  const filesOf = (topic: string): number => {
    const name = readdirSync(`${path}/topics`).find((it) => it.startsWith(`${topic}.`))!
    return readdirSync(`${path}/topics/${name}/0`).filter((it) => it.endsWith('.log')).length
  }
  expect([filesOf('old'), filesOf('young')]).toEqual([5, 5])
  clock.advance(400)
  const second = await setUp(options)
  clock.advance(1000)
  await expect.poll(() => filesOf('old')).toBe(1)
  expect(filesOf('young')).toBe(5)
  expect(await produce(second.client, 'old', { timesMs: [clock.now()] })).toMatchObject({ error: 'NONE', baseOffset: 10 })
  expect((await offsetAt(second.client, 'old', -2)).offset).toBe(10)
})
