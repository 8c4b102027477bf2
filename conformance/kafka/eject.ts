/**
 * What happens to a group that is moved while it works (`eject`): the members are Java's and ours, and after each move
 * they have to read on from the new place. The numbers stand in docs/decisions.
 */
import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createAdmin, createKafka, createProducer, type Kafka } from '@tidemark/client'
import { createConsumer } from '@tidemark/consumer'
import { applyPlan, MoveStore, planMove } from '@tidemark/offsets'
import { start } from '../tools.ts'
import { until } from '../waiting.ts'
import type { KafkaCluster } from './cluster.ts'
import { kafkaShell } from './jars.ts'

const PARTITIONS = [0, 1, 2, 3]
const RECORDS = 1_000
const BACK = 100

/** Throws if a member does not come back. */
export async function ejectAgainAndAgain({ brokers, version }: KafkaCluster, rounds: number): Promise<void> {
  await using kafka = createKafka({ brokers })
  const topic = `eject-${process.pid}`
  await createAdmin(kafka).topics.create(topic, { partitions: PARTITIONS.length })
  await using producer = createProducer(kafka)
  const messages = Array.from({ length: RECORDS * PARTITIONS.length }, (_, i) => ({ value: `${i}`, partition: i % PARTITIONS.length }))
  await producer.send(topic, messages)
  const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-eject-'))
  const store = new MoveStore(folder)
  try {
    await java(kafka, topic, brokers, path.join(kafkaShell(version), 'bin', 'kafka-console-consumer.sh'), store, rounds)
    await ours(kafka, topic, store, rounds)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

async function java(
  kafka: Kafka,
  topic: string,
  brokers: readonly string[],
  script: string,
  store: MoveStore,
  rounds: number,
): Promise<void> {
  const group = `${topic}-java`
  const args = ['--bootstrap-server', brokers.join(','), '--topic', topic, '--group', group, '--from-beginning']
  const member: ChildProcess = start(script, [...args, '--command-property', 'group.protocol=classic'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  let lines = 0
  member.stdout!.on('data', (bytes) => {
    lines += String(bytes).split('\n').length - 1
  })
  try {
    await until('Java has read everything', () => lines >= messagesOf(RECORDS))
    for (let round = 1; round <= rounds; round++) await moveBack(kafka, group, store, () => lines, `round ${round} with Java`)
    if (member.exitCode !== null) throw new Error(`Java's consumer ended with ${member.exitCode}`)
  } finally {
    if (member.exitCode === null && member.signalCode === null) process.kill(-member.pid!, 'SIGKILL')
  }
}

async function ours(kafka: Kafka, topic: string, store: MoveStore, rounds: number): Promise<void> {
  const group = `${topic}-ours`
  let handled = 0
  const stop = new AbortController()
  const members = [1, 2].map(() => createConsumer(kafka, { group, startFrom: 'earliest' }))
  const running = members.map((member) => member.each(topic, async () => void handled++).run({ signal: stop.signal }))
  await until('ours have read everything', () => handled >= messagesOf(RECORDS))
  for (let round = 1; round <= rounds; round++) await moveBack(kafka, group, store, () => handled, `round ${round} with ours`)
  stop.abort()
  await Promise.all(running)
}

const messagesOf = (count: number): number => count * PARTITIONS.length

async function moveBack(kafka: Kafka, group: string, store: MoveStore, handled: () => number, what: string): Promise<void> {
  const { groups } = createAdmin(kafka)
  await until(`${what}: everything is committed`, async () => {
    const committed = await groups.offsets(group)
    return committed.length === PARTITIONS.length && committed.every(({ offset }) => offset === RECORDS)
  })
  const plan = await planMove(kafka, { group, scope: 'all', target: { kind: 'shift', by: -BACK } })
  const before = handled()
  const { state } = await applyPlan(kafka, plan, { store, eject: true, accept: ['progressed'] })
  if (state !== 'applied') throw new Error(`${what}: ${state}`)
  await until(`${what}: the records are handled again`, () => handled() >= before + messagesOf(BACK))
}
