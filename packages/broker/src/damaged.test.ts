/**
 * What another program, or a disk, made of the files of a broker that was closed. What stands behind the end that was
 * written down is cut off and told, as the torn tail of a crash is; what changed before that end is an error, never
 * another state.
 */

import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { apis, ErrorCode } from '@tidemark/protocol'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { type Broker, startBroker } from './broker.ts'
import type { Notable } from './diagnostics.ts'
import { batchOf, RawClient, temporaryFolder } from './testing/index.ts'

const SEGMENT = '00000000000000000000.log'
const kinds = ['internal/__cluster_metadata', 'internal/__consumer_offsets', 'topics/orders'] as const
type Kind = (typeof kinds)[number]

let data: string
const cleanups: (() => void)[] = []
beforeAll(async () => {
  data = temporaryFolder((clean) => cleanups.push(clean as () => void))
  const broker = await startBroker({ data, offsetsPartitions: 1 })
  const client = await RawClient.connect(broker)
  const topic = { name: 'orders', numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }
  await client.call(apis.CreateTopics, 7, { topics: [topic] })
  await produced(client)
  const commit = { name: 'orders', partitions: [{ partitionIndex: 0, committedOffset: 1, committedMetadata: null }] }
  await client.call(apis.OffsetCommit, 8, { groupId: 'g', generationIdOrMemberEpoch: -1, memberId: '', topics: [commit] })
  client.end()
  await broker.close()
})
afterAll(() => {
  for (const clean of cleanups) clean()
})

async function produced(client: RawClient): Promise<number> {
  const partition = { index: 0, records: batchOf({ values: ['a', 'b'] }) }
  const body = { acks: -1, timeoutMs: 1000, topicData: [{ name: 'orders', topicId: '0'.repeat(32), partitionData: [partition] }] }
  return Number((await client.call(apis.Produce, 9, body)).responses[0]!.partitionResponses[0]!.baseOffset)
}

/** The file of this kind of log in a copy of the folder, and what a broker tells that is started there. */
function copied(kind: Kind): { readonly folder: string; readonly file: string; readonly told: Notable[] } {
  const folder = temporaryFolder(onTestFinished)
  cpSync(data, folder, { recursive: true })
  const name = readdirSync(folder, { recursive: true, encoding: 'utf8' }).find((path) => path.startsWith(kind) && path.endsWith(SEGMENT))!
  const told: Notable[] = []
  const listener = (message: unknown): void => void told.push(message as Notable)
  subscribe('tidemark:broker', listener)
  onTestFinished(() => void unsubscribe('tidemark:broker', listener))
  return { folder, file: `${folder}/${name}`, told }
}

async function opened(folder: string): Promise<{ broker: Broker; client: RawClient }> {
  const broker = await startBroker({ data: folder, offsetsPartitions: 1 })
  const client = await RawClient.connect(broker)
  onTestFinished(async () => {
    client.end()
    await broker.close()
  })
  return { broker, client }
}

/** Where the group stands, and where the next record goes. */
async function seen(client: RawClient): Promise<unknown> {
  const group = { groupId: 'g', topics: [{ name: 'orders', partitionIndexes: [0] }] }
  const fetched = async () => (await client.call(apis.OffsetFetch, 8, { groups: [group], requireStable: false })).groups[0]!
  let found = await fetched()
  while (found.errorCode === ErrorCode.COORDINATOR_LOAD_IN_PROGRESS) found = await fetched()
  return [found.topics[0]!.partitions[0]!.committedOffset, await produced(client)]
}

const UNHARMED = [1, 2]

describe.each(kinds)('%s', (kind) => {
  test.each([
    ['text', () => Buffer.from('appended by another program')],
    ['zeros, as a file system leaves them', () => Buffer.alloc(5_000)],
    ['the log once more', (whole: Buffer) => whole],
    ['half of its first batch', (whole: Buffer) => whole.subarray(0, 40)],
  ])('%s behind its end is cut off and told, once', async (_, bytesOf) => {
    const { folder, file, told } = copied(kind)
    const whole = readFileSync(file)
    const bytes = bytesOf(whole)
    appendFileSync(file, bytes)
    const { broker, client } = await opened(folder)
    expect(await seen(client)).toEqual(UNHARMED)
    const cut = (): Notable[] => told.filter(({ kind }) => kind === 'recovered')
    expect(cut()).toMatchObject([{ bytesCut: bytes.length, log: expect.stringContaining(kind) }])
    expect(readFileSync(file).subarray(0, whole.length)).toEqual(whole)
    client.end()
    await broker.close()
    const again = await opened(folder)
    expect(await seen(again.client)).toEqual([1, 4])
    expect(cut()).toHaveLength(1)
  })
})

