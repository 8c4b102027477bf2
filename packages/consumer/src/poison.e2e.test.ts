/** A record that kills its process: real processes, killed by their handlers with kill -9. */
import { spawn } from 'node:child_process'
import path from 'node:path'
import { type Broker, startBroker } from '@tidemark/broker'
import { createAdmin, createKafka, createProducer, type Kafka, type ReceivedMessage, read } from '@tidemark/client'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createConsumer, deadLetterOrigin } from './index.ts'

let broker: Broker
let kafka: Kafka

beforeEach(async () => {
  broker = await startBroker({ data: ':memory:' })
  kafka = createKafka({ brokers: broker.brokers })
  await createAdmin(kafka).topics.create('t', { partitions: 3 })
})

afterEach(async () => {
  await kafka.close()
  await broker.close()
})

const PROGRAM = path.join(import.meta.dirname, 'testing/poisoned.case.ts')

interface Life {
  readonly signal: NodeJS.Signals | null
  readonly code: number | null
  readonly handled: readonly string[]
  readonly stderr: string
}

function live(...args: string[]): Promise<Life> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--conditions=@tidemark/source', PROGRAM, broker.brokers[0]!, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const out = { stdout: '', stderr: '' }
    child.stdout.setEncoding('utf8').on('data', (text) => (out.stdout += text))
    child.stderr.setEncoding('utf8').on('data', (text) => (out.stderr += text))
    child
      .on('error', reject)
      .on('close', (code, signal) => resolve({ code, signal, handled: out.stdout.split('\n').filter(Boolean), stderr: out.stderr }))
  })
}

/** Starts it again for as long as it is killed. */
async function livesOf(...args: string[]): Promise<Life[]> {
  const lives: Life[] = []
  do lives.push(await live(...args))
  while (lives.at(-1)!.signal === 'SIGKILL' && lives.length < 12)
  return lives
}

async function all(topic: string): Promise<ReceivedMessage[]> {
  const out: ReceivedMessage[] = []
  for await (const message of read(kafka, topic, { to: 'end' })) out.push(message)
  return out
}

const fine = Array.from({ length: 60 }, (_, i) => `fine-${i}`)

async function produce(...killers: string[]): Promise<void> {
  await using producer = createProducer(kafka)
  const values = [...fine.slice(0, 40), ...killers, ...fine.slice(40)]
  await producer.send(
    't',
    values.map((value, i) => ({ key: `key-${i % 12}`, value })),
  )
}

describe.each(['key', 'partition', 'none', 'batches'])('%s', (kind) => {
  test('a record that kills its process is a dead letter after three deaths, everything else is done, and then all is calm', async () => {
    await produce('killer')
    const lives = await livesOf(kind, '3', 'dead')
    expect(lives.map(({ signal, code }) => signal ?? code)).toEqual(['SIGKILL', 'SIGKILL', 'SIGKILL', 0])
    const letters = await all('dead')
    expect(letters.map((m) => m.value!.toString())).toEqual(['killer'])
    expect(deadLetterOrigin(letters[0]!)).toMatchObject({ cause: 'killed the process', errorMessage: /killed its process 3 times/ })
    expect(new Set(lives.flatMap((life) => life.handled))).toEqual(new Set(fine))
    expect(await live(kind, '3', 'dead')).toMatchObject({ code: 0, handled: [] })
  })
})

test('three of them, side by side: each is found, and nobody else is blamed', async () => {
  await produce('killer-a', 'killer-b', 'killer-c')
  const lives = await livesOf('key', '3', 'dead')
  expect(lives.at(-1)!.code).toBe(0)
  // A dead letter may be there twice: another killer ends the process before the first one's is on record as done.
  expect(new Set((await all('dead')).map((m) => m.value!.toString()))).toEqual(new Set(['killer-a', 'killer-b', 'killer-c']))
  expect(new Set(lives.flatMap((life) => life.handled))).toEqual(new Set(fine))
})

test('with two deaths, suspects are called one by one at once', async () => {
  await produce('killer')
  const lives = await livesOf('none', '2', 'dead')
  expect(lives.map(({ signal, code }) => signal ?? code)).toEqual(['SIGKILL', 'SIGKILL', 0])
  expect((await all('dead')).map((m) => m.value!.toString())).toEqual(['killer'])
})

test('stop: the process ends by itself, with the reason, instead of being killed again', async () => {
  await produce('killer')
  const lives = await livesOf('key', '3', 'stop')
  expect(lives.at(-1)).toMatchObject({ code: 1, stderr: /HANDLER_FAILED KILLED_PROCESS/ })
  expect(await live('key', '3', 'stop')).toMatchObject({ code: 1, stderr: /HANDLER_FAILED KILLED_PROCESS/ })
  expect(await live('key', '3', 'skip')).toMatchObject({ code: 0 })
})

test('poison needs commits that say what had begun', () => {
  const consumer = (commit: object) => createConsumer(kafka, { group: 'g', commit }).each('t', { poison: {} }, () => {})
  expect(() => consumer({ mode: 'manual' })).toThrow(/option 'poison' needs commits of the mode 'processed'/)
  expect(() => consumer({ mode: 'delivered' })).toThrow(/option 'poison' needs/)
  expect(() => consumer({ completionMap: false })).toThrow(/option 'poison' needs/)
  expect(() => createConsumer(kafka, { group: 'g' }).each('t', { poison: { deathsMax: 1 } }, () => {})).toThrow(/poison.deathsMax/)
})
