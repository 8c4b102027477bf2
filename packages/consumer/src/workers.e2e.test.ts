/** Handlers in worker threads: real threads, some of which crash, spin, or hoard memory. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type Broker, startBroker } from '@tidemark/broker'
import { createAdmin, createKafka, createProducer, type Kafka, type OutgoingMessage, read } from '@tidemark/client'
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { type Consumer, type ConsumerEvent, createConsumer, deadLetter, type WorkerSettings } from './index.ts'
import { serveWorker } from './work/workers/serve.ts'

let broker: Broker
let kafka: Kafka
let consumer: Consumer | undefined

const file = new URL('./testing/thread.case.ts', import.meta.url)
const workers = { file, threads: 2, abortGraceMs: 200, execArgv: ['--conditions=@tidemark/source'] }

beforeEach(async () => {
  broker = await startBroker({ data: ':memory:' })
  kafka = createKafka({ brokers: broker.brokers })
  await createAdmin(kafka).topics.create('t', { partitions: 1 })
})

afterEach(async () => {
  await consumer?.close({ timeoutMs: 1_000 })
  consumer = undefined
  await kafka.close()
  await broker.close()
})

/** Runs over these records until all of them are done; returns what was told meanwhile. */
async function runOver(messages: readonly OutgoingMessage[], settings: Partial<WorkerSettings> = {}): Promise<ConsumerEvent[]> {
  await using producer = createProducer(kafka)
  await producer.send('t', messages)
  const events: ConsumerEvent[] = []
  consumer = createConsumer(kafka, { group: 'g', commit: { intervalMs: 10 } })
  consumer.each('t', { order: 'key', retry: { attempts: 1 }, exhausted: 'skip', ...settings, workers: { ...workers, ...settings.workers } })
  const run = consumer.run()
  for await (const event of consumer.events) {
    events.push(event)
    if (event.kind === 'committed' && event.offset >= messages.length) break
  }
  await consumer.close()
  await run
  return events
}

const of = (value: string, key = 'k'): OutgoingMessage => ({ key, value })
const skips = (events: readonly ConsumerEvent[]): string[] =>
  events
    .filter((e) => e.kind === 'skipped')
    .sort((a, b) => a.offset - b.offset)
    .map(({ why }) => (why instanceof Error ? `${why.name}: ${why.message}` : String(why)))

describe('a handler in a thread', () => {
  test('gets the record, its name and its attempt, and fails with what it throws', async () => {
    const events = await runOver([
      { key: 'schlüssel', value: 'echo', headers: { h: 'über' }, timestampMs: 1_234 },
      { key: null, value: 'not-an-error' },
      of('who'),
    ])
    const [echo, text, who] = skips(events)
    expect(echo).toBe(`RangeError: t 0 0 schlüssel ${new TextEncoder().encode('über')} 1234`)
    expect(text).toBe('just text')
    expect(who).toMatch(/^Error: \d+ \S+-0-2 1\/1$/)
    const error = events.flatMap((e) => (e.kind === 'skipped' && e.offset === 2 ? [e.why] : []))[0] as Error & { code: string }
    expect([error.code, error.stack?.includes('thread.case.ts')]).toEqual(['WHO', true])
  })

  test('can skip, and send to the dead-letter topic', async () => {
    const events = await runOver([of('skip'), of('dead')], { exhausted: deadLetter('dead') })
    expect(skips(events)).toEqual(['not wanted'])
    const letters = []
    for await (const letter of read(kafka, 'dead', { to: 'end' })) letters.push(letter)
    expect(letters.map((m) => [m.value!.toString(), m.header('tidemark-error-name')?.toString()])).toEqual([
      ['dead', String(Buffer.from('TypeError'))],
    ])
  })

  test('of one key is always in one thread, and keys share the threads', async () => {
    const keys = Array.from({ length: 12 }, (_, i) => `k${i}`)
    const events = await runOver([...keys, ...keys, ...keys].map((key) => of('who', key)))
    const threads = new Map<string, Set<string>>()
    const whys = events.flatMap((e) =>
      e.kind === 'skipped' ? [{ offset: e.offset, thread: (e.why as Error).message.split(' ')[0]! }] : [],
    )
    for (const { offset, thread } of whys) {
      const key = keys[offset % keys.length]!
      threads.set(key, (threads.get(key) ?? new Set()).add(thread))
    }
    expect(whys).toHaveLength(36)
    expect([...threads.values()].map((set) => set.size)).toEqual(keys.map(() => 1))
    expect(new Set([...threads.values()].flatMap((set) => [...set])).size).toBe(2)
  })

  test('does not hold up this thread', async () => {
    // The handler gives its thread no turn until there is a file that this thread makes once the handler has begun.
    const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-thread-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const run = runOver([of(`busy-until ${folder}`)])
    await expect.poll(() => existsSync(path.join(folder, 'begun'))).toBe(true)
    writeFileSync(path.join(folder, 'enough'), '')
    expect(skips(await run)).toEqual([])
  })
})

