/**
 * What another program, or a disk, made of the files of a broker that was closed. What stands behind the end that was
 * written down is cut off and told, as the torn tail of a crash is; what changed before that end is an error, never
 * another state.
 */

import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { appendFileSync, cpSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
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
  const { groups } = await client.call(apis.OffsetFetch, 8, { groups: [group], requireStable: false })
  return [groups[0]!.topics[0]!.partitions[0]!.committedOffset, await produced(client)]
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
