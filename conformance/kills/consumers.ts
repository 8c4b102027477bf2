/**
 * Four consumers under load, with members that are killed, stopped for longer than their session and restarted, and a
 * broker that is killed in between; and a broker that is stopped for longer than the session of its members.
 *
 *   node --conditions=@tidemark/source conformance/kills/consumers.ts [--quick]
 *
 * Ten minutes, 30 s with --quick. Asked: nothing is lost, the records of a key keep their order, every record that was
 * done twice is explained by a crash or a takeover, and memory stays flat. After the broker's stall no member was
 * evicted (kafkajs members: ours would leave by themselves).
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { createAdmin, createKafka, createProducer, type Kafka } from '@tidemark/client'
import { kafkaJs } from '../clients/kafkajs-package.ts'
import { equal, Report } from '../report.ts'
import { sleep, until } from '../waiting.ts'
import { BrokerProcess, makeFolder, megabytes, memoryOf, randomOf, removeFolder } from './broker-process.ts'
import { isQuick, keepFigures } from './figures.ts'
import { causes, judgeJournal } from './journal.ts'
import type { MemberTask } from './member.ts'

const TOPIC = 'work'
const GROUP = 'workers'
const SECONDS = isQuick ? 30 : 600
const RECORDS_A_SECOND = 1_000
const KEYS = 60
const PARTITIONS = 6
const SESSION_MS = 3_000
const PAUSE_MS = isQuick ? 1_500 : 3_000
const BROKER_EVERY_MS = isQuick ? 9_000 : 30_000

const folder = makeFolder()
const journal = `${folder}/journal`
const note = (...words: (string | number)[]): void => appendFileSync(journal, `${words.join(' ')}\n`)
const random = randomOf(SECONDS)

/** One of the four: process after process. */
class Slot {
  readonly #broker: BrokerProcess
  readonly #index: number
  #incarnation = 0
  #child: ChildProcess | undefined
  name = ''
  isStopped = false

  constructor(broker: BrokerProcess, index: number) {
    this.#broker = broker
    this.#index = index
  }

  start(): void {
    this.name = `m${this.#index}.${++this.#incarnation}`
    const task: MemberTask = {
      address: this.#broker.address,
      topic: TOPIC,
      group: GROUP,
      name: this.name,
      journal,
      sessionTimeoutMs: SESSION_MS,
      workMsMax: 8,
    }
    const main = new URL('./member.ts', import.meta.url).pathname
    this.#child = spawn(process.execPath, ['--conditions=@tidemark/source', main], {
      env: { ...process.env, KILLS_MEMBER: JSON.stringify(task) },
      stdio: ['ignore', 'ignore', 'inherit'],
    })
  }

  get memoryBytes(): number {
    return this.#child?.pid === undefined ? 0 : memoryOf(this.#child.pid)
  }

  get isRunning(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null
  }

  async #ended(): Promise<void> {
    await until(`${this.name} ends`, () => !this.isRunning, 20_000)
  }

  async kill(): Promise<void> {
    this.#child!.kill('SIGKILL')
    await this.#ended()
    note('killed', this.name)
    await sleep(random() * 2_000)
    this.start()
  }

  /** SIGSTOP past the session: the group goes on without it, and then it comes back and knows nothing. */
  async freeze(): Promise<void> {
    this.isStopped = true
    note('stopped', this.name)
    this.#child!.kill('SIGSTOP')
    await sleep(SESSION_MS * (1.3 + random()))
    this.#child!.kill('SIGCONT')
    note('continued', this.name)
    this.isStopped = false
  }

  async restart(): Promise<void> {
    await this.end()
    this.start()
  }

  async end(): Promise<void> {
    note('told', this.name)
    this.#child!.kill('SIGTERM')
    await this.#ended()
  }

  destroy(): void {
    this.#child?.kill('SIGKILL')
  }
}

async function produce(kafka: Kafka, until: { stopped: boolean }): Promise<Set<string>> {
  const acknowledged = new Set<string>()
  const producer = createProducer(kafka, { deliveryTimeoutMs: 120_000, maxBlockMs: 120_000 })
  const pending = new Set<Promise<void>>()
  const startedMs = performance.now()
  for (let sent = 0; !until.stopped; ) {
    const due = ((performance.now() - startedMs) / 1_000) * RECORDS_A_SECOND
    for (; sent < due; sent++) {
      const key = `k${sent % KEYS}`
      const n = Math.floor(sent / KEYS)
      const one = producer.send(TOPIC, { key, value: String(n) }).then(() => {
        acknowledged.add(`${key}:${n}`)
        pending.delete(one)
      })
      pending.add(one)
    }
    await sleep(5)
  }
  await Promise.all(pending)
  await producer.close()
  return acknowledged
}

