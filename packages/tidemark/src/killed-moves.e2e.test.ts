/**
 * `offsets apply` is killed at each of its steps: the group stands where it did or where it was to go, and the next
 * call says which.
 */
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type Broker, startBroker } from '@tidemark/broker'
import { createAdmin, createKafka, createProducer, type Kafka } from '@tidemark/client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { endAll, finished, type Outcome, startWith } from './testing/command.ts'
import { type Gate, gateTo, type Hold } from './testing/gate.ts'

let broker: Broker
let gate: Gate
let kafka: Kafka
let folder: string
beforeAll(async () => {
  gate = await gateTo(() => ({ host: broker.host, port: broker.port }))
  broker = await startBroker({ data: ':memory:', advertise: gate.address })
  kafka = createKafka({ brokers: [gate.address] })
  await createAdmin(kafka).topics.create('orders')
  await using producer = createProducer(kafka)
  await producer.send('orders', [{ value: 'a' }, { value: 'b' }, { value: 'c' }])
  folder = mkdtempSync(path.join(tmpdir(), 'tidemark-killed-'))
})
afterAll(async () => {
  await kafka.close()
  await gate.close()
  await broker.close()
  await endAll()
  rmSync(folder, { recursive: true })
})

const begin = (...args: string[]) =>
  startWith(
    { env: { ...process.env, TIDEMARK_BROKERS: gate.address, XDG_STATE_HOME: folder, XDG_CONFIG_HOME: folder } },
    'offsets',
    ...args,
  )
function run(...args: string[]): Promise<Outcome> {
  const child = begin(...args)
  child.stdin!.end()
  return finished(child)
}

const OFFSET_COMMIT = 8
const OFFSET_FETCH = 9
const DESCRIBE_GROUPS = 15

const BEFORE = { offset: 2, leaderEpoch: 0, metadata: 'mine' }
const steps: [string, Hold, 'before' | 'after', string | undefined][] = [
  ['while it looks at the group', { api: DESCRIBE_GROUPS, at: 'request' }, 'before', undefined],
  ['while it compares', { api: OFFSET_FETCH, at: 'request' }, 'before', undefined],
  ['while it watches for a ghost', { api: OFFSET_FETCH, nth: 2, at: 'request' }, 'before', undefined],
  ['before the commit is out', { api: OFFSET_COMMIT, at: 'request' }, 'before', 'nothing of it was done'],
  ['after the commit, before its answer', { api: OFFSET_COMMIT, at: 'answer' }, 'after', 'all of it was done'],
  ['while it reads back', { api: OFFSET_FETCH, nth: 3, at: 'request' }, 'after', 'all of it was done'],
]

test.each(steps)('killed %s', async (name, hold, state, said) => {
  const group = `g ${name}`
  const { groups } = createAdmin(kafka)
  await groups.setOffsets(group, [{ topic: 'orders', partition: 0, ...BEFORE }])
  const file = path.join(folder, 'plan.json')
  await run('plan', group, '--to', 'start', '--out', file)
  const held = gate.hold(hold)
  const child = begin('apply', file, '--yes', '--ghost-check', '10ms')
  child.stdin!.end()
  await held
  const ended = once(child, 'close')
  child.kill('SIGKILL')
  await ended
  gate.open()

  const [now] = await groups.offsets(group)
  expect(now).toMatchObject(state === 'before' ? BEFORE : { offset: 0, metadata: '' })
  const list = await run('undo', '--list', '--group', group)
  expect(list.code).toBe(0)
  if (said === undefined) return expect(list.stderr).toMatch(/no moves are on record/)
  expect(list.stderr).toContain(said)
  expect(list.stdout).toMatch(state === 'before' ? /start +failed/ : /start +applied/)
  if (state === 'before') return
  expect(await run('undo', '--group', group, '--yes')).toMatchObject({ code: 0 })
  expect((await groups.offsets(group))[0]).toMatchObject(BEFORE)
})
