import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { DiskError, type File, formatAddress, nodePlatform } from '@tidemark/platform'
import { apis, batchesIn, ErrorCode, lastOffsetOf, RecordCursor } from '@tidemark/protocol'
import { describe, expect, onTestFinished, test } from 'vitest'
import { startBroker } from './broker.ts'
import type { StartOptions } from './options.ts'
import { ManualClock, RawClient, slowDisk, spiedDisk } from './testing/index.ts'
import {
  connect,
  create,
  fetch,
  fetchRequest,
  folder,
  metadataOf,
  notables,
  offsetAt,
  produce,
  setUp,
  start,
} from './testing/requests.case.ts'

/** Time that a test moves, in a process that is never busy. */
class TurningClock extends ManualClock {
  override afterTurn(call: () => void): void {
    setImmediate(call)
  }
}

const FIRST = '0'.repeat(20)

/** As kill -9 leaves it: the folder of a running broker, copied. */
function killed(path: string): string {
  const copy = `${folder()}/copy`
  mkdirSync(copy)
  cpSync(path, copy, { recursive: true, filter: (from) => !/\/lock(-.*)?$/.test(from) })
  return copy
}

const commit = (client: RawClient, groupId: string, committedOffset = 7) =>
  client.call(apis.OffsetCommit, 8, {
    groupId,
    generationIdOrMemberEpoch: -1,
    memberId: '',
    topics: [{ name: 'a', partitions: [{ partitionIndex: 0, committedOffset, committedMetadata: '' }] }],
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
    await expect.poll(async () => (await offsetAt(client, 'time', -2)).offset).toBe(10)
    expect((await offsetAt(client, 'size', -2)).offset).toBe(4)
    expect((await offsetAt(client, 'kept', -2)).offset).toBe(0)
    expect(await fetch(client, 'time', 9)).toMatchObject({ error: 'OFFSET_OUT_OF_RANGE', logStartOffset: 10 })
    await produce(client, 'time', { timesMs: [clock.now()] })
    expect((await fetch(client, 'time', 10)).offsets).toEqual([10])
  }
})

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
    const next = await setUp({ data: killed(path), platform: { ...nodePlatform, disk } })
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

  describe('a client that connects while the broker starts', () => {
    /** A broker whose start waits for the disk, and a client that is there already. */
    async function early() {
      const held = Promise.withResolvers<void>()
      held.promise.catch(() => {}) // it may fail before the broker waits for it
      const bound = Promise.withResolvers<{ host: string; port: number }>()
      const disk = {
        ...nodePlatform.disk,
        open(path: string, mode: 'read' | 'write' | 'create'): File {
          const file = nodePlatform.disk.open(path, mode) as File
          return path.includes('__cluster_metadata') ? Object.assign(file, { sync: () => held.promise }) : file
        },
      }
      const transport = {
        ...nodePlatform.transport,
        async listen(...args: Parameters<typeof nodePlatform.transport.listen>) {
          const listener = await nodePlatform.transport.listen(...args)
          bound.resolve(listener.address)
          return listener
        },
      }
      const starting = start({ data: folder(), platform: { ...nodePlatform, disk, transport } })
      const address = await bound.promise
      const client = await RawClient.connect(address)
      onTestFinished(() => client.end())
      return { held, starting, client, address }
    }

    test('is answered once the leader epoch of this start is safe', async () => {
      const { held, starting, client } = await early()
      const order: string[] = []
      const answered = client.call(apis.ApiVersions, 3, {}).then(() => order.push('answered'))
      void starting.then(() => order.push('started'))
      // Others are served by this process meanwhile: it is not for want of turns that no answer comes.
      await (await setUp()).client.call(apis.ApiVersions, 3, {})
      expect(order).toEqual([])
      held.resolve()
      await answered
      expect(order).toEqual(['started', 'answered'])
    })

    test('is let go if the start fails, and the port is free again', async () => {
      const { held, starting, client, address } = await early()
      held.reject(new DiskError('sync', 'somewhere', Object.assign(new Error('told to fail'), { code: 'EIO' })))
      await expect(starting).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
      await client.closed
      await (await start({ listen: address })).close()
    })
  })

  test('leaves no timer behind, so that the process may end', async () => {
    const disk = spiedDisk()
    const clock = new ManualClock()
    const { broker, client } = await setUp({ data: folder(), fsync: 'never', platform: { ...nodePlatform, disk, clock } })
    await create(client, 't')
    disk.failing = { on: 'write', code: 'EIO' }
    await produce(client, 't')
    clock.turn()
    await expect(broker.closed).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
    expect(clock.pending).toBe(0)
  })

  test('a group log that cannot be read back closes the broker: its groups would have no coordinator for ever (seed 7140)', async () => {
    const data = folder()
    const { broker, client } = await setUp({ data })
    await create(client, 't')
    const offsets = [{ name: 't', partitions: [{ partitionIndex: 0, committedOffset: 7, committedMetadata: '' }] }]
    const committed = await client.call(apis.OffsetCommit, 8, {
      groupId: 'g',
      generationIdOrMemberEpoch: -1,
      memberId: '',
      topics: offsets,
    })
    expect(committed.topics[0]!.partitions[0]!.errorCode).toBe(ErrorCode.NONE)
    await broker.close()
    const logs = `${data}/internal/__consumer_offsets`
    for (const partition of readdirSync(logs)) rmSync(`${logs}/${partition}/checkpoint`)
    const disk = spiedDisk()
    disk.failing = { on: logs, code: 'EIO' }
    const again = await start({ data, platform: { ...nodePlatform, disk } })
    await expect(again.closed).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
  })

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
  test('closed at any moment after its start, it leaves no file open and its folder free', async () => {
    const data = folder()
    const seeded = await setUp({ data })
    for (const name of ['a', 'b']) {
      await create(seeded.client, name)
      await produce(seeded.client, name)
    }
    for (let i = 0; i < 100; i++) await commit(seeded.client, `g${i}`)
    const crashed = killed(data)
    await seeded.broker.close()
    for (const path of [data, crashed]) {
      for (let turns = 0; turns < 12; turns++) {
        const disk = spiedDisk()
        const broker = await startBroker({ data: path, platform: { ...nodePlatform, disk } })
        const client = await RawClient.connect(broker)
        void fetch(client, 'a', 0)
        void produce(client, 'b')
        void commit(client, 'g1')
        for (let i = 0; i < turns; i++) await new Promise((resolve) => nodePlatform.clock.afterTurn(() => resolve(undefined)))
        await Promise.all([broker.close(), broker.close()])
        await broker.close()
        await broker.closed
        expect(disk.openFiles).toEqual([])
        expect(disk.failing).toBeUndefined()
      }
    }
    await (await start({ data })).close()
  })

  test('closed while it reads its groups back, it opens nothing any more', async () => {
    const data = folder()
    const first = await setUp({ data, checkpointIntervalRecords: 1e9 })
    await create(first.client, 'a', {}, 9000)
    const partitions = Array.from({ length: 9000 }, (_, partitionIndex) => ({
      partitionIndex,
      committedOffset: 1,
      committedMetadata: 'x'.repeat(100),
    }))
    const who = { groupId: 'g', generationIdOrMemberEpoch: -1, memberId: '' }
    for (let i = 0; i < 2; i++) await first.client.call(apis.OffsetCommit, 8, { ...who, topics: [{ name: 'a', partitions }] })
    const path = killed(data)
    const turns: (() => void)[] = []
    const clock = { ...nodePlatform.clock, afterTurn: (call: () => void) => void turns.push(call) }
    const disk = spiedDisk()
    const broker = await startBroker({ data: path, platform: { ...nodePlatform, disk, clock } })
    await expect.poll(() => turns.length).toBeGreaterThan(0)
    await broker.close()
    expect(disk.openFiles).toEqual([])
    for (const call of turns) call()
    for (let i = 0; i < 5; i++) await new Promise((resolve) => nodePlatform.clock.afterTurn(() => resolve(undefined)))
    expect(disk.openFiles).toEqual([])
  })

  test('closed after a failure it resolves, however often; a failure while it closes rejects every call', async () => {
    const disk = spiedDisk()
    const { broker, client } = await setUp({ data: folder(), fsync: 'never', platform: { ...nodePlatform, disk } })
    await create(client, 't')
    disk.failing = { on: 'write', code: 'EIO' }
    await produce(client, 't')
    await broker.close()
    await broker.close()
    await expect(broker.closed).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
    expect(disk.openFiles).toEqual([])

    const other = spiedDisk()
    const second = await setUp({ data: folder(), platform: { ...nodePlatform, disk: other } })
    await create(second.client, 't')
    await produce(second.client, 't')
    other.failing = { on: 'sync', code: 'EIO' }
    const closing = [second.broker.close(), second.broker.close()]
    for (const one of closing) await expect(one).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
    await expect(second.broker.close()).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
    expect(other.openFiles).toEqual([])
  })

  test('a start that fails at any operation of the disk leaves no port, no file and no lock behind', async () => {
    const data = folder()
    const seeded = await setUp({ data, fsync: 'always' })
    await create(seeded.client, 't')
    await produce(seeded.client, 't')
    await commit(seeded.client, 'g')
    const { port } = seeded.broker
    await seeded.broker.close()
    const whole = spiedDisk()
    await (await startBroker({ data: killed(data), fsync: 'always', platform: { ...nodePlatform, disk: whole } })).close()
    for (const on of ['write', 'sync', 'syncFolder', 'read']) {
      const path = killed(data)
      const disk = spiedDisk()
      disk.failing = { on: `${on} `, code: 'EIO' }
      const failed = await startBroker({ data: path, listen: { port }, fsync: 'always', platform: { ...nodePlatform, disk } }).then(
        (broker) => broker.close().catch((error: unknown) => error),
        (error: unknown) => error,
      )
      if (failed !== undefined) expect(failed).toMatchObject({ code: 'STORAGE_FAILED' })
      expect(disk.openFiles).toEqual([])
      await (await startBroker({ data: path, listen: `127.0.0.1:${port}` })).close()
    }
  })

  test('an address may be text', async () => {
    const { broker } = await setUp({ listen: '127.0.0.1:0' })
    await expect(setUp({ listen: `127.0.0.1:${broker.port}` })).rejects.toMatchObject({ code: 'ADDRESS_IN_USE' })
    const six = await setUp({ listen: '[::1]:0' })
    expect(six.broker.brokers).toEqual([`[::1]:${six.broker.port}`])
    expect((await metadataOf(six.client, [])).brokers).toMatchObject([{ host: '::1', port: six.broker.port }])
    expect(broker.warnings).toEqual([])
  })

  test('what clients are told to connect to can be set, whole or in part; on all addresses without it there is a warning', async () => {
    const told = async (options: Partial<StartOptions>) => {
      const { broker, client } = await setUp(options)
      const { host, port } = (await metadataOf(client, [])).brokers[0]!
      const group = await client.call(apis.FindCoordinator, 3, { key: 'g' })
      expect([group.host, group.port]).toEqual([host, port])
      return { broker, text: formatAddress({ host, port }).replace(String(broker.port), 'PORT') }
    }
    expect((await told({ advertise: 'kafka.example:4711' })).text).toBe('kafka.example:4711')
    expect((await told({ advertise: 'kafka.example' })).text).toBe('kafka.example:PORT')
    expect((await told({ advertise: '[fe80::1]:1' })).text).toBe('[fe80::1]:1')
    const everywhere = await told({ listen: '0.0.0.0:0' })
    expect(everywhere.text).toBe('127.0.0.1:PORT')
    expect(everywhere.broker.warnings).toEqual([expect.stringMatching(/all addresses \(0\.0\.0\.0:0\).*'advertise'/)])
    const named = await told({ listen: '[::]:0', advertise: 'kafka.example' })
    expect([named.text, named.broker.warnings]).toEqual(['kafka.example:PORT', []])
  })

  test('every option is checked, and the error names it, its value and what it may be', async () => {
    const wrong: readonly [object, RegExp][] = [
      [{ data: 5 }, /'data' is 5; it must be a folder/],
      [{ fsyncIntervalMs: -1 }, /'fsyncIntervalMs' is -1/],
      [{ numPartitions: 0 }, /'numPartitions' is 0/],
      [{ offsetsPartitions: 1.5 }, /'offsetsPartitions' is 1.5/],
      [{ memoryBytesMax: '1GB' }, /'memoryBytesMax' is "1GB"/],
      [{ nodeId: Number.NaN }, /'nodeId' is NaN/],
      [{ autoCreateTopics: 'yes' }, /'autoCreateTopics' is "yes"; it must be true or false/],
      [{ rack: 7 }, /'rack' is 7/],
      [{ fsync: 'alway' }, /did you mean 'always'/],
      [{ platform: {} }, /'platform' is an object/],
      [{ listen: 'localhost' }, /'listen' is "localhost"/],
      [{ listen: ':9092' }, /'listen'/],
      [{ listen: { port: 65_536 } }, /'listen.port' is 65536/],
      [{ listen: { hots: 'x' } }, /unknown option 'hots'.*did you mean 'host'/],
      [{ advertise: '0.0.0.0' }, /'advertise' is "0.0.0.0"/],
      [{ advertise: 'host:0' }, /'advertise'/],
      [{ advertise: 'a b' }, /'advertise'/],
      [{ groupSessionTimeoutMinMs: 10, groupSessionTimeoutMaxMs: 5 }, /groupSessionTimeoutMinMs/],
      [{ segmentBytes: 1 }, /unknown option 'segmentBytes' of startBroker\(\); did you mean 'segmentBytesMax'/],
      [{ oauth: { jwks: 'id.example.org/jwks' } }, /'oauth.jwks' is "id.example.org\/jwks"; it must be the http or https address/],
      [{ oauth: { jwks: { key: [] } } }, /'oauth.jwks'/],
      [{ oauth: { unsigned: true, issuer: 7 } }, /'oauth.issuer' is 7/],
      [{ oauth: { unsigned: true, audience: ['a', ''] } }, /'oauth.audience'/],
      [{ oauth: { unsigned: 'yes' } }, /'oauth.unsigned' is "yes"/],
      [{ advertised: 'x' }, /did you mean 'advertise'/],
      [{ rack: undefined, nodeId: null }, /'nodeId' is null/],
    ]
    for (const [options, message] of wrong) {
      await expect(startBroker({ data: ':memory:', ...options } as never), String(message)).rejects.toMatchObject({
        code: 'INVALID_OPTION',
        message: expect.stringMatching(message),
      })
    }
    await expect((startBroker as () => Promise<unknown>)()).rejects.toMatchObject({ code: 'INVALID_OPTION' })
    await expect(startBroker({ data: ':memory:', nodeId: undefined, rack: null }).then((it) => it.close())).resolves.toBeUndefined()
  })

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
      const copy = killed(data)
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
