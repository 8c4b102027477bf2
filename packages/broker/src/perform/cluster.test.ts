import { readFileSync, writeFileSync } from 'node:fs'
import { nodePlatform } from '@tidemark/platform'
import { type BatchHeader, batchesIn } from '@tidemark/protocol'
import { expect, onTestFinished, test } from 'vitest'
import { MemoryStore } from '../storage/memory-store.ts'
import { FileStore } from '../storage/file-store.ts'
import { temporaryFolder } from '../testing/index.ts'
import { Cluster } from './cluster.ts'
import { Failure } from './failure.ts'
import { loadState, STATE_FILE } from './load-state.ts'
import { ProducerIds } from './producer-ids.ts'
import { PartitionState } from '../state/log/partition-state.ts'
import type { Log } from '../storage/log.ts'
import { append } from '../storage/log.case.ts'

const failure = new Failure(() => {})

async function openStore(path: string): Promise<FileStore> {
  const store = await FileStore.open({
    path,
    disk: nodePlatform.disk,
    clock: nodePlatform.clock,
    fresh: { clusterId: 'a'.repeat(32), nodeId: 1 },
    fsync: 'never',
    fsyncIntervalMs: 1000,
    openFilesMax: 100,
    indexIntervalBytes: 4096,
    recoveryBytesMax: 1e9,
    onFailure: (cause) => failure.report(cause),
    onRecovered() {},
  })
  onTestFinished(() => store.abandon())
  return store
}

const folder = (): string => temporaryFolder(onTestFinished)
const makeTopic = (cluster: Cluster, name: string, id: string) =>
  cluster.write([{ kind: 'topic', id: id.repeat(32), name, partitions: 1, internal: false, createdMs: 1, configs: [] }])

test('a checkpoint that is damaged, or ahead of the log, is not used: the log is the truth', async () => {
  const path = folder()
  const checkpoint = `${path}/internal/__cluster_metadata/0/checkpoint`
  let store = await openStore(path)
  let cluster = await Cluster.open(store, nodePlatform, failure)
  await makeTopic(cluster, 'one', '1')
  await cluster.checkpoint()
  const old = readFileSync(checkpoint)
  await makeTopic(cluster, 'two', '2')
  await cluster.checkpoint()
  await store.close()
  const ahead = readFileSync(checkpoint)

  const names = async (bytes: Buffer): Promise<string[]> => {
    writeFileSync(checkpoint, bytes)
    store = await openStore(path)
    cluster = await Cluster.open(store, nodePlatform, failure)
    const found = [...cluster.metadata.byName.keys()]
    await store.close()
    return found
  }
  expect(await names(old)).toEqual(['one', 'two'])
  expect(await names(ahead)).toEqual(['one', 'two'])
  expect(await names(Buffer.from('rubbish'))).toEqual(['one', 'two'])

  // A log that lost its tail: the checkpoint speaks of records that are gone.
  const other = folder()
  store = await openStore(other)
  await (await Cluster.open(store, nodePlatform, failure)).checkpoint()
  await store.writeSmall('internal/__cluster_metadata/0', 'checkpoint', ahead.subarray(16))
  await store.close()
  store = await openStore(other)
  expect([...(await Cluster.open(store, nodePlatform, failure)).metadata.byName.keys()]).toEqual([])
})

test('producer ids are given once each, over restarts and however many ask at a time', async () => {
  const path = folder()
  const given: bigint[] = []
  for (let start = 0; start < 3; start++) {
    const store = await openStore(path)
    const ids = new ProducerIds(await Cluster.open(store, nodePlatform, failure), 4)
    given.push(...(await Promise.all(Array.from({ length: 10 }, () => ids.next()))))
    if (start === 1) store.abandon()
    else await store.close()
  }
  expect(new Set(given).size).toBe(30)
})

test('the leader epoch grows with each start and begins at 0', async () => {
  const store = new MemoryStore('a'.repeat(32), 1e9)
  expect((await Cluster.open(store, nodePlatform, failure)).metadata.leaderEpoch).toBe(0)
  const path = folder()
  for (const epoch of [0, 1, 2]) {
    const files = await openStore(path)
    expect((await Cluster.open(files, nodePlatform, failure)).metadata.leaderEpoch).toBe(epoch)
    await files.close()
  }
})

test('what a partition knows is the same from any snapshot, and without one', async () => {
  const store = await openStore(folder())
  const name = 'topics/t.0/0'
  const log = await store.open(name, { segmentBytesMax: 1000 }, { onCheckpoint() {} })
  for (let i = 0; i < 30; i++) await append(log, { producerId: BigInt(i % 3), producerEpoch: 0, baseSequence: Math.floor(i / 3) })
  const snapshot = async (): Promise<Buffer> => (await loadState(store, name, log, 100)).snapshot(0)
  const whole = await snapshot()
  expect((await loadState(store, name, log, 100)).producers.count).toBe(3)
  for (let cut = 0; cut <= 30; cut++) {
    const state = new PartitionState(100)
    for (const header of await readUpTo(log, cut)) state.apply(header)
    await store.writeSmall(name, STATE_FILE, state.snapshot(cut))
    expect(await snapshot()).toEqual(whole)
  }
  const ahead = new PartitionState(100)
  await store.writeSmall(name, STATE_FILE, ahead.snapshot(31))
  expect(await snapshot()).toEqual(whole)
})

async function readUpTo(log: Log, upTo: number): Promise<BatchHeader[]> {
  const headers: BatchHeader[] = []
  for (let from = 0; from < upTo; ) {
    for (const { header } of batchesIn(Buffer.concat(await log.read(from, upTo, 1e6)))) {
      headers.push(header)
      from = header.baseOffset + 1
    }
  }
  return headers
}