interface Counts {
  kills: number
  stops: number
  restarts: number
  brokerKills: number
}

/** Member 0 is stopped and never killed: its memory is looked at over the whole run. */
async function harm(slots: readonly Slot[], endMs: number, counts: Counts): Promise<void> {
  while (performance.now() < endMs) {
    await sleep(PAUSE_MS * (0.5 + random()))
    const slot = slots[Math.floor(random() * slots.length)]!
    const choice = slot === slots[0] ? 1 : Math.floor(random() * 3)
    if (choice === 0) {
      counts.kills++
      await slot.kill()
    } else if (choice === 1) {
      counts.stops++
      await slot.freeze()
    } else {
      counts.restarts++
      await slot.restart()
    }
  }
}

async function harmBroker(broker: BrokerProcess, endMs: number, counts: Counts): Promise<void> {
  while (performance.now() < endMs) {
    await sleep(BROKER_EVERY_MS * (0.5 + random()))
    await broker.kill()
    note('brokerKilled', '-')
    counts.brokerKills++
    await sleep(random() * 500)
    await broker.start()
  }
}

interface Sample {
  readonly atMs: number
  readonly broker: number
  readonly member: number
  readonly largest: number
}

async function watchMemory(broker: BrokerProcess, slots: readonly Slot[], until: { stopped: boolean }): Promise<Sample[]> {
  const samples: Sample[] = []
  for (const startedMs = performance.now(); !until.stopped; await sleep(500)) {
    const members = slots.map((slot) => slot.memoryBytes)
    samples.push({
      atMs: performance.now() - startedMs,
      broker: broker.isAlive ? broker.memoryBytes() : 0,
      member: members[0]!,
      largest: Math.max(...members),
    })
  }
  return samples
}

async function lagOf(kafka: Kafka): Promise<number> {
  const admin = createAdmin(kafka)
  const ends = new Map((await admin.topics.offsets(TOPIC, 'latest')).map((o) => [o.partition, Number(o.offset)]))
  const committed = new Map((await admin.groups.offsets(GROUP)).map((o) => [o.partition, Number(o.offset)]))
  return [...ends].reduce((sum, [partition, end]) => sum + end - (committed.get(partition) ?? 0), 0)
}

async function underLoad(report: Report): Promise<[string, string][]> {
  const broker = new BrokerProcess(`${folder}/data`, 'interval')
  await broker.start()
  const kafka = createKafka({
    brokers: [broker.address],
    connectTimeoutMs: 1_000,
    requestTimeoutMs: 5_000,
    retry: { delayMs: 20, delayMaxMs: 200 },
  })
  const slots = [0, 1, 2, 3].map((index) => new Slot(broker, index))
  try {
    await createAdmin(kafka).topics.create(TOPIC, { partitions: PARTITIONS })
    for (const slot of slots) slot.start()
    const load = { stopped: false }
    const watch = { stopped: false }
    const producing = produce(kafka, load)
    const watching = watchMemory(broker, slots, watch)
    const counts: Counts = { kills: 0, stops: 0, restarts: 0, brokerKills: 0 }
    const endMs = performance.now() + SECONDS * 1_000
    await Promise.all([harm(slots, endMs, counts), harmBroker(broker, endMs, counts)])
    load.stopped = true
    const acknowledged = await producing
    await report.check('what was produced is worked through and committed once the faults end', () =>
      until('the lag is 0', async () => (await lagOf(kafka)) === 0, 60_000),
    )
    watch.stopped = true
    const samples = await watching
    for (const slot of slots) await slot.end()
    const judged = judgeJournal(journal, acknowledged)
    await report.check('lost 0', () => equal(judged.lost.slice(0, 3), []))
    await report.check('the records of a key are done in their order', () => equal(judged.outOfOrder.slice(0, 3), []))
    await report.check('each record that was done twice is explained by a crash or a takeover', () =>
      equal(judged.unexplained.slice(0, 3), []),
    )
    await report.check('no member failed', () => equal(judged.failed.slice(0, 3), []))
    const flat = flatness(samples)
    await report.check('memory is flat: the second half of the run needs no more than the first, and no process more than 256 MiB', () => {
      if (!isQuick && flat.late > flat.early * 1.2)
        throw new Error(`member 0 grew from ${megabytes(flat.early)} to ${megabytes(flat.late)}`)
      if (Math.max(flat.broker, flat.largest) > 256 * 1024 * 1024) throw new Error(`${megabytes(flat.broker)}, ${megabytes(flat.largest)}`)
    })
    return [
      ['seconds; members; records acknowledged', `${SECONDS}; ${slots.length}; ${acknowledged.size.toLocaleString('en')}`],
      [
        'SIGKILL; SIGSTOP past the session; graceful restarts; kills of the broker',
        `${counts.kills}; ${counts.stops}; ${counts.restarts}; ${counts.brokerKills}`,
      ],
      ['lost', String(judged.lost.length)],
      ['done twice', `${judged.repeats} of ${judged.done.toLocaleString('en')}`],
      ...causes.map((cause): [string, string] => [`… explained by ${cause}`, String(judged.explained[cause])]),
      ['… not explained', String(judged.unexplained.length)],
      [
        'resident memory of member 0, never restarted: largest in the first and in the second half',
        `${megabytes(flat.early)}, ${megabytes(flat.late)}`,
      ],
      ['resident memory of the broker: largest', megabytes(flat.broker)],
    ]
  } finally {
    for (const slot of slots) slot.destroy()
    await kafka.close()
    await broker.kill()
  }
}

