/**
 * What a disk can do to a broker that was not in its way: the last batch torn at each of its bytes, syncs that
 * failed, syncs that did nothing, and power that is lost where `fsync` does not promise to keep everything.
 */

import { type Broker, startBroker } from '@tidemark/broker'
import { createAdmin, createKafka, createProducer, type Kafka, type Message, read } from '@tidemark/client'
import { handleOf } from '@tidemark/client/internal'
import { apis, batchesIn } from '@tidemark/protocol'
import { Network, Process, Scheduler, SeededRandom, SimulatedDisk } from '@tidemark/testing/internal'
import { expect, test } from 'vitest'

const TOPIC = 'work'
const GROUP = 'workers'
const LIMIT_MS = 60_000

/** One broker at a time on one disk, and clients of it. */
class Bench {
  readonly random: SeededRandom
  readonly scheduler = new Scheduler()
  readonly network: Network
  readonly disk: SimulatedDisk
  #broker: Process | undefined
  #running: Broker | undefined

  constructor(seed: number, disk?: SimulatedDisk) {
    this.random = new SeededRandom(seed)
    this.network = new Network(this.random.fork())
    this.disk = disk ?? new SimulatedDisk(this.random.fork())
  }

  /** Lets simulated time pass until the promise is settled. */
  async settle<T>(promise: Promise<T>): Promise<T> {
    let over = false
    const done = (): void => {
      over = true
    }
    promise.then(done, done)
    await this.scheduler.run(
      this.scheduler.now + LIMIT_MS,
      () => over,
      () => {},
    )
    if (!over) throw new Error('it takes for ever')
    return promise
  }

