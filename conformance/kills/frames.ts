/**
 * Damaged and hostile clients: mutated frames, clients that say nothing or half a sentence, clients that ask and do
 * not read, connections that are open on one side only. The broker lives, serves others meanwhile, and its memory is
 * bounded.
 *
 *   node --conditions=@tidemark/source conformance/kills/frames.ts [--quick]
 *
 * 1,000,000 mutated frames (20,000 with --quick), 300 silent and 300 greedy clients.
 */
import { readFileSync } from 'node:fs'
import net from 'node:net'
import { createAdmin, createKafka, createProducer, type Kafka, read } from '@tidemark/client'
import { apiByKey, apis, buildBatch, encodeRequest, FrameSplitter, peekResponse } from '@tidemark/protocol'
import { equal, Report } from '../report.ts'
import { sleep, until } from '../waiting.ts'
import { BrokerProcess, MiB, makeFolder, megabytes, percentile, randomOf, removeFolder } from './broker-process.ts'
import { isQuick, keepFigures } from './figures.ts'

const FRAMES = isQuick ? 20_000 : 1_000_000
const CONNECTIONS = 24
const PATIENCE_MS = 30
const SILENT = 300
const GREEDY = 300
/** A reply of a megabyte for each client that does not read, and what the broker needs anyway. */
const BROKER_BYTES_MAX = 768 * MiB
const SERVED_WITHIN_MS = 2_000
/** What mutants produce to, now and then with success. */
const TARGET = 'target'
/** The connection of another client, used meanwhile. */
const TOPIC = 'served-meanwhile'
const LARGE = 'large'

const random = randomOf(FRAMES)
const below = (n: number): number => Math.floor(random() * n)

const withSize = (frame: Buffer): Buffer => {
  const size = Buffer.alloc(4)
  size.writeInt32BE(frame.length)
  return Buffer.concat([size, frame])
}

/** What real clients said once, and a Produce and a Fetch of our own. */
function corpus(): Buffer[] {
  const golden = new URL('../../packages/protocol/src/messages/fixtures/golden.json', import.meta.url)
  const found = (JSON.parse(readFileSync(golden, 'utf8')) as { kind: string; hex: string }[]).filter((g) => g.kind === 'request')
  const records = buildBatch(Array.from({ length: 5 }, (_, i) => ({ key: Buffer.from(`k${i}`), value: Buffer.from('v'), timestampMs: i })))
  const produce = { acks: -1, timeoutMs: 1_000, topicData: [{ name: TARGET, partitionData: [{ index: 0, records }] }] }
  return [...found.map((g) => withSize(Buffer.from(g.hex, 'hex'))), Buffer.concat(encodeRequest(apis.Produce, 7, 1, 'mutant', produce))]
}

const EDGES = [-1, 0, 1, 0x7f, 0x7fff, 0x7fffffff, -0x80000000]

/** One to four changes; now and then the size in front is made to lie. */
function mutated(from: Buffer): Buffer {
  let frame = Buffer.from(from)
  for (let changes = 1 + below(4); changes > 0 && frame.length > 8; changes--) {
    const at = 4 + below(frame.length - 4)
    switch (below(7)) {
      case 0:
        frame[at] = below(256)
        break
      case 1:
        frame[at]! ^= 1 << below(8)
        break
      case 2:
        if (at + 4 <= frame.length) frame.writeInt32BE(EDGES[below(EDGES.length)]!, at)
        break
      case 3:
        frame = frame.subarray(0, at)
        break
      case 4:
        frame = Buffer.concat([frame.subarray(0, at), Buffer.from([below(256)]), frame.subarray(at)])
        break
      case 5:
        // Another API, or another version of it.
        frame.writeInt16BE(below(90), 4 + 2 * below(2))
        break
      case 6:
        frame = Buffer.concat([frame.subarray(0, at), frame.subarray(4 + below(frame.length - 4))])
    }
  }
  if (frame.length >= 4) frame.writeInt32BE(below(50) === 0 ? EDGES[below(EDGES.length)]! : frame.length - 4, 0)
  return frame
}

/** Sends requests of another client, again and again, and measures how long the answers take. */
class Canary {
  readonly #kafka: Kafka
  readonly #broker: BrokerProcess
  readonly latenciesMs: number[] = []
  readonly problems: string[] = []
  memoryBytesMax = 0
  #stopped = false
  #running: Promise<void> | undefined
  #sent = 0

  constructor(kafka: Kafka, broker: BrokerProcess) {
    this.#kafka = kafka
    this.#broker = broker
  }

  start(): void {
    this.#running = this.#run()
  }

