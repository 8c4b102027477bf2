/**
 * Moves of offsets on Apache Kafka: the tests of plans, moves and their commands unchanged; the command that stands
 * under each plan, run by Kafka's own tool; and a group of the new protocol (KIP-848), idle and at work.
 */
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { createAdmin, createKafka, createProducer, type Kafka } from '@tidemark/client'
import { applyPlan, type MovePlan, MoveStore, type MoveTarget, planMove } from '@tidemark/offsets'
import { equal, type Report } from '../report.ts'
import { run, start } from '../tools.ts'
import { sleep } from '../waiting.ts'
import type { KafkaCluster } from './cluster.ts'
import { ejectAgainAndAgain } from './eject.ts'
import { kafkaShell } from './jars.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const VITEST = fileURLToPath(new URL('../../node_modules/vitest/vitest.mjs', import.meta.url))
const TESTS = ['plan', 'apply', 'replay', 'bookmarks', 'translate', 'graduate'].map((folder) => `packages/offsets/src/${folder}`)

export async function judgeMoves(report: Report, cluster: KafkaCluster, full: boolean): Promise<void> {
  const { version, brokers } = cluster
  await report.check(`plans and moves on Kafka ${version}`, () => tests(brokers, ['--project', 'unit', ...TESTS]))
  await report.check(`moves from the command line on Kafka ${version}`, () =>
    tests(brokers, ['--project', 'e2e', 'packages/tidemark/src/moves.e2e.test.ts']),
  )
  if (full) {
    await report.check(`a thousand random plans on Kafka ${version}`, () =>
      tests(brokers, ['--project', 'long', 'packages/offsets/src/apply']),
    )
  }
  await report.check(`the command under each plan does what the plan says (Kafka ${version})`, () => commands(cluster))
  if (version === '3.9.1') return
  await report.check(`a group of the new protocol is moved when it is idle (Kafka ${version})`, () => newProtocol(cluster))
  await report.check(`a group that works is moved, again and again (Kafka ${version})`, () => ejectAgainAndAgain(cluster, full ? 20 : 3))
}

async function tests(brokers: readonly string[], args: readonly string[]): Promise<void> {
  const env = { ...process.env, TIDEMARK_TEST_BROKERS: brokers.join(','), NO_COLOR: '1' }
  const all = [VITEST, 'run', '--no-file-parallelism', ...args]
  const { code, stdout, stderr } = await run(process.execPath, all, undefined, 300_000, { cwd: ROOT, env })
  console.log(`         ${/ Tests .*/.exec(stdout)?.[0]?.trim() ?? 'no test ran'}`)
  if (code !== 0) throw new Error(`${stdout}${stderr}`.slice(-4_000))
}

async function fill(kafka: Kafka, topic: string): Promise<void> {
  await createAdmin(kafka).topics.create(topic, { partitions: 2, configs: { 'retention.ms': '-1' } })
  await using producer = createProducer(kafka)
  const messages = Array.from({ length: 20 }, (_, i) => ({ value: `${i}`, partition: i % 2, timestampMs: Date.UTC(2026, 0, 1, 0, i) }))
  await producer.send(topic, messages)
}

const TARGETS: readonly MoveTarget[] = [
  { kind: 'start' },
  { kind: 'end' },
  { kind: 'offset', offset: 3 },
  { kind: 'shift', by: -2 },
  { kind: 'time', atMs: Date.UTC(2026, 0, 1, 0, 5) },
  { kind: 'group', group: 'another group' },
  { kind: 'delete' },
  { kind: 'delete', group: true },
]

async function commands({ brokers, version }: KafkaCluster): Promise<void> {
  await using kafka = createKafka({ brokers })
  const { groups } = createAdmin(kafka)
  const topic = `commands-${process.pid}`
  await fill(kafka, topic)
  const at = (offset: number) => [0, 1].map((partition) => ({ topic, partition, offset }))
  await groups.setOffsets('another group', at(6))
  const bin = path.join(kafkaShell(version), 'bin')
  const cwd = mkdtempSync(path.join(tmpdir(), 'tidemark-commands-'))
  for (const [i, target] of TARGETS.entries()) {
    const group = `it's ${i}`
    await groups.setOffsets(group, at(8))
    const { command, changes } = await planMove(kafka, { group, scope: 'all', target })
    const env = { ...process.env, PATH: `${bin}${path.delimiter}${process.env.PATH}`, KAFKA_HEAP_OPTS: '-Xmx256m' }
    const { code, stdout, stderr } = await run('bash', ['-c', command], undefined, 60_000, { cwd, env })
    if (code !== 0) throw new Error(`${command}: ${stdout}${stderr}`.slice(-2_000))
    const found = (await groups.offsets(group)).map(({ partition, offset }) => [partition, offset])
    const planned = changes.flatMap(({ partition, after }) => (after === null ? [] : [[partition, after.offset]]))
    equal([command, found], [command, planned])
  }
  rmSync(cwd, { recursive: true })
}

async function newProtocol({ brokers, version }: KafkaCluster): Promise<void> {
  await using kafka = createKafka({ brokers })
  const topic = `new-protocol-${process.pid}`
  await fill(kafka, topic)
  const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-moves-'))
  const store = new MoveStore(folder)
  const script = path.join(kafkaShell(version), 'bin', 'kafka-console-consumer.sh')
  const args = ['--bootstrap-server', brokers.join(','), '--topic', topic, '--group', topic, '--from-beginning']
  const member = start(script, [...args, '--command-property', 'group.protocol=consumer'], { stdio: 'ignore' })
  try {
    const plan = await planned(
      kafka,
      topic,
      (it) => it.members === 1 && it.changes.length === 2 && it.changes.every((c) => c.before?.offset === 10),
    )
    equal([plan.kind, plan.state], ['consumer', 'Stable'])
    const refused = await applyPlan(kafka, plan, { store }).then(
      () => 'applied',
      (error) => error.code,
    )
    equal(refused, 'GROUP_ACTIVE')
    const ended = once(member, 'exit')
    process.kill(-member.pid!, 'SIGTERM')
    await ended
    const idle = await planned(kafka, topic, (it) => it.members === 0)
    equal([idle.kind, idle.state], ['consumer', 'Empty'])
    const { changes } = await applyPlan(kafka, idle, { store })
    equal(
      changes.map(({ state, after }) => [state, after?.offset]),
      [
        ['done', 0],
        ['done', 0],
      ],
    )
  } finally {
    if (member.exitCode === null && member.signalCode === null) process.kill(-member.pid!, 'SIGKILL')
    rmSync(folder, { recursive: true })
  }
}

const LOOKS_MAX = 100

/** A plan to the start, as soon as the group is as wanted. */
async function planned(kafka: Kafka, group: string, isReady: (plan: MovePlan) => boolean): Promise<MovePlan> {
  for (let looks = 1; ; looks++) {
    try {
      const plan = await planMove(kafka, { group, scope: 'all', target: { kind: 'start' } })
      if (isReady(plan)) return plan
    } catch (error) {
      if ((error as { code?: string }).code !== 'NOTHING_TO_DO') throw error
    }
    if (looks === LOOKS_MAX) throw new Error(`group ${group} did not become as it should`)
    await sleep(300)
  }
}