  #process(name: string): Process {
    return new Process(name, this.scheduler, this.network, this.disk, this.random)
  }

  async start(fsync: 'never' | 'interval' | 'always' = 'always', recoveryBytesMax = 500): Promise<void> {
    this.#broker = this.#process('broker')
    const { platform } = this.#broker
    const listen = { host: '127.0.0.1', port: 9092 }
    this.#running = await this.settle(
      startBroker({
        data: '/data',
        listen,
        platform,
        fsync,
        fsyncIntervalMs: 20,
        segmentBytesMax: 4_000,
        recoveryBytesMax,
        checkpointIntervalRecords: 3,
      }),
    )
  }

  /** Resolves once the broker has stopped because of its disk. */
  async failed(): Promise<void> {
    await this.settle(expect(this.#running!.closed).rejects.toMatchObject({ code: 'STORAGE_FAILED' }))
  }

  crash(): void {
    this.#broker?.crash()
  }

  async with<T>(use: (kafka: Kafka) => Promise<T>): Promise<T> {
    const { platform } = this.#process('client')
    const kafka = createKafka({ brokers: ['127.0.0.1:9092'], platform, connectTimeoutMs: 300, requestTimeoutMs: 2_000 })
    return this.settle(use(kafka).finally(() => kafka.close()))
  }

  produce(values: readonly string[]): Promise<void> {
    return this.with(async (kafka) => {
      const producer = createProducer(kafka)
      for (const value of values) await producer.send(TOPIC, { key: 'k', value })
      await producer.close()
    })
  }

  commit(offset: number): Promise<void> {
    return this.with(async (kafka) => {
      const partitions = [{ partitionIndex: 0, committedOffset: offset, committedLeaderEpoch: -1, committedMetadata: '' }]
      const request = { groupId: GROUP, generationIdOrMemberEpoch: -1, memberId: '', topics: [{ name: TOPIC, partitions }] }
      const to = { node: { coordinator: GROUP }, purpose: 'admin', versionMax: 9 } as const
      const { body } = await handleOf(kafka).cluster.send(apis.OffsetCommit, request, to)
      expect(body.topics[0]!.partitions[0]!.errorCode).toBe(0)
    })
  }

  values(): Promise<string[]> {
    return this.with(async (kafka) => {
      const found: Message[] = []
      for await (const m of read(kafka, TOPIC, { from: 'earliest', to: 'end' })) found.push(m)
      expect(found.map((m) => Number(m.offset))).toEqual(found.map((_, i) => i))
      return found.map((m) => m.value!.toString())
    })
  }

  committed(): Promise<number | undefined> {
    return this.with(async (kafka) => (await createAdmin(kafka).groups.offsets(GROUP)).map((o) => Number(o.offset))[0])
  }
}

/** A disk whose broker was killed after ten records, of which the last has a batch of its own, and two commits. */
async function killed(): Promise<SimulatedDisk> {
  const bench = new Bench(1)
  await bench.start()
  await bench.produce(Array.from({ length: 10 }, (_, i) => `v${i}`))
  await bench.commit(4)
  await bench.commit(7)
  bench.crash()
  return bench.disk
}

/** The last segment of a log, and where its last batch begins. */
function lastBatch(disk: SimulatedDisk, log: RegExp): { path: string; bytes: Buffer; begin: number } {
  const [path, bytes] = [...disk.contents()].filter(([p]) => log.test(p) && p.endsWith('.log')).sort(([a], [b]) => (a < b ? 1 : -1))[0]!
  return { path, bytes: Buffer.from(bytes), begin: [...batchesIn(bytes)].at(-1)!.at }
}

/** Zeros behind it would make a batch that is torn there whole again. */
const lastNonZero = (batch: Buffer): number => batch.length - 1 - [...batch].reverse().findIndex((byte) => byte !== 0)

const tails = { nothing: (): Buffer => Buffer.alloc(0), zeros: Buffer.alloc, garbage: (size: number): Buffer => Buffer.alloc(size, 0xa5) }

/**
 * A broker on the same disk, of whose last batch only the first `cut` bytes are there, and something or nothing
 * behind them.
 */
async function torn(disk: SimulatedDisk, log: RegExp, cut: number, tail: keyof typeof tails): Promise<Bench> {
  const copy = disk.clone(new SeededRandom(cut))
  const { path, bytes, begin } = lastBatch(copy, log)
  const kept = bytes.subarray(0, begin + cut)
  copy.put(path, Buffer.concat([kept, tails[tail](bytes.length - kept.length)]))
  const bench = new Bench(cut, copy)
  await bench.start()
  return bench
}

test.each(Object.keys(tails) as (keyof typeof tails)[])(
  'a batch torn at any byte, with %s behind the tear, is gone, and the log goes on',
  async (tail) => {
    const disk = await killed()
    const { bytes, begin } = lastBatch(disk, /topics/)
    for (let cut = 0; cut <= lastNonZero(bytes.subarray(begin)); cut++) {
      const bench = await torn(disk, /topics/, cut, tail)
      expect(await bench.values(), `${cut} bytes`).toEqual(Array.from({ length: 9 }, (_, i) => `v${i}`))
      await bench.produce(['next'])
      expect((await bench.values()).slice(8)).toEqual(['v8', 'next'])
    }
  },
)

test.each(Object.keys(tails) as (keyof typeof tails)[])(
  'a commit torn at any byte, with %s behind the tear, leaves the one before it',
  async (tail) => {
    const disk = await killed()
    const { bytes, begin } = lastBatch(disk, /__consumer_offsets/)
    for (let cut = 0; cut <= lastNonZero(bytes.subarray(begin)); cut++) {
      const bench = await torn(disk, /__consumer_offsets/, cut, tail)
      expect(await bench.committed(), `${cut} bytes`).toBe(4)
      await bench.commit(9)
      expect(await bench.committed()).toBe(9)
    }
  },
)

test('the last record of the cluster’s metadata torn at any byte: the broker starts, and what was before is there', async () => {
  const disk = await killed()
  const { bytes, begin } = lastBatch(disk, /__cluster_metadata/)
  for (let cut = 0; cut < bytes.length - begin; cut++) await torn(disk, /__cluster_metadata/, cut, 'garbage')
})

test('a sync that failed is never believed: what is shown after the next start is there after the next loss of power', async () => {
  for (let seed = 1; seed <= 60; seed++) {
    const bench = new Bench(seed)
    await bench.start()
    await bench.produce(['0', '1', '2'])
    let n = 3
    bench.disk.fault = (operation, path) => (operation === 'sync' && path.includes('/topics/') ? 'EIO' : undefined)
    const refused = bench.produce(Array.from({ length: 1 + bench.random.below(5) }, () => String(n++))).catch(() => {})
    await bench.failed()
    bench.crash()
    await refused
    bench.disk.fault = undefined
    if (bench.random.chance(0.3)) bench.disk.dropCaches()
    await bench.start()
    const shown = await bench.values()
    await bench.produce([String(n++), String(n++)])
    const before = await bench.values()
    expect(before.slice(0, shown.length), `seed ${seed}`).toEqual(shown)
    bench.crash()
    bench.disk.losePower()
    await bench.start()
    expect(await bench.values(), `seed ${seed}`).toEqual(before)
  }
})

test.each(['never', 'interval'] as const)(
  'under %s, after each loss of power the broker starts, and its log is the beginning of what it was: no hole, nothing twice, nothing else',
  async (fsync) => {
    for (let seed = 1; seed <= 60; seed++) {
      const bench = new Bench(seed)
      await bench.start()
      await bench.produce(['0'])
      bench.crash()
      await bench.start(fsync)
      let n = 1
      for (let round = 0; round < 4; round++) {
        await bench.produce(Array.from({ length: 1 + bench.random.below(60) }, () => String(n++)))
        const known = await bench.values()
        bench.crash()
        if (bench.random.chance(0.7)) bench.disk.losePower()
        await bench.start(fsync)
        const found = await bench.values()
        expect(found, `seed ${seed}`).toEqual(known.slice(0, found.length))
      }
    }
  },
)

// Acknowledged records may be lost here, and what was lost may have been a block of producer ids: those that are
// given again make new
// records look like old ones. An index is written at the end of a segment only: what it covers is believed, and this
// disk would make it a liar.
test('syncs that did nothing: after each loss of power the broker starts, and its log has no hole, nothing twice and nothing out of order', async () => {
  for (let seed = 1; seed <= 60; seed++) {
    const bench = new Bench(seed)
    await bench.start()
    await bench.produce(['0'])
    bench.crash()
    // From here on: what a folder is at all was written by a disk that told the truth.
    bench.disk.lies = true
    let n = 1
    for (let round = 0; round < 4; round++) {
      await bench.start('always', 1e9)
      await bench.produce(Array.from({ length: 1 + bench.random.below(12) }, () => String(n++)))
      const found = (await bench.values()).map(Number)
      expect(found, `seed ${seed}`).toEqual([...new Set(found)].sort((a, b) => a - b))
      const end = found.length
      await bench.commit(end)
      expect(await bench.committed()).toBe(end)
      bench.crash()
      bench.disk.losePower()
    }
  }
})
