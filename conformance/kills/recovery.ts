/**
 * How long a start takes against the size of the log, after a clean end and after a crash, and what it reads; and how
 * long groups take to be there again.
 *
 *   node --conditions=@tidemark/source conformance/kills/recovery.ts [--quick]
 *
 * 10 MB to 20 GB (10 and 200 MB with --quick) in 4 partitions; asked: after a clean end no segment of a topic is read,
 * after a crash the last segment of each partition only, and after a kill in the middle of a load nothing that was
 * acknowledged is missing. 10,000 groups and ten million commits (1,000 and 100,000) are loaded from checkpoints
 * within a second, after a clean end and after a kill.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readdirSync, statfsSync, statSync, writeSync } from 'node:fs'
import { createInterface, type Interface } from 'node:readline'
import { createAdmin, createKafka, type Kafka } from '@tidemark/client'
import { type Connection, nodeTransport } from '@tidemark/platform'
import {
  type Api,
  apis,
  buildBatch,
  decodeResponse,
  encodeRequest,
  FrameSplitter,
  type Infer,
  type InferInput,
  peekResponse,
} from '@tidemark/protocol'
import { equal, Report } from '../report.ts'
import { sleep } from '../waiting.ts'
import { MiB, makeFolder, percentile, removeFolder } from './broker-process.ts'
import { isQuick, keepFigures } from './figures.ts'
import type { ReadSoFar } from './spied-broker.ts'

const SIZES_MB = isQuick ? [10, 200] : [10, 100, 1_000, 20_000]
const GROUPS = isQuick ? 1_000 : 10_000
const COMMITS = isQuick ? 100_000 : 10_000_000
const ENTRIES_A_GROUP = 10
/**
 * 50 logs of about 1 MiB behind their indexes, read for torn ends and for their producers, and 5,000 commits each
 * behind their checkpoints.
 */
const GROUPS_READ_MB = 150
const PARTITIONS = 4
const TOPIC = 'log'
const SEGMENT_BYTES = 256 * MiB
/** What is produced before a kill in the middle of it. */
const LOAD_BYTES = isQuick ? 100e6 : 800e6
const LOAD_BATCH = 15
const IN_FLIGHT = 8
const VALUE = Buffer.alloc(64 * 1024, 'tidemark ')
/** What is left free of the disk. */
const SPARE_BYTES = 5_000 * MiB

/** A broker whose disk is watched. */
class Spied {
  readonly #child: ChildProcess
  readonly #lines: Interface
  readonly address: string
  readonly listensAfterMs: number

  private constructor(child: ChildProcess, lines: Interface, first: string) {
    this.#child = child
    this.#lines = lines
    const [address, ms] = first.split(' ') as [string, string]
    this.address = address
    this.listensAfterMs = Number(ms)
  }

