import { readFileSync, writeFileSync } from 'node:fs'
import { nodePlatform } from '@tidemark/platform'
import { batchesIn } from '@tidemark/protocol'
import { expect, onTestFinished, test } from 'vitest'
import { Failure } from '../failure.ts'
import { loadState, STATE_FILE } from '../partition/load-state.ts'
import { PartitionState } from '../state/log/partition-state.ts'
import { crcOf } from '../state/log/point.ts'
import { FileStore } from '../storage/file-store.ts'
import { append } from '../storage/log.case.ts'
import type { Log } from '../storage/log.ts'
import { MemoryStore } from '../storage/memory-store.ts'
import { temporaryFolder } from '../testing/index.ts'
import { MetadataLog } from './metadata-log.ts'
import { ProducerIds } from './producer-ids.ts'

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
    onReplaced() {},
  })
  onTestFinished(() => store.abandon())
  return store
}

const folder = (): string => temporaryFolder(onTestFinished)
const makeTopic = (metadataLog: MetadataLog, name: string, id: string) =>
  metadataLog.write([{ kind: 'topic', id: id.repeat(32), name, partitions: 1, internal: false, createdMs: 1, configs: [], placement: [] }])

test('a checkpoint that is damaged, or ahead of the log, is not used: the log is the truth', async () => {
  const path = folder()
  const checkpoint = `${path}/internal/__cluster_metadata/0/checkpoint`
  let store = await openStore(path)
  let metadataLog = await MetadataLog.open(store, nodePlatform, failure)
  await makeTopic(metadataLog, 'one', '1')
  await metadataLog.checkpoint()
  const old = readFileSync(checkpoint)
  await makeTopic(metadataLog, 'two', '2')
  await metadataLog.checkpoint()
  await store.close()
  const ahead = readFileSync(checkpoint)

  const names = async (bytes: Buffer): Promise<string[]> => {
    writeFileSync(checkpoint, bytes)
    store = await openStore(path)
    metadataLog = await MetadataLog.open(store, nodePlatform, failure)
    const found = [...metadataLog.metadata.byName.keys()]
    await store.close()
    return found
  }
  expect(await names(old)).toEqual(['one', 'two'])
  expect(await names(ahead)).toEqual(['one', 'two'])
  expect(await names(Buffer.from('rubbish'))).toEqual(['one', 'two'])

  // A log that lost its tail: the checkpoint speaks of records that are gone.
  const other = folder()
  store = await openStore(other)
  await (await MetadataLog.open(store, nodePlatform, failure)).checkpoint()
  await store.writeSmall('internal/__cluster_metadata/0', 'checkpoint', ahead.subarray(16))
  await store.close()
  store = await openStore(other)
  expect([...(await MetadataLog.open(store, nodePlatform, failure)).metadata.byName.keys()]).toEqual([])
})

test('producer ids are given once each, over restarts and however many ask at a time', async () => {
  const path = folder()
  const given: bigint[] = []
  for (let start = 0; start < 3; start++) {
    const store = await openStore(path)
    const ids = new ProducerIds(await MetadataLog.open(store, nodePlatform, failure), 4)
    given.push(...(await Promise.all(Array.from({ length: 10 }, () => ids.next()))))
    if (start === 1) store.abandon()
    else await store.close()
  }
  expect(new Set(given).size).toBe(30)
})

test('the leader epoch grows with each start and begins at 0', async () => {
  const store = new MemoryStore('a'.repeat(32), 1e9)
  expect((await MetadataLog.open(store, nodePlatform, failure)).metadata.leaderEpoch).toBe(0)
  const path = folder()
  for (const epoch of [0, 1, 2]) {
    const files = await openStore(path)
    expect((await MetadataLog.open(files, nodePlatform, failure)).metadata.leaderEpoch).toBe(epoch)
    await files.close()
  }
})

const NAME = 'topics/t.0/0'
const nowhere = { reaches: 0, lastCrc: 0 }

async function openLog(store: FileStore): Promise<Log> {
  return store.open(NAME, { segmentBytesMax: 1000 }, { onCheckpoint() {} })
}

const loaded = async (store: FileStore, log: Log): Promise<Buffer> => (await loadState(store, NAME, log, 100)).state.snapshot(nowhere)

test('what a partition knows is the same from any snapshot, and without one', async () => {
  const store = await openStore(folder())
  const log = await openLog(store)
  for (let i = 0; i < 30; i++) await append(log, { producerId: BigInt(i % 3), producerEpoch: 0, baseSequence: Math.floor(i / 3) })
  const whole = await loaded(store, log)
  expect((await loadState(store, NAME, log, 100)).state.producers.count).toBe(3)
  for (let cut = 0; cut <= 30; cut++) {
    await store.writeSmall(NAME, STATE_FILE, await snapshotAt(log, cut))
    expect(await loaded(store, log)).toEqual(whole)
  }
})

test('a snapshot whose end of the log a crash took away is not used, also when the log was written on', async () => {
  const [first, second] = [await openStore(folder()), await openStore(folder())]
  const [lost, kept] = [await openLog(first), await openLog(second)]
  for (let i = 0; i < 10; i++) {
    await append(lost, { producerId: 1n, producerEpoch: 0, baseSequence: i })
    await append(kept, i < 5 ? { producerId: 1n, producerEpoch: 0, baseSequence: i } : { values: ['other'] })
  }
  const whole = await loaded(second, kept)
  for (let cut = 6; cut <= 10; cut++) {
    await second.writeSmall(NAME, STATE_FILE, await snapshotAt(lost, cut))
    expect(await loaded(second, kept)).toEqual(whole)
  }
})

async function snapshotAt(log: Log, cut: number): Promise<Buffer> {
  const state = new PartitionState(100)
  let lastCrc = 0
  for (let from = 0; from < cut; ) {
    const bytes = Buffer.concat(await log.read(from, cut, 1e6))
    for (const { at, header } of batchesIn(bytes)) {
      state.apply(header)
      lastCrc = crcOf(bytes, at)
      from = header.baseOffset + 1
    }
  }
  return state.snapshot({ reaches: cut, lastCrc })
}
