/**
 * `kill -9` of the broker under load, again and again: nothing that was acknowledged is lost, doubled, moved or out of
 * order, and no commit goes back.
 *
 *   node --conditions=@tidemark/source conformance/kills/broker.ts [--quick]
 *
 * 200 kills (10 with --quick) under `interval` and as many under `always`. Idempotent producers write down where each
 * record was acknowledged; committers commit rising offsets and read them back. kcat and kafkajs, which had no part in
 * it, read everything at the end. The page cache outlives a process: this judges recovery. Durability is judged in the
 * simulation, whose disk loses what was not synced.
 */

import { createAdmin, createKafka, createProducer, type Kafka } from '@tidemark/client'
import { handleOf } from '@tidemark/client/internal'
import { apis } from '@tidemark/protocol'
import { kafkaJs } from '../clients/kafkajs-package.ts'
import { equal, Report } from '../report.ts'
import { debianProgram, run } from '../tools.ts'
import { sleep } from '../waiting.ts'
import { BrokerProcess, makeFolder, percentile, randomOf, removeFolder } from './broker-process.ts'
import { isQuick, keepFigures } from './figures.ts'

const KILLS = isQuick ? 10 : 200
const PARTITIONS = 4
const PRODUCERS = 3
const COMMITTERS = 4
const TOPIC = 'kills'

/** Where each value was acknowledged. */
type Ledger = Map<string, { readonly partition: number; readonly offset: number }>

interface Load {
  readonly ledger: Ledger
  readonly committed: Map<string, number>
  readonly problems: string[]
  stopped: boolean
}

const kafkaOf = (address: string, clientId: string): Kafka =>
  createKafka({ brokers: [address], clientId, connectTimeoutMs: 1_000, requestTimeoutMs: 3_000, retry: { delayMs: 10, delayMaxMs: 100 } })

async function produce(kafka: Kafka, name: string, load: Load): Promise<void> {
  const producer = createProducer(kafka, { deliveryTimeoutMs: 120_000, maxBlockMs: 120_000 })
  const under = new Set<Promise<void>>()
  for (let n = 0; !load.stopped; n++) {
    const value = `${name}:${n}`
    const sent = producer
      .send(TOPIC, { key: name, value, partition: n % PARTITIONS })
      .then(({ partition, offset }) => void load.ledger.set(value, { partition, offset }))
      .catch((error) => void load.problems.push(`${value} was not delivered: ${error.message}`))
      .finally(() => under.delete(sent))
    under.add(sent)
    if (under.size > 200) await Promise.race(under)
    else if (n % 20 === 0) await sleep(1)
  }
  await Promise.all(under)
  await producer.close()
}

async function commitAndReadBack(kafka: Kafka, group: string, load: Load): Promise<void> {
  const to = { node: { coordinator: group }, purpose: 'admin', versionMax: 9 } as const
  for (let offset = 1; !load.stopped; ) {
    try {
      const partitions = [{ partitionIndex: 0, committedOffset: offset, committedMetadata: `at ${offset}` }]
      const { body } = await handleOf(kafka).cluster.send(apis.OffsetCommit, { groupId: group, topics: [{ name: TOPIC, partitions }] }, to)
      if (body.topics[0]!.partitions[0]!.errorCode === 0) {
        load.committed.set(group, offset++)
        const found = (await createAdmin(kafka).groups.offsets(group))[0]?.offset ?? -1
        if (found < offset - 1) load.problems.push(`${group} had committed ${offset - 1} and read back ${found}`)
      }
    } catch {
      await sleep(10)
    }
  }
}

async function killUnderLoad(broker: BrokerProcess, load: Load): Promise<{ startMs: number[]; servingMs: number[] }> {
  const random = randomOf(KILLS)
  const [startMs, servingMs]: [number[], number[]] = [[], []]
  for (let kill = 0; kill < KILLS; kill++) {
    await sleep(30 + random() * 350)
    await broker.kill()
    const killedMs = performance.now()
    const before = load.ledger.size
    startMs.push(await broker.start())
    const givenUpMs = performance.now() + 20_000
    while (load.ledger.size === before && performance.now() < givenUpMs) await sleep(2)
    if (load.ledger.size === before) load.problems.push(`nothing was acknowledged within 20 s of kill ${kill}`)
    servingMs.push(performance.now() - killedMs)
  }
  return { startMs, servingMs }
}

interface Found {
  readonly partition: number
  readonly offset: number
  readonly value: string
}

/** Everything in the topic, as kcat reads it. */
async function readWithKcat(address: string): Promise<Found[]> {
  const { stdout, stderr, code } = await run(
    'kcat',
    ['-b', address, '-C', '-t', TOPIC, '-o', 'beginning', '-e', '-q', '-f', '%p %o %s\\n'],
    undefined,
    120_000,
  )
  if (code !== 0) throw new Error(stderr.slice(-300))
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split(' '))
    .map(([partition, offset, value]) => ({ partition: Number(partition), offset: Number(offset), value: value! }))
}

