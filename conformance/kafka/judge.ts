/**
 * Our client and consumer against Apache Kafka: the end-to-end tests, the examples and the demo unchanged on 4.3.1 and
 * 3.9.1, the facts that both brokers state the same, and, on a cluster of three nodes, what is done to it under a
 * working group. `settle` writes the facts into the documents.
 */
import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { startBroker } from '@tidemark/broker'
import { equal, type Report } from '../report.ts'
import { run, TIDEMARK } from '../tools.ts'
import { partitionsGoToWhomKafkaGivesThem } from './assignors.ts'
import { type KafkaCluster, startKafka } from './cluster.ts'
import { askFacts, type Fact } from './facts.ts'
import { kafkaJars, NEWEST, versionsOf } from './jars.ts'
import { judgeMoves } from './moves.ts'
import { keysGoWhereKafkaPutsThem } from './partitions.ts'
import { seesEveryKindOfGroup } from './seeing.ts'
import { settle } from './settle.ts'
import { judgeUpsets } from './upsets.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const VITEST = fileURLToPath(new URL('../../node_modules/vitest/vitest.mjs', import.meta.url))

export async function judge(report: Report, full: boolean): Promise<void> {
  kafkaJars(NEWEST)
  await report.check('10,000 keys of every kind go to the partitions where Kafka puts them', () => keysGoWhereKafkaPutsThem(NEWEST))
  await report.check("3,000 groups with racks get the partitions that Kafka's assignors give them", () =>
    partitionsGoToWhomKafkaGivesThem(NEWEST),
  )
  const facts = new Map<string, readonly Fact[]>()
  // `npm test` does the same on ours.
  if (full) await report.check('end to end on ours', () => endToEnd(undefined))
  await using broker = await startBroker({ data: ':memory:' })
  await report.check('the facts of commits, asked of ours', async () => void facts.set('ours', await askFacts(broker.brokers)))

  for (const version of versionsOf(full)) {
    await using kafka = disposable(await startKafka(version, 1))
    await report.check(`end to end on Kafka ${version}`, () => endToEnd(kafka.brokers))
    await report.check(`the demo on Kafka ${version}`, () => demo(kafka.brokers))
    if (full) {
      await report.check(`the examples on Kafka ${version}`, () => examples(kafka.brokers))
      await using other = disposable(await startKafka(version, 1)) // its tests delete every group
      await judgeMoves(report, other, full)
    } else report.skip('the examples and the moves on Kafka', 'take minutes: in the full run alone')
    await report.check(`the facts of commits on Kafka ${version} are those of ours`, async () => {
      facts.set(version, await askFacts(kafka.brokers))
      equal(facts.get('ours'), facts.get(version))
    })
  }
  await seesEveryKindOfGroup(report)
  if (full) {
    settle(facts)
    await using cluster = disposable(await startKafka(NEWEST, 3))
    await report.check('end to end on a cluster of three (Kafka 4.3.1)', () => endToEnd(cluster.brokers))
    await judgeUpsets(report, cluster)
  } else {
    report.skip('Kafka 3.9.1, and what is done to a cluster of three', 'takes minutes: in the full run alone')
  }
}

const disposable = (cluster: KafkaCluster): KafkaCluster & AsyncDisposable => ({ ...cluster, [Symbol.asyncDispose]: () => cluster.close() })

async function endToEnd(brokers: readonly string[] | undefined): Promise<void> {
  const env = brokers === undefined ? process.env : { ...process.env, TIDEMARK_TEST_BROKERS: brokers.join(',') }
  const args = [VITEST, 'run', '--project', 'e2e', 'packages/consumer', 'packages/client']
  const { code, stdout, stderr } = await run(process.execPath, args, undefined, 300_000, { cwd: ROOT, env: { ...env, NO_COLOR: '1' } })
  console.log(`         ${/ Tests .*/.exec(stdout)?.[0]?.trim() ?? 'no test ran'}`)
  if (code !== 0) throw new Error(`${stdout}${stderr}`.slice(-4_000))
}

/** All but the one that is a broker of its own. */
async function examples(brokers: readonly string[]): Promise<void> {
  const env = { ...process.env, TIDEMARK_BROKERS: brokers.join(',') }
  for (const file of globSync('examples/[0-9]*/main.ts', { cwd: ROOT }).toSorted()) {
    const args = ['--conditions=@tidemark/source', file]
    const { code, stdout, stderr } = await run(process.execPath, args, undefined, 120_000, { cwd: ROOT, env })
    if (code !== 0) throw new Error(`${file}: ${stdout}${stderr}`.slice(-2_000))
    equal(stdout, readFileSync(path.join(ROOT, path.dirname(file), 'output.txt'), 'utf8'))
  }
}

async function demo(brokers: readonly string[]): Promise<void> {
  const { code, stdout, stderr } = await run(process.execPath, [TIDEMARK, 'demo', '--brokers', brokers.join(',')], undefined, 180_000)
  if (code !== 0) throw new Error(`${stdout}${stderr}`.slice(-2_000))
  equal(/^flights lost +(\d+)/m.exec(stdout + stderr)?.[1], '0')
}
