/** Start and close, and how a broker ends whose disk fails. */
import { readdirSync, rmSync } from 'node:fs'
import { DiskError, type File, formatAddress, nodePlatform } from '@tidemark/platform'
import { apis, ErrorCode } from '@tidemark/protocol'
import { describe, expect, onTestFinished, test } from 'vitest'
import { startBroker } from './broker.ts'
import type { StartOptions } from './options.ts'
import { crashed } from './storage/file-store.case.ts'
import { ManualClock, RawClient, spiedDisk } from './testing/index.ts'
import { create, fetch, fetchRequest, folder, metadataOf, notables, produce, setUp, start } from './testing/requests.case.ts'

const commit = (client: RawClient, groupId: string, committedOffset = 7) =>
  client.call(apis.OffsetCommit, 8, {
    groupId,
    generationIdOrMemberEpoch: -1,
    memberId: '',
    topics: [{ name: 'a', partitions: [{ partitionIndex: 0, committedOffset, committedMetadata: '' }] }],
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
    const copy = crashed(data)
    await seeded.broker.close()
    for (const path of [data, copy]) {
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
    const path = crashed(data)
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
    await (await startBroker({ data: crashed(data), fsync: 'always', platform: { ...nodePlatform, disk: whole } })).close()
    for (const on of ['write', 'sync', 'syncFolder', 'read']) {
      const path = crashed(data)
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
