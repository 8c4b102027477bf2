/** `graduate` is killed at each of its steps and run again: every record is there once, each group in its place. */
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type Broker, startBroker } from '@tidemark/broker'
import { createAdmin, createKafka, createProducer, type Kafka, read } from '@tidemark/client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { endAll, finished, type Outcome, startWith } from './testing/command.ts'
import { type Gate, gateTo, type Hold } from './testing/gate.ts'

const RECORDS = 60
let source: Broker
let from: Kafka
let folder: string
beforeAll(async () => {
  source = await startBroker({ data: ':memory:' })
  from = createKafka({ brokers: source.brokers })
  const { topics, groups } = createAdmin(from)
  await topics.create('bills')
  await topics.create('orders', { partitions: 2 })
  await using producer = createProducer(from)
  // Large enough for many requests.
  const values = Array.from({ length: RECORDS }, (_, i) => ({ value: `${i}`.padEnd(100_000), partition: i % 2 }))
  await producer.send('orders', values)
  await producer.send('bills', [{ value: 'a' }, { value: 'b' }])
  await groups.setOffsets('billing', [
    { topic: 'bills', partition: 0, offset: 1, metadata: 'mine' },
    { topic: 'orders', partition: 1, offset: 17 },
  ])
  await groups.setOffsets('counting', [{ topic: 'orders', partition: 0, offset: 30 }])
  folder = mkdtempSync(path.join(tmpdir(), 'tidemark-graduate-'))
})
afterAll(async () => {
  await from.close()
  await source.close()
  await endAll()
  rmSync(folder, { recursive: true })
})

const begin = (to: Gate) =>
  startWith(
    { env: { ...process.env, XDG_STATE_HOME: folder, XDG_CONFIG_HOME: folder } },
    ...['graduate', '-b', source.brokers[0]!, '--to-brokers', to.address, '--yes'],
  )
function run(to: Gate): Promise<Outcome> {
  const child = begin(to)
  child.stdin!.end()
  return finished(child)
}

const PRODUCE = 0
const OFFSET_COMMIT = 8
const CREATE_TOPICS = 19

const steps: [string, Hold][] = [
  ['after its first topic was created', { api: CREATE_TOPICS, at: 'answer' }],
  ['before its first record is out', { api: PRODUCE, at: 'request' }],
  ['in the middle of a topic', { api: PRODUCE, nth: 4, at: 'request' }],
  ['in the middle of a topic, before the answer', { api: PRODUCE, nth: 4, at: 'answer' }],
  ['before a group is in its place', { api: OFFSET_COMMIT, at: 'request' }],
  ['after a group is in its place', { api: OFFSET_COMMIT, at: 'answer' }],
  ['before the last group is in its place', { api: OFFSET_COMMIT, nth: 2, at: 'request' }],
]

test.each(steps)('killed %s', async (_, hold) => {
  let target: Broker | undefined
  const gate = await gateTo(() => ({ host: target!.host, port: target!.port }))
  target = await startBroker({ data: ':memory:', advertise: gate.address })
  await using to = createKafka({ brokers: [gate.address] })
  try {
    const held = gate.hold(hold)
    const child = begin(gate)
    child.stdin!.end()
    await held
    const ended = once(child, 'close')
    child.kill('SIGKILL')
    await ended
    gate.open()

    expect(await run(gate)).toMatchObject({ code: 0, stderr: expect.stringMatching(/2 groups in place/) })
    expect(await valuesOf(to, 'orders')).toEqual(await valuesOf(from, 'orders'))
    expect(await valuesOf(to, 'bills')).toEqual(['0: 0 a', '0: 1 b'])
    const { groups } = createAdmin(to)
    expect((await groups.offsets('billing')).map((it) => [it.topic, it.partition, it.offset, it.metadata])).toEqual([
      ['bills', 0, 1, 'mine'],
      ['orders', 1, 17, ''],
    ])
    expect(await groups.offsets('counting')).toMatchObject([{ topic: 'orders', partition: 0, offset: 30 }])
  } finally {
    await gate.close()
    await target.close()
  }
})

async function valuesOf(kafka: Kafka, topic: string): Promise<string[]> {
  const values: string[] = []
  for await (const { partition, offset, value } of read(kafka, topic, { to: 'end' })) {
    values.push(`${partition}: ${offset} ${String(value).trimEnd()}`)
  }
  return values.sort()
}
