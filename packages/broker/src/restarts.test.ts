/** What a broker finds again in its folder, after a clean end and after a kill. */
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { nodePlatform } from '@tidemark/platform'
import { apis, ErrorCode } from '@tidemark/protocol'
import { describe, expect, test } from 'vitest'
import { crashed } from './storage/file-store.case.ts'
import { slowDisk, spiedDisk } from './testing/index.ts'
import { connect, create, fetch, folder, metadataOf, offsetAt, produce, setUp } from './testing/requests.case.ts'

const FIRST = '0'.repeat(20)

describe('on disk', () => {
  test('a folder that is taken away ends the broker with an error that says so: what it wrote would go nowhere', async () => {
    const path = folder()
    const { broker } = await setUp({ data: path })
    rmSync(path, { recursive: true })
    await expect(broker.closed).rejects.toMatchObject({ code: 'STORAGE_FAILED', message: expect.stringContaining('was taken away') })
  })

  test('a clean restart and a kill: topics, records, producers and ids are as they were', async () => {
    const path = folder()
    const { broker, client } = await setUp({ data: path })
    const topicId = await create(client, 't', { 'segment.bytes': '400' }, 2)
    const { producerId } = await client.call(apis.InitProducerId, 4, { transactionalId: null, transactionTimeoutMs: 1 })
    for (let i = 0; i < 20; i++) await produce(client, 't', { producerId, producerEpoch: 0, baseSequence: i })
    const copy = crashed(path)
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
    const before = crashed(path)
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

  test('after a kill a large log of commits is read back from its checkpoint and its index: of 10 MB some 2 at most', async () => {
    const path = folder()
    const { broker, client } = await setUp({ data: path, offsetsPartitions: 1, checkpointIntervalRecords: 100 })
    await create(client, 't', {}, 10)
    const committedMetadata = 'm'.repeat(4000)
    const commit = (committedOffset: number) => {
      const partitions = Array.from({ length: 10 }, (_, partitionIndex) => ({ partitionIndex, committedOffset, committedMetadata }))
      return client.call(apis.OffsetCommit, 7, { groupId: 'g', topics: [{ name: 't', partitions }] })
    }
    for (let offset = 1; offset <= 250; offset++) await commit(offset)
    const log = `${path}/internal/__consumer_offsets/0/${FIRST}`
    const covered = (): number => Number(readFileSync(`${log}.index`).readBigInt64BE(16))
    await expect.poll(covered).toBeGreaterThan(statSync(`${log}.log`).size - 2.5e6)
    const disk = spiedDisk()
    const next = await setUp({ data: crashed(path), platform: { ...nodePlatform, disk } })
    const found = { groupId: 'g', topics: [{ name: 't', partitionIndexes: [9] }] }
    const code = { errorCode: ErrorCode.COORDINATOR_LOAD_IN_PROGRESS as number, topics: [] as unknown[] }
    await expect.poll(async () => Object.assign(code, await next.client.call(apis.OffsetFetch, 7, found)).errorCode).toBe(0)
    expect(code.topics).toMatchObject([{ partitions: [{ committedOffset: 250 }] }])
    // Whole it would be 10 for its end, 10 for what is known of producers and 10 for the groups.
    expect(disk.done.filter((d) => d.startsWith('read ') && d.endsWith(`__consumer_offsets/0/${FIRST}.log`)).length).toBeLessThan(8)
    await broker.close()
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
      const copy = crashed(path)
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