describe('a thread that is gone', () => {
  test.each([
    ['exit', /it ended with exit code 7/],
    ['throw-later', /outside of the handler/],
  ])('fails its records alone, and is replaced: %s', async (how, why) => {
    const events = await runOver([of(how, 'a'), of('who', 'a'), of('who', 'b'), of('who', 'c')])
    const [first, ...others] = skips(events)
    expect(first).toMatch(why)
    expect(others.filter((text) => text.includes('1/1')).length).toBeGreaterThanOrEqual(2)
    expect(events.find((e) => e.kind === 'skipped' && e.offset === 0)).toMatchObject({
      why: { code: 'WORKER_CRASHED', topic: 't', partition: 0, offset: 0 },
    })
  })

  test('costs an attempt: its record is tried again in the next one', async () => {
    const events = await runOver([of('exit-once')], { retry: { attempts: 3, delayMs: 1 } })
    expect(events.filter((e) => e.kind === 'retrying')).toMatchObject([{ offset: 0, attempt: 1, error: { code: 'WORKER_CRASHED' } }])
    expect(skips(events)).toEqual([])
  })

  test('for want of memory leaves the process alone', async () => {
    const events = await runOver([of('hoard')], { workers: { ...workers, heapBytesMax: 16 * 1024 * 1024 } })
    expect(skips(events)[0]).toMatch(/reaching memory limit/)
  })

  test('for want of a file fails its records with the reason', async () => {
    const events = await runOver([of('who')], { workers: { ...workers, file: new URL('./nowhere.ts', import.meta.url) } })
    expect(skips(events)[0]).toMatch(/Cannot find module/)
  })
})

describe('an abort', () => {
  test.each(['wait', 'spin-until-aborted'])('reaches the thread, also in the middle of a calculation: %s', async (how) => {
    // The start of a thread counts as time of its first record.
    const events = await runOver([of('who'), of(how)], { timeoutMs: 1_500, workers: { ...workers, abortGraceMs: 20_000 } })
    expect(events.find((e) => e.kind === 'skipped' && e.offset === 1)).toMatchObject({
      why: { code: 'HANDLER_TIMED_OUT', cause: { message: 'aborted: timeout' } },
    })
  })

  test('of a record that waits for its thread: its handler is not called', async () => {
    const one = { ...workers, threads: 1, abortGraceMs: 20_000 }
    const events = await runOver([of('busy 2000', 'a'), of('who', 'b')], { timeoutMs: 500, workers: one })
    expect(events.find((e) => e.kind === 'skipped' && e.offset === 1)).toMatchObject({
      why: { code: 'HANDLER_TIMED_OUT', cause: { code: 'ABORTED', message: 'aborted before its thread was free for it: timeout' } },
    })
  })

  test('that is not heeded ends the thread, and the next record has another', async () => {
    const events = await runOver([of('who'), of('spin-for-ever'), of('who')], { timeoutMs: 3_000 })
    expect(events.find((e) => e.kind === 'skipped' && e.offset === 1)).toMatchObject({
      why: { code: 'HANDLER_TIMED_OUT', cause: { code: 'WORKER_CRASHED' } },
    })
    expect(events.some((e) => e.kind === 'skipped' && e.offset === 2)).toBe(true)
  })
})

test('wrong uses are refused', () => {
  const of = (settings: object, ...handler: (() => void)[]) =>
    createConsumer(kafka, { group: 'g' }).each('t', settings as WorkerSettings, ...(handler as []))
  expect(() => of({ workers }, () => {})).toThrow(/give one of them/)
  expect(() => of({ workers: { file: './worker.js' } })).toThrow(/option 'workers.file' is ".\/worker.js"; it must be a file: URL/)
  expect(() => of({ workers: { file: new URL('http://127.0.0.1/worker.js') } })).toThrow(/it must be a file: URL/)
  expect(() => of({ workers: { file, thread: 2 } })).toThrow(/did you mean 'threads'/)
  expect(() => of({ workers: { file, threads: 0 } })).toThrow(/workers.threads/)
  expect(() => serveWorker(() => {})).toThrow(/serveWorker\(\) is for the file that the option workers of each\(\) names/)
  expect(() => serveWorker({} as never)).toThrow(/must be a function/)
})