describe('a byte that changed before the end', () => {
  /** In the first batch: base offset, length, CRC, records. The checkpoint, which knows them, is not there. */
  const places = [0, 8, 18, 70]

  function changed(kind: Kind, at: number): ReturnType<typeof copied> {
    const copy = copied(kind)
    const bytes = readFileSync(copy.file)
    bytes[at]! ^= 0x41
    writeFileSync(copy.file, bytes)
    rmSync(copy.file.replace(SEGMENT, 'checkpoint'), { force: true })
    expect(statSync(copy.file).size).toBe(bytes.length)
    return copy
  }

  test.each(places)('of the metadata (byte %i) fails each start with LOG_DAMAGED', async (at) => {
    const { folder } = changed('internal/__cluster_metadata', at)
    for (let start = 0; start < 2; start++)
      await expect(startBroker({ data: folder })).rejects.toMatchObject({
        code: 'LOG_DAMAGED',
        message: expect.stringContaining('__cluster_metadata'),
      })
  })

  test.each(places)('of the committed offsets (byte %i) keeps their groups from being served, and is told', async (at) => {
    const { folder, told } = changed('internal/__consumer_offsets', at)
    const { client } = await opened(folder)
    const codes = () => told.flatMap((it) => (it.kind === 'unreadable' ? [(it.error as { code?: string }).code] : []))
    await expect.poll(codes).toEqual(['LOG_DAMAGED'])
    const group = { groupId: 'g', topics: [{ name: 'orders', partitionIndexes: [0] }] }
    const { groups } = await client.call(apis.OffsetFetch, 8, { groups: [group], requireStable: false })
    expect(groups[0]!.errorCode).toBe(ErrorCode.COORDINATOR_NOT_AVAILABLE)
    expect(codes()).toEqual(['LOG_DAMAGED'])
  })
})

describe.each([
  ['is gone', (file: string) => rmSync(file)],
  ['lost its last byte', (file: string) => truncateSync(file, statSync(file).size - 1)],
  ['is empty', (file: string) => truncateSync(file, 0)],
])('a file that %s since the clean end', (_, harm) => {
  const damaged = (kind: Kind) => {
    const copy = copied(kind)
    harm(copy.file)
    const codes = (): unknown[] => copy.told.flatMap((it) => (it.kind === 'unreadable' ? [(it.error as { code?: string }).code] : []))
    return { ...copy, codes }
  }

  test('fails each start, if it is of the metadata: topics are not lost without a word', async () => {
    const { folder } = damaged('internal/__cluster_metadata')
    for (let start = 0; start < 2; start++)
      await expect(startBroker({ data: folder })).rejects.toMatchObject({
        code: 'LOG_DAMAGED',
        message: expect.stringMatching(/__cluster_metadata.*had \d+ when it was closed/),
      })
  })

  test('keeps groups from being served, if it is of the committed offsets', async () => {
    const { folder, codes } = damaged('internal/__consumer_offsets')
    const { client } = await opened(folder)
    await expect.poll(codes).toEqual(['LOG_DAMAGED'])
    const group = { groupId: 'g', topics: [{ name: 'orders', partitionIndexes: [0] }] }
    const { groups } = await client.call(apis.OffsetFetch, 8, { groups: [group], requireStable: false })
    expect(groups[0]!.errorCode).toBe(ErrorCode.COORDINATOR_NOT_AVAILABLE)
  })

  test('keeps its partition from being served, if it is of a topic, until the topic is deleted', async () => {
    const { folder, codes } = damaged('topics/orders')
    const { client } = await opened(folder)
    const partition = { index: 0, records: batchOf({ values: ['a'] }) }
    const body = { acks: -1, timeoutMs: 1000, topicData: [{ name: 'orders', topicId: '0'.repeat(32), partitionData: [partition] }] }
    const { responses } = await client.call(apis.Produce, 9, body)
    expect(responses[0]!.partitionResponses[0]!.errorCode).toBe(ErrorCode.KAFKA_STORAGE_ERROR)
    expect(codes()).toContain('LOG_DAMAGED')
    const gone = await client.call(apis.DeleteTopics, 5, { topicNames: ['orders'], timeoutMs: 1000 })
    expect(gone.responses[0]!.errorCode).toBe(ErrorCode.NONE)
  })

  test('does not end the broker when retention looks at it', async () => {
    const { folder, file, told, codes } = damaged('topics/orders')
    rmSync(file.replace('.log', '.index'))
    const broker = await startBroker({ data: folder, offsetsPartitions: 1, retentionCheckIntervalMs: 5 })
    await expect.poll(codes).toEqual(['LOG_DAMAGED'])
    await broker.close()
    expect(told.filter(({ kind }) => kind === 'storageFailed')).toEqual([])
  })
})