  async #run(): Promise<void> {
    const producer = createProducer(this.#kafka, { deliveryTimeoutMs: 20_000 })
    for (; !this.#stopped; await sleep(50)) {
      const startedMs = performance.now()
      try {
        await producer.send(TOPIC, { partition: 0, value: String(this.#sent) })
        this.#sent++
      } catch (error) {
        this.problems.push(`not served: ${(error as Error).message}`)
      }
      this.latenciesMs.push(performance.now() - startedMs)
      this.memoryBytesMax = Math.max(this.memoryBytesMax, this.#broker.memoryBytes())
    }
    await producer.close()
  }

  /** Resolves when all that it produced was read back. */
  async stop(): Promise<void> {
    this.#stopped = true
    await this.#running
    let found = 0
    for await (const message of read(this.#kafka, TOPIC, { from: 'earliest', to: 'end', partitions: [0] })) {
      if (message.value?.toString() !== String(found++)) this.problems.push(`${message.value} stands where ${found - 1} was sent`)
    }
    equal(found, this.#sent)
  }

  judge(broker: BrokerProcess): void {
    if (!broker.isAlive) throw new Error(`the broker is dead: ${broker.said.slice(-500)}`)
    equal(this.problems.slice(0, 3), [])
    const slowest = Math.max(...this.latenciesMs)
    if (slowest > SERVED_WITHIN_MS) throw new Error(`another client waited ${slowest.toFixed(0)} ms`)
    if (this.memoryBytesMax > BROKER_BYTES_MAX) throw new Error(`the broker took ${megabytes(this.memoryBytesMax)}`)
  }

  figure(): string {
    return `${percentile(this.latenciesMs, 0.5).toFixed(1)}, ${percentile(this.latenciesMs, 0.99).toFixed(1)} ms; ${megabytes(this.memoryBytesMax)}`
  }
}

function connect(port: number, options: { allowHalfOpen?: boolean } = {}): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ port, host: '127.0.0.1', ...options }, () => resolve(socket))
    socket.on('error', reject)
  })
}

/** One connection: a mutant, and a question behind it whose answer shows that the broker has looked at the mutant. */
class Attacker {
  readonly #socket: net.Socket
  readonly #received = new FrameSplitter()
  #settle: ((outcome: Outcome) => void) | undefined
  #asked = 0

  constructor(socket: net.Socket) {
    this.#socket = socket
    socket.on('data', (chunk) => this.#onData(chunk))
    socket.on('error', () => {})
    socket.on('close', () => this.#settle?.('closed'))
  }

  #onData(chunk: Buffer): void {
    for (const frame of this.#received.push(chunk)) if (peekResponse(frame) === this.#asked) this.#settle?.('answered')
  }

  /** `waits`: the mutant asks for patience, or its size swallowed the question. */
  send(frame: Buffer): Promise<Outcome> {
    if (this.#socket.destroyed) return Promise.resolve('closed')
    this.#asked = 0x40000000 + below(0x3fffffff)
    const question = Buffer.concat(encodeRequest(apis.ApiVersions, 0, this.#asked, 'probe', {}))
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#settle?.('waits'), PATIENCE_MS)
      this.#settle = (outcome) => {
        clearTimeout(timer)
        this.#settle = undefined
        resolve(outcome)
      }
      // Some come in two pieces.
      const cut = below(4) === 0 ? below(frame.length) : 0
      if (cut > 0) this.#socket.write(frame.subarray(0, cut))
      this.#socket.write(Buffer.concat([frame.subarray(cut), question]))
    })
  }

  end(): void {
    this.#socket.destroy()
  }
}

type Outcome = 'answered' | 'closed' | 'waits'

async function mutants(port: number, frames: readonly Buffer[], count: number): Promise<Record<Outcome, number>> {
  const outcomes: Record<Outcome, number> = { answered: 0, closed: 0, waits: 0 }
  let left = count
  const one = async (): Promise<void> => {
    while (left > 0) {
      const attacker = new Attacker(await connect(port))
      let outcome: Outcome = 'answered'
      while (left > 0 && outcome === 'answered') {
        left--
        outcome = await attacker.send(mutated(frames[below(frames.length)]!))
        outcomes[outcome]++
      }
      attacker.end()
    }
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, one))
  return outcomes
}

/** Clients that say nothing, half a size, half a frame, or announce a frame of 100 MB and send a little of it. */
async function silentClients(port: number): Promise<net.Socket[]> {
  const hello = Buffer.concat(encodeRequest(apis.ApiVersions, 0, 1, 'silent', {}))
  const large = Buffer.alloc(4)
  large.writeInt32BE(100 * MiB)
  const said = [Buffer.alloc(0), hello.subarray(0, 2), hello.subarray(0, hello.length - 1), Buffer.concat([large, Buffer.alloc(1_000)])]
  const sockets: net.Socket[] = []
  for (let i = 0; i < SILENT; i++) {
    const socket = await connect(port)
    socket.on('error', () => {})
    socket.write(said[i % said.length]!)
    sockets.push(socket)
  }
  return sockets
}

/** Clients that ask for a megabyte again and again and never read: slow readers at their worst. */
async function greedyClients(port: number): Promise<net.Socket[]> {
  const topics = [{ topic: LARGE, partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: MiB }] }]
  const fetch = (id: number): Buffer =>
    Buffer.concat(
      encodeRequest(apis.Fetch, 4, id, 'greedy', {
        replicaId: -1,
        maxWaitMs: 100,
        minBytes: 1,
        maxBytes: 50 * MiB,
        isolationLevel: 0,
        topics,
      }),
    )
  const asked = Buffer.concat(Array.from({ length: 100 }, (_, id) => fetch(id)))
  const sockets: net.Socket[] = []
  for (let i = 0; i < GREEDY; i++) {
    const socket = await connect(port)
    socket.on('error', () => {})
    socket.pause()
    socket.write(asked)
    sockets.push(socket)
  }
  return sockets
}