function flatness(samples: readonly Sample[]): { early: number; late: number; broker: number; largest: number } {
  const half = (samples.at(-1)?.atMs ?? 0) / 2
  const most = (of: readonly Sample[], what: (s: Sample) => number): number => Math.max(0, ...of.map(what))
  return {
    early: most(
      samples.filter((s) => s.atMs < half),
      (s) => s.member,
    ),
    late: most(
      samples.filter((s) => s.atMs >= half),
      (s) => s.member,
    ),
    broker: most(samples, (s) => s.broker),
    largest: most(samples, (s) => s.largest),
  }
}

/** Decision 5: a late timer first lets what arrived meanwhile be read. */
async function stalledBroker(report: Report): Promise<[string, string][]> {
  const broker = new BrokerProcess(`${folder}/stalled`, 'interval')
  await broker.start()
  const { Kafka, logLevel } = kafkaJs()
  const kafka = new Kafka({ brokers: [broker.address], logLevel: logLevel.NOTHING })
  const admin = kafka.admin()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic: TOPIC, numPartitions: 4 }] })
  // kafkajs sends heartbeats between fetches only.
  const members = [0, 1].map(() =>
    kafka.consumer({ groupId: GROUP, sessionTimeout: SESSION_MS, heartbeatInterval: 300, maxWaitTimeInMs: 200 }),
  )
  try {
    for (const member of members) {
      await member.connect()
      await member.subscribe({ topic: TOPIC })
      await member.run({ eachMessage: async () => {} })
    }
    const idsOf = async (): Promise<string[]> => {
      const { groups } = await admin.describeGroups([GROUP])
      return groups[0].state === 'Stable' ? groups[0].members.map((m: { memberId: string }) => m.memberId).sort() : []
    }
    await until('both members are there', async () => (await idsOf()).length === 2, 20_000)
    await sleep(1_000)
    const before = await idsOf()
    let joins = 0
    for (const member of members) member.on(member.events.GROUP_JOIN, () => joins++)
    broker.signal('SIGSTOP')
    await sleep(2.5 * SESSION_MS)
    broker.signal('SIGCONT')
    await sleep(2 * SESSION_MS)
    const after = await idsOf()
    await report.check(
      'a broker that stood still for 2.5 sessions evicts no member: the same members, and none joined again (decision 5)',
      () => equal([after, joins], [before, 0]),
    )
    return [
      [
        `members evicted after the broker stood still for ${2.5 * SESSION_MS} ms, session ${SESSION_MS} ms`,
        String(before.filter((id) => !after.includes(id)).length),
      ],
    ]
  } finally {
    for (const member of members) await member.disconnect()
    await admin.disconnect()
    await broker.kill()
  }
}

const report = new Report('consumers')
const figures: [string, string][] = []
try {
  figures.push(...(await underLoad(report)))
  figures.push(...(await stalledBroker(report)))
} finally {
  if (report.failed > 0) writeFileSync('/tmp/tidemark-kills-journal', readFileSync(journal))
  removeFolder(folder)
}
keepFigures('Four consumers under load', 'consumers.ts', figures)
console.log(`${report.passed} passed, ${report.failed} failed, ${report.skipped} skipped`)
process.exit(report.failed === 0 ? 0 : 1)