describe('metadata that is gone after a crash', () => {
  const METADATA = 'internal/__cluster_metadata'
  const beginning =
    /__cluster_metadata\/0 has no records, and the folder of the data has 1 topic \(orders\): restore the folder of the data from a copy/

  test.each([
    ['its folder', (folder: string) => rmSync(`${folder}/${METADATA}`, { recursive: true })],
    ['its file', (_: string, file: string) => rmSync(file)],
    ['what is in its file', (_: string, file: string) => truncateSync(file, 0)],
    ['its first byte', (_: string, file: string) => writeFileSync(file, readFileSync(file).fill(0, 16, 17))],
  ])('fails each start, and no topic is removed: %s', async (_, harm) => {
    const { folder, file } = copied(METADATA)
    rmSync(`${folder}/clean`)
    for (const name of readdirSync(`${folder}/${METADATA}/0`)) if (/index$/.test(name)) rmSync(`${folder}/${METADATA}/0/${name}`)
    harm(folder, file)
    for (let start = 0; start < 2; start++)
      await expect(startBroker({ data: folder })).rejects.toMatchObject({ code: 'LOG_DAMAGED', message: beginning })
    expect(readdirSync(`${folder}/topics`)).toEqual([expect.stringMatching(/^orders\./)])
  })

  test('is noticed also where groups, or its own checkpoint, are all that is left', async () => {
    const { folder, file } = copied(METADATA)
    rmSync(`${folder}/clean`)
    rmSync(`${folder}/topics`, { recursive: true })
    rmSync(file)
    await expect(startBroker({ data: folder })).rejects.toMatchObject({ code: 'LOG_DAMAGED', message: /has __consumer_offsets/ })
    rmSync(`${folder}/internal/__consumer_offsets`, { recursive: true })
    await expect(startBroker({ data: folder })).rejects.toMatchObject({ code: 'LOG_DAMAGED', message: /its checkpoint/ })
    // As a start leaves it that was killed before its first record.
    rmSync(`${folder}/internal`, { recursive: true })
    await opened(folder)
  })
})