/** A client that closes its side after its question gets its answer all the same, or is closed; either way soon. */
async function halfOpen(port: number): Promise<{ answered: number; closed: number }> {
  let answered = 0
  let closed = 0
  for (let i = 0; i < 50; i++) {
    const socket = await connect(port, { allowHalfOpen: true })
    const over = new Promise<void>((resolve) => socket.once('end', resolve).once('close', () => resolve()))
    let bytes = 0
    socket.on('data', (chunk) => {
      bytes += chunk.length
    })
    socket.end(Buffer.concat(encodeRequest(apis.ApiVersions, 0, i, 'half', {})))
    await Promise.race([over, sleep(5_000).then(() => Promise.reject(new Error('a half-open connection was still open after 5 s')))])
    if (bytes > 4) answered++
    closed++
    socket.destroy()
  }
  return { answered, closed }
}

async function fill(kafka: Kafka): Promise<void> {
  const producer = createProducer(kafka)
  const value = Buffer.alloc(100_000, 'x')
  for (let i = 0; i < 10; i++)
    await producer.send(
      LARGE,
      Array.from({ length: 10 }, () => ({ value, partition: 0 })),
    )
  await producer.close()
}

const report = new Report('frames')
const figures: [string, string][] = []
const broker = new BrokerProcess(makeFolder(), 'interval')
await broker.start()
const kafka = createKafka({ brokers: [broker.address], requestTimeoutMs: 10_000 })

/** Sends damaged frames while another client is served. */
async function meanwhile(name: string, harm: () => Promise<void>): Promise<void> {
  const canary = new Canary(kafka, broker)
  await report.check(name, async () => {
    canary.start()
    try {
      await harm()
    } finally {
      await canary.stop().catch((error) => canary.problems.push((error as Error).message))
    }
    canary.judge(broker)
  })
  figures.push([`${name}: another client's produce, median, 99 %; the broker's memory at most`, canary.figure()])
}

try {
  for (const topic of [LARGE, TARGET]) await createAdmin(kafka).topics.create(topic, { partitions: 1 })
  await fill(kafka)
  // A canary's log is its own: each begins with a new topic.
  const fresh = async (): Promise<void> => {
    const admin = createAdmin(kafka)
    await admin.topics.delete(TOPIC).catch(() => {})
    await admin.topics.create(TOPIC, { partitions: 1 })
  }
  await fresh()
  const frames = corpus()
  const startedMs = performance.now()
  const outcomes: Record<Outcome, number> = { answered: 0, closed: 0, waits: 0 }
  await meanwhile(`${FRAMES.toLocaleString('en')} mutated frames`, async () => {
    Object.assign(outcomes, await mutants(broker.port, frames, FRAMES))
  })
  const seconds = (performance.now() - startedMs) / 1_000
  const counts = [outcomes.answered, outcomes.closed, outcomes.waits].map((n) => n.toLocaleString('en')).join('; ')
  figures.push(['mutated frames: read, and the connection lives; connection closed; still waiting after 30 ms', counts])
  figures.push(['mutated frames: seconds', seconds.toFixed(0)])
  figures.push([
    'mutated frames are made of',
    `${frames.length} requests of kcat, kafkajs and ours, ${new Set(frames.map((f) => apiByKey.get(f.readInt16BE(4))?.name)).size} APIs`,
  ])

  await fresh()
  await meanwhile(`${SILENT} silent clients`, async () => {
    const sockets = await silentClients(broker.port)
    await sleep(isQuick ? 2_000 : 15_000)
    for (const socket of sockets) socket.destroy()
  })
  await fresh()
  await meanwhile(`${GREEDY} greedy clients that ask for 100 MB each and do not read`, async () => {
    const sockets = await greedyClients(broker.port)
    await sleep(isQuick ? 4_000 : 20_000)
    for (const socket of sockets) socket.destroy()
  })
  await report.check('half-open connections end soon', async () => {
    const { answered, closed } = await halfOpen(broker.port)
    figures.push(['half-open connections: answered, then closed', `${answered} of ${closed}`])
    equal(closed, 50)
  })
  await report.check('no more memory than that after it all', async () => {
    await until('the memory is below the limit', () => broker.memoryBytes() < BROKER_BYTES_MAX, 20_000)
    figures.push(['the broker’s memory at the end', megabytes(broker.memoryBytes())])
  })
  await report.check('said nothing of a bug', () => equal(/bug|TypeError|RangeError/.exec(broker.said)?.[0], undefined))
} finally {
  await kafka.close()
  await broker.kill()
  removeFolder(broker.folder)
}
keepFigures('Damaged and hostile clients', 'frames.ts', figures)
console.log(`${report.passed} passed, ${report.failed} failed, ${report.skipped} skipped`)
process.exit(report.failed === 0 ? 0 : 1)