  static async start(folder: string): Promise<Spied> {
    const main = new URL('./spied-broker.ts', import.meta.url).pathname
    const args = ['--conditions=@tidemark/source', main, folder, JSON.stringify({ segmentBytesMax: SEGMENT_BYTES })]
    const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] })
    const lines = createInterface({ input: child.stdout! })
    const [first] = (await once(lines, 'line')) as [string]
    return new Spied(child, lines, first)
  }

  async read(): Promise<ReadSoFar> {
    this.#child.stdin!.write('?\n')
    return JSON.parse(((await once(this.#lines, 'line')) as [string])[0]) as ReadSoFar
  }

  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const ended = once(this.#child, 'exit')
    this.#child.kill(signal)
    await ended
  }
}

/** Sends requests as fast as they are answered, so many at a time. */
class Pipe {
  readonly #connection: Connection
  readonly #waiting = new Map<number, (frame: Buffer) => void>()
  readonly #received = new FrameSplitter()
  #next = 0

  constructor(connection: Connection) {
    this.#connection = connection
    connection.handlers = { onData: (chunk) => this.#onData(chunk), onDrain() {}, onClose() {} }
  }

  static async to(address: string): Promise<Pipe> {
    const [host, port] = address.split(':') as [string, string]
    return new Pipe(await nodeTransport.connect({ host, port: Number(port) }, 5_000))
  }

  #onData(chunk: Buffer): void {
    for (const frame of this.#received.push(chunk)) {
      const id = peekResponse(frame)
      this.#waiting.get(id)!(frame)
      this.#waiting.delete(id)
    }
  }

  async call<A extends Api>(api: A, version: number, body: InferInput<A['request']>): Promise<Infer<A['response']>> {
    const id = this.#next++
    const answered = new Promise<Buffer>((resolve) => this.#waiting.set(id, resolve))
    this.#connection.write(encodeRequest(api, version, id, 'filler', body))
    return decodeResponse(api, version, await answered)
  }

  end(): void {
    this.#connection.destroy()
  }
}

async function together(count: number, width: number, act: (i: number) => Promise<void>): Promise<void> {
  let next = 0
  const one = async (): Promise<void> => {
    while (next < count) await act(next++)
  }
  await Promise.all(Array.from({ length: width }, one))
}

async function fill(address: string, megabytes: number): Promise<void> {
  const pipe = await Pipe.to(address)
  const batch = buildBatch(
    Array.from({ length: LOAD_BATCH }, (_, i) => ({ key: Buffer.from(`${i}`), value: VALUE, timestampMs: 1_700_000_000_000 })),
  )
  await together(Math.ceil((megabytes * 1e6) / batch.length), IN_FLIGHT, async (i) => {
    const partitionData = [{ index: i % PARTITIONS, records: batch }]
    const { responses } = await pipe.call(apis.Produce, 7, { acks: -1, timeoutMs: 60_000, topicData: [{ name: TOPIC, partitionData }] })
    equal(responses[0]!.partitionResponses[0]!.errorCode, 0)
  })
  pipe.end()
}

/**
 * Kills the broker while it is produced to. Returns the end of each partition, as it was acknowledged, and megabytes a
 * second.
 */
async function killUnderLoad(broker: Spied): Promise<{ ends: number[]; rate: number }> {
  const pipe = await Pipe.to(broker.address)
  const records = buildBatch(Array.from({ length: LOAD_BATCH }, () => ({ key: null, value: VALUE, timestampMs: 1_700_000_000_000 })))
  const ends = Array.from({ length: PARTITIONS }, () => 0)
  const startedMs = performance.now()
  let acknowledged = 0
  let reached: () => void = () => {}
  const enough = new Promise<void>((resolve) => {
    reached = resolve
  })
  // Those that are under way when the broker is killed are never answered.
  void together(Number.POSITIVE_INFINITY, IN_FLIGHT, async (i) => {
    const index = i % PARTITIONS
    const topicData = [{ name: TOPIC, partitionData: [{ index, records }] }]
    const { responses } = await pipe.call(apis.Produce, 7, { acks: -1, timeoutMs: 60_000, topicData })
    ends[index] = Math.max(ends[index]!, responses[0]!.partitionResponses[0]!.baseOffset + LOAD_BATCH)
    acknowledged += records.length
    if (acknowledged >= LOAD_BYTES) reached()
  })
  await enough
  const rate = acknowledged / 1e3 / (performance.now() - startedMs)
  await broker.end('SIGKILL')
  pipe.end()
  return { ends, rate }
}

/**
 * Appends one record to each partition, and asks for the end of each: both have waited for whatever recovery there is.
 */
async function useAll(address: string): Promise<{ ms: number; ends: number[] }> {
  const startedMs = performance.now()
  const pipe = await Pipe.to(address)
  const ends: number[] = []
  for (let index = 0; index < PARTITIONS; index++) {
    const records = buildBatch([{ key: null, value: Buffer.from('x'), timestampMs: 1_700_000_000_000 }])
    const { responses } = await pipe.call(apis.Produce, 7, {
      acks: -1,
      timeoutMs: 60_000,
      topicData: [{ name: TOPIC, partitionData: [{ index, records }] }],
    })
    equal(responses[0]!.partitionResponses[0]!.errorCode, 0)
    ends.push(responses[0]!.partitionResponses[0]!.baseOffset)
  }
  pipe.end()
  return { ms: performance.now() - startedMs, ends }
}

const segmentsOf = (folder: string): string[] =>
  readdirSync(`${folder}/topics`, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.log'))
    .map((name) => `${folder}/topics/${name}`)
    .sort()

/** What a crash in the middle of a write leaves: half a batch at the end of each partition. */
function tear(folder: string): void {
  const last = new Map(segmentsOf(folder).map((path) => [path.slice(0, path.lastIndexOf('/')), path]))
  for (const path of last.values()) {
    const file = openSync(path, 'a')
    writeSync(file, Buffer.concat([Buffer.alloc(8), Buffer.from([0, 0, 0x10, 0]), Buffer.alloc(100, 0xa5)]))
    closeSync(file)
  }
}

async function recovery(report: Report, megabytes: number): Promise<[string, string][]> {
  const folder = makeFolder()
  const { bavail, bsize } = statfsSync(folder)
  const name = megabytes >= 1_000 ? `${megabytes / 1_000} GB` : `${megabytes} MB`
  if (bavail * bsize < megabytes * 1e6 + SPARE_BYTES) {
    report.skip(`a log of ${name}`, 'the disk is too small')
    return []
  }
  try {
    let broker = await Spied.start(folder)
    const kafka = createKafka({ brokers: [broker.address] })
    await createAdmin(kafka).topics.create(TOPIC, { partitions: PARTITIONS })
    await kafka.close()
    await fill(broker.address, megabytes)
    await broker.end('SIGTERM')

    broker = await Spied.start(folder)
    const cleanMs = broker.listensAfterMs
    const clean = await broker.read()
    await report.check(`${name}: a start after a clean end reads no segment of a topic`, () =>
      equal([clean.topicBytes, clean.internalBytes < MiB], [0, true]),
    )
    const cleanUse = await useAll(broker.address)
    await broker.end('SIGKILL')
    tear(folder)

    broker = await Spied.start(folder)
    const tornMs = broker.listensAfterMs
    const use = await useAll(broker.address)
    const torn = await broker.read()
    const segments = segmentsOf(folder)
    const bytes = segments.reduce((sum, path) => sum + statSync(path).size, 0)
    await report.check(`${name}: a start after a crash reads the last segment of each partition only, and loses nothing`, () => {
      equal(
        use.ends,
        cleanUse.ends.map((end) => end + 1),
      )
      equal(torn.topicSegments <= PARTITIONS, true)
      if (torn.topicBytes > PARTITIONS * (SEGMENT_BYTES + MiB)) throw new Error(`${torn.topicBytes} bytes were read`)
    })

    const { ends, rate } = await killUnderLoad(broker)
    broker = await Spied.start(folder)
    const killedMs = broker.listensAfterMs
    const killedUse = await useAll(broker.address)
    const killed = await broker.read()
    await report.check(
      `${name}: after a kill in the middle of a load all that was acknowledged is there, and nothing that was not sent`,
      () => {
        ends.forEach((end, i) => {
          const found = killedUse.ends[i]!
          if (found < end || found > end + IN_FLIGHT * LOAD_BATCH)
            throw new Error(`partition ${i} was acknowledged up to ${end} and ends at ${found}`)
        })
      },
    )
    await broker.end('SIGTERM')
    const mega = (n: number): string => `${(n / 1e6).toFixed(1)} MB`
    return [
      [
        `${name} (${segments.length} segments): clean start: process start to listening; then a record to each partition; read of topics, of the broker’s own logs`,
        `${cleanMs.toFixed(0)} ms; ${cleanUse.ms.toFixed(0)} ms; ${mega(clean.topicBytes)}, ${mega(clean.internalBytes)}`,
      ],
      [
        `${name}: torn start: process start to listening; then a record to each partition, recovery included; read of topics`,
        `${tornMs.toFixed(0)} ms; ${use.ms.toFixed(0)} ms; ${mega(torn.topicBytes)} of ${mega(bytes)} in ${torn.topicSegments} segments`,
      ],
      [
        `${name}: kill -9 in the middle of a load of ${rate.toFixed(0)} MB/s: process start to listening; then a record to each partition, recovery included; read of topics`,
        `${killedMs.toFixed(0)} ms; ${killedUse.ms.toFixed(0)} ms; ${mega(killed.topicBytes)} of ${mega(bytes + LOAD_BYTES)}`,
      ],
    ]
  } finally {
    removeFolder(folder)
  }
}

async function commitAll(address: string, from: number): Promise<void> {
  const pipes = await Promise.all(Array.from({ length: 4 }, () => Pipe.to(address)))
  await together(COMMITS / ENTRIES_A_GROUP, 64, async (i) => {
    const partitions = Array.from({ length: ENTRIES_A_GROUP }, (_, partitionIndex) => ({
      partitionIndex,
      committedOffset: from + Math.floor(i / GROUPS),
      committedMetadata: '',
    }))
    const body = { groupId: `group-${i % GROUPS}`, topics: [{ name: 'committed', partitions }] }
    const { topics } = await pipes[i % pipes.length]!.call(apis.OffsetCommit, 7, body)
    equal(topics[0]!.partitions[0]!.errorCode, 0)
  })
  for (const pipe of pipes) pipe.end()
}

/** Milliseconds until every group is listed. */
async function untilLoaded(address: string): Promise<number> {
  const startedMs = performance.now()
  const pipe = await Pipe.to(address)
  for (;;) {
    const { errorCode, groups } = await pipe.call(apis.ListGroups, 2, {})
    if (errorCode === 0 && groups.length === GROUPS) break
    if (performance.now() - startedMs > 60_000) throw new Error(`after 60 s there are ${groups.length} groups, error ${errorCode}`)
    await sleep(20)
  }
  pipe.end()
  return performance.now() - startedMs
}

async function committedOf(kafka: Kafka, group: string): Promise<number> {
  const offsets = await createAdmin(kafka).groups.offsets(group)
  equal(offsets.length, ENTRIES_A_GROUP)
  return percentile(
    offsets.map((o) => Number(o.offset)),
    0,
  )
}

async function groups(report: Report): Promise<[string, string][]> {
  const folder = makeFolder()
  try {
    let broker = await Spied.start(folder)
    let kafka = createKafka({ brokers: [broker.address] })
    await createAdmin(kafka).topics.create('committed', { partitions: ENTRIES_A_GROUP })
    await kafka.close()
    const startedMs = performance.now()
    await commitAll(broker.address, 1)
    const seconds = (performance.now() - startedMs) / 1_000
    const last = COMMITS / ENTRIES_A_GROUP / GROUPS
    const found: [string, string][] = []
    for (const [how, signal] of [
      ['kill -9', 'SIGKILL'],
      ['clean end', 'SIGTERM'],
    ] as const) {
      await broker.end(signal)
      broker = await Spied.start(folder)
      const ms = await untilLoaded(broker.address)
      kafka = createKafka({ brokers: [broker.address] })
      const { internalBytes, smallBytes } = await broker.read()
      const many = `${GROUPS.toLocaleString('en')} groups and ${COMMITS.toLocaleString('en')} commits`
      await report.check(
        `${many} are there after a ${how}, from checkpoints: at most ${GROUPS_READ_MB} MB of the log are read`,
        async () => {
          equal(await committedOf(kafka, `group-${GROUPS - 1}`), last)
          if (internalBytes > GROUPS_READ_MB * 1e6) throw new Error(`${internalBytes} bytes were read`)
        },
      )
      // The slice for CI does not look at the time: the machine may be busy.
      if (!isQuick) {
        await report.check(`… and within a second after a ${how}`, () => {
          if (ms > 1_000) throw new Error(`they took ${ms.toFixed(0)} ms`)
        })
      }
      await kafka.close()
      found.push([
        `groups after a ${how}: process start to listening; then until all are there; read of checkpoints, of logs`,
        `${broker.listensAfterMs.toFixed(0)} ms; ${ms.toFixed(0)} ms; ${(smallBytes / 1e6).toFixed(1)} MB, ${(internalBytes / 1e6).toFixed(1)} MB`,
      ])
    }
    await broker.end('SIGTERM')
    return [
      [
        'groups; commits; commits a second while they were made',
        `${GROUPS.toLocaleString('en')}; ${COMMITS.toLocaleString('en')}; ${Math.round(COMMITS / seconds).toLocaleString('en')}`,
      ],
      ...found,
    ]
  } finally {
    removeFolder(folder)
  }
}

const report = new Report('recovery')
const figures: [string, string][] = []
for (const megabytes of SIZES_MB) figures.push(...(await recovery(report, megabytes)))
figures.push(...(await groups(report)))
keepFigures('Recovery', 'recovery.ts', figures)
console.log(`${report.passed} passed, ${report.failed} failed, ${report.skipped} skipped`)
process.exit(report.failed === 0 ? 0 : 1)