describe('a folder in the place of a file', () => {
  const put = (path: string, isEmpty = true): void => {
    rmSync(path, { recursive: true, force: true })
    mkdirSync(path)
    if (!isEmpty) writeFileSync(`${path}/mine`, '')
  }
  /** Every small file beside this kind of log. */
  const small = (file: string): string[] => {
    const beside = file.slice(0, -SEGMENT.length)
    return readdirSync(beside).flatMap((name) => (/\.log$/.test(name) ? [] : [`${beside}${name}`]))
  }

  describe.each(kinds)('%s', (kind) => {
    test.each(['clean', 'crash'])(
      'is removed, if it is empty and an index or a checkpoint is written anew (after a %s end)',
      async (end) => {
        const { folder, file, told } = copied(kind)
        if (end === 'crash') rmSync(`${folder}/clean`)
        const files = small(file)
        expect(files.length).toBeGreaterThan(1)
        for (const path of files) put(path)
        const { broker, client } = await opened(folder)
        expect(await seen(client)).toEqual(UNHARMED)
        const replaced = told.flatMap((it) => (it.kind === 'replaced' ? [it.path] : []))
        expect(files).toEqual(expect.arrayContaining([...new Set(replaced)]))
        expect(replaced.length).toBeGreaterThan(0)
        client.end()
        await broker.close()
        expect(told.filter(({ kind }) => kind === 'storageFailed')).toEqual([])
        const again = await opened(folder)
        expect(await seen(again.client)).toEqual([1, 4])
      },
    )
  })

  test('is left as it is, if there is something in it', async () => {
    const { folder, file } = copied('internal/__cluster_metadata')
    for (const path of small(file)) {
      const bytes = readFileSync(path)
      put(path, false)
      const what = {
        code: 'LOG_DAMAGED',
        message: `${path} is a folder with something in it, and has to be a file that the broker writes: move the folder away, and start again; nothing is lost by that`,
      }
      if (!path.endsWith('.timeindex')) await expect(startBroker({ data: folder })).rejects.toMatchObject(what)
      expect(existsSync(`${path}/mine`)).toBe(true)
      rmSync(path, { recursive: true })
      writeFileSync(path, bytes)
    }
    await opened(folder)
  })

  test.each([
    ['clean', { code: 'LOG_DAMAGED', message: /\/clean is a folder, and has to be a file .*: remove it, and start again/ }],
    ['FORMAT', { code: 'UNKNOWN_FORMAT', message: /\/FORMAT is a folder, .*: restore it from a copy/ }],
    ['lock', { code: 'STORAGE_FAILED', message: /\/lock: it is a folder, and has to be a file: if nothing else uses .*, remove it/ }],
  ])('is told, if it is %s', async (name, error) => {
    const { folder } = copied('topics/orders')
    put(`${folder}/${name}`)
    for (let start = 0; start < 2; start++) await expect(startBroker({ data: folder })).rejects.toMatchObject(error)
    rmSync(`${folder}/${name}`, { recursive: true })
    if (name !== 'FORMAT') await opened(folder)
  })

  test('is damage, if it is the log', async () => {
    const metadata = copied('internal/__cluster_metadata')
    put(metadata.file)
    await expect(startBroker({ data: metadata.folder })).rejects.toMatchObject({
      code: 'LOG_DAMAGED',
      message: /\.log is a folder, and has to be a file: restore the folder of the data from a copy/,
    })
    const topic = copied('topics/orders')
    put(topic.file)
    const { client } = await opened(topic.folder)
    const partition = { index: 0, records: batchOf({ values: ['a'] }) }
    const body = { acks: -1, timeoutMs: 1000, topicData: [{ name: 'orders', topicId: '0'.repeat(32), partitionData: [partition] }] }
    const { responses } = await client.call(apis.Produce, 9, body)
    expect(responses[0]!.partitionResponses[0]!.errorCode).toBe(ErrorCode.KAFKA_STORAGE_ERROR)
    expect(topic.told).toContainEqual({
      kind: 'unreadable',
      error: expect.objectContaining({ code: 'LOG_DAMAGED', message: expect.stringMatching(/or delete topic 'orders'$/) }),
    })
  })
})

test('a file in the place of a folder is damage of what would be in it', async () => {
  const metadata = copied('internal/__cluster_metadata')
  rmSync(`${metadata.folder}/internal`, { recursive: true })
  writeFileSync(`${metadata.folder}/internal`, '')
  await expect(startBroker({ data: metadata.folder })).rejects.toMatchObject({
    code: 'LOG_DAMAGED',
    message: expect.stringContaining('a file'),
  })
  const topics = copied('topics/orders')
  rmSync(`${topics.folder}/topics`, { recursive: true })
  writeFileSync(`${topics.folder}/topics`, '')
  const broker = await startBroker({ data: topics.folder })
  await expect(broker.closed).rejects.toMatchObject({ code: 'LOG_DAMAGED', message: /\/topics is, or lies in, a file/ })
})

test('a lock that another program wrote to is told', async () => {
  const { folder } = copied('topics/orders')
  writeFileSync(`${folder}/lock`, 'pid 4711\n'.repeat(200))
  await expect(startBroker({ data: folder })).rejects.toMatchObject({
    code: 'STORAGE_FAILED',
    message: /\/lock: it has to be empty, and another program wrote to it: if nothing else uses .*, remove it/,
  })
  rmSync(`${folder}/lock`)
  await opened(folder)
})