function judgeRecords(found: readonly Found[], ledger: Ledger): void {
  const places = new Map<string, string>()
  const lastOf = new Map<string, number>()
  const next = new Map<number, number>()
  for (const { partition, offset, value } of found) {
    const place = `${partition}/${offset}`
    if (places.has(value)) throw new Error(`${value} stands twice: at ${places.get(value)} and at ${place}`)
    places.set(value, place)
    equal([value, offset], [value, next.get(partition) ?? 0])
    next.set(partition, offset + 1)
    const [producer, n] = value.split(':') as [string, string]
    const line = `${producer}/${partition}`
    if (Number(n) <= (lastOf.get(line) ?? -1)) throw new Error(`${value} at ${place} comes behind ${producer}:${lastOf.get(line)}`)
    lastOf.set(line, Number(n))
  }
  for (const [value, { partition, offset }] of ledger) {
    if (places.get(value) !== `${partition}/${offset}`) {
      throw new Error(`${value} was acknowledged at ${partition}/${offset} and stands at ${places.get(value) ?? 'no place'}`)
    }
  }
}

async function judgeCommits(address: string, committed: ReadonlyMap<string, number>): Promise<void> {
  const { Kafka, logLevel } = kafkaJs()
  const admin = new Kafka({ brokers: [address], logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  for (const [groupId, offset] of committed) {
    const [{ partitions }] = await admin.fetchOffsets({ groupId, topics: [TOPIC] })
    const found = Number(partitions[0].offset)
    // The commit after the last acknowledged one may have been written too.
    if (found < offset || found > offset + 1) throw new Error(`${groupId} committed ${offset} last, and ${found} is committed`)
  }
  await admin.disconnect()
}

async function judge(report: Report, fsync: 'interval' | 'always'): Promise<[string, string][]> {
  const broker = new BrokerProcess(makeFolder(), fsync)
  const load: Load = { ledger: new Map(), committed: new Map(), problems: [], stopped: false }
  await broker.start()
  const clients = Array.from({ length: PRODUCERS + COMMITTERS + 1 }, (_, i) => kafkaOf(broker.address, `client-${i}`))
  try {
    await createAdmin(clients[0]!).topics.create(TOPIC, { partitions: PARTITIONS })
    const producers = Array.from({ length: PRODUCERS }, (_, i) => produce(clients[1 + i]!, `p${i}`, load))
    const committers = Array.from({ length: COMMITTERS }, (_, i) => commitAndReadBack(clients[1 + PRODUCERS + i]!, `g${i}`, load))
    const { startMs, servingMs } = await killUnderLoad(broker, load)
    load.stopped = true
    await Promise.all([...producers, ...committers])
    const found = await readWithKcat(broker.address)
    await report.check(`fsync ${fsync}: every send was acknowledged in the end, every commit read back, after ${KILLS} kills`, () =>
      equal(load.problems.slice(0, 3), []),
    )
    await report.check(`fsync ${fsync}: kcat finds each acknowledged record once, at its offset, in the order of its producer`, () =>
      judgeRecords(found, load.ledger),
    )
    await report.check(`fsync ${fsync}: kafkajs finds each group where it was last committed`, () =>
      judgeCommits(broker.address, load.committed),
    )
    const commits = [...load.committed.values()].reduce((sum, n) => sum + n, 0)
    return [
      [`kills under \`${fsync}\``, String(KILLS)],
      [`records acknowledged, \`${fsync}\``, load.ledger.size.toLocaleString('en')],
      [`commits acknowledged and read back, \`${fsync}\``, commits.toLocaleString('en')],
      [
        `process start to listening, \`${fsync}\`: median, 99 %`,
        `${percentile(startMs, 0.5).toFixed(0)}, ${percentile(startMs, 0.99).toFixed(0)} ms`,
      ],
      [
        `kill to the next acknowledged record, process start and client's retry included, \`${fsync}\`: median, 99 %`,
        `${percentile(servingMs, 0.5).toFixed(0)}, ${percentile(servingMs, 0.99).toFixed(0)} ms`,
      ],
    ]
  } finally {
    load.stopped = true
    await Promise.all(clients.map((kafka) => kafka.close()))
    await broker.kill()
    removeFolder(broker.folder)
  }
}

const report = new Report('kills')
const figures: [string, string][] = []
if (!debianProgram('kcat')) report.skip('everything', "Debian's kcat cannot be installed here")
else for (const fsync of ['interval', 'always'] as const) figures.push(...(await judge(report, fsync)))
keepFigures('The broker is killed under load', 'broker.ts', figures)
console.log(`${report.passed} passed, ${report.failed} failed, ${report.skipped} skipped`)
process.exit(report.failed === 0 ? 0 : 1)
