/** A consumer that fails and is started again; time is the test's. */
import { type Broker, startBroker } from '@tidemark/broker'
import { createAdmin, createKafka, createProducer, type Kafka, type Message } from '@tidemark/client'
import { TidemarkError } from '@tidemark/platform'
import { ManualClock } from '@tidemark/platform/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Consumer, createConsumer, type SuperviseOptions, type Supervisor, type SupervisorEvent, supervise } from '../index.ts'

const quiet = { debug() {}, info() {}, warn() {}, error() {} }
let broker: Broker
let kafka: Kafka
let clock: ManualClock
const closing: Supervisor[] = []

beforeEach(async () => {
  broker = await startBroker({ data: ':memory:' })
  kafka = createKafka({ brokers: broker.brokers, logger: quiet })
  clock = new ManualClock()
  await createAdmin(kafka).topics.create('t', { partitions: 1 })
  await using producer = createProducer(kafka)
  await producer.send(
    't',
    ['a', 'b', 'c'].map((value) => ({ value })),
  )
})

afterEach(async () => {
  for (const service of closing.splice(0)) await service.stop({ timeoutMs: 200 })
  await kafka.close()
  await broker.close()
})

const consumerOf = (handler: (message: Message) => unknown): Consumer =>
  createConsumer(kafka, { group: 'g', heartbeatIntervalMs: 50, commit: { intervalMs: 20 } }).each('t', { retry: { attempts: 1 } }, handler)

function supervised(make: () => Consumer | Promise<Consumer>, options: SuperviseOptions = {}): Supervisor {
  const service = supervise(make, { logger: quiet, platform: { clock, random: { next: () => 1, uuid: () => '' } }, ...options })
  closing.push(service)
  return service
}

/** Events as they come; each call of the function resolves with the next one of the kind. */
function eventsOf(service: Supervisor) {
  const events = service.events[Symbol.asyncIterator]()
  return async <K extends SupervisorEvent['kind']>(kind: K): Promise<Extract<SupervisorEvent, { kind: K }>> => {
    for (;;) {
      const { value, done } = await events.next()
      if (done) throw new Error(`it ended before '${kind}'`)
      if (value.kind === kind) return value as Extract<SupervisorEvent, { kind: K }>
    }
  }
}

test('is started again after growing pauses, goes on at the committed offset, and stops cleanly', async () => {
  const seen: string[] = []
  const all = Promise.withResolvers<void>()
  const service = supervised(() =>
    consumerOf(({ value }) => {
      seen.push(String(value))
      if (String(value) === 'b' && seen.filter((v) => v === 'b').length < 3) throw new Error('not yet')
      if (String(value) === 'c') all.resolve()
    }),
  )
  const next = eventsOf(service)
  expect(service.health()).toMatchObject({ status: 'starting', isLive: true, isReady: false, failures: 0 })
  for (const [failures, delayMs] of [
    [1, 1_000],
    [2, 2_000],
  ] as const) {
    expect(await next('restarting')).toMatchObject({ failures, delayMs, error: { code: 'HANDLER_FAILED' } })
    expect(service.health()).toMatchObject({
      status: 'restarting',
      isLive: true,
      isReady: false,
      failures,
      cause: { code: 'HANDLER_FAILED' },
      partitions: [],
    })
    clock.advance(delayMs - 1)
    expect(service.consumer).toBeUndefined()
    clock.advance(1)
    await next('working')
  }
  await all.promise
  expect(service.health()).toMatchObject({ status: 'working', isReady: true, partitions: [{ topic: 't', partition: 0 }] })
  await service.stop()
  await service.done
  expect(service.health()).toMatchObject({ status: 'stopped', isLive: true, isReady: false })
  expect(seen).toEqual(['a', 'b', 'b', 'b', 'c'])
  expect((await createAdmin(kafka).groups.offsets('g'))[0]!.offset).toBe(3)
  expect(clock.pending).toBe(0)
})

test('gives up after so many failures', async () => {
  const service = supervised(
    () =>
      consumerOf(() => {
        throw new Error('never')
      }),
    { failuresMax: 2 },
  )
  const next = eventsOf(service)
  await next('restarting')
  clock.advance(1_000)
  expect(await next('ended')).toMatchObject({ error: { code: 'HANDLER_FAILED' } })
  await expect(service.done).rejects.toMatchObject({ code: 'HANDLER_FAILED' })
  expect(service.health()).toMatchObject({ status: 'failed', isLive: false, failures: 2 })
  expect(clock.pending).toBe(0)
})

describe('what no start can fix', () => {
  test.each([
    ['a wrong option', () => createConsumer(kafka, { group: '' }), 'INVALID_OPTION'],
    ['a consumer that ran before', () => used, 'ALREADY_RUNNING'],
    ['no consumer at all', () => ({}) as Consumer, 'INVALID_ARGUMENT'],
  ])('ends it at once: %s', async (_, make, code) => {
    used = consumerOf(() => {})
    await used.run({ signal: AbortSignal.abort() })
    await expect(supervised(make).done).rejects.toMatchObject({ code })
  })
  let used: Consumer
})

test('a make() that throws or takes too long is a failure like any other, and what comes late is closed', async () => {
  let makes = 0
  const late = Promise.withResolvers<Consumer>()
  const service = supervised(
    () => {
      makes++
      if (makes === 1) throw new Error('no database')
      return makes === 2 ? late.promise : consumerOf(() => {})
    },
    { makeTimeoutMs: 5_000 },
  )
  const next = eventsOf(service)
  expect(await next('restarting')).toMatchObject({ error: { message: 'no database' } })
  clock.advance(1_000)
  await next('starting')
  clock.advance(5_000)
  expect(await next('restarting')).toMatchObject({ error: { code: 'TIMED_OUT' } })
  const consumer = consumerOf(() => {})
  late.resolve(consumer)
  clock.advance(2_000)
  await next('working')
  await expect(consumer.run()).rejects.toMatchObject({ code: 'CLOSED' })
})

describe('a consumer that has work and makes no progress', () => {
  test('is told of, and of its progress when there is some again', async () => {
    const gate = Promise.withResolvers<void>()
    const service = supervised(() => consumerOf(() => gate.promise), { stuckAfterMs: 1_000 })
    const next = eventsOf(service)
    await next('working')
    await expect.poll(() => service.consumer!.positions()[0]?.running).toBe(1)
    for (let i = 0; i < 12; i++) clock.advance(100)
    expect(await next('stuck')).toMatchObject({ error: { code: 'STUCK', topic: 't', partition: 0, offset: 0 } })
    expect(service.health()).toMatchObject({ status: 'stuck', isLive: false, isReady: false, cause: { code: 'STUCK' } })
    gate.resolve()
    await expect.poll(() => service.consumer!.positions()[0]?.committed).toBe(3)
    clock.advance(100)
    expect(service.health()).toMatchObject({ status: 'working', isReady: true })
  })

  test('is started again if asked for', async () => {
    const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    gates[1]!.resolve()
    let makes = 0
    const service = supervised(() => consumerOf(() => gates[makes++ === 0 ? 0 : 1]!.promise), { stuckAfterMs: 1_000, restartStuck: true })
    const next = eventsOf(service)
    await next('working')
    await expect.poll(() => service.consumer!.positions()[0]?.running).toBe(1)
    for (let i = 0; i < 12; i++) clock.advance(100)
    await next('stuck')
    gates[0]!.resolve() // else the drain would take as long as a shutdown may
    expect(await next('restarting')).toMatchObject({ error: { code: 'STUCK' } })
    clock.advance(1_000)
    await next('working')
  })
})

test('a signal of the system stops it cleanly, and a second one is not caught', async () => {
  const before = process.listenerCount('SIGTERM')
  const service = supervised(() => consumerOf(() => {}), { signals: true })
  await eventsOf(service)('working')
  expect(process.listenerCount('SIGTERM')).toBe(before + 1)
  process.emit('SIGTERM')
  expect(process.listenerCount('SIGTERM')).toBe(before)
  await service.done
  expect(service.health().status).toBe('stopped')
})

test('stop in a pause, twice, and by the end of a block', async () => {
  const service = supervised(() => Promise.reject(new Error('no')))
  await eventsOf(service)('restarting')
  await Promise.all([service.stop(), service.stop()])
  await service.done
  await service[Symbol.asyncDispose]()
  expect(clock.pending).toBe(0)
})

test('stop while a consumer is being made does not wait for it, and what comes late is closed', async () => {
  const late = Promise.withResolvers<Consumer>()
  const service = supervised(() => late.promise)
  await service.stop()
  await service.done
  expect([service.health().status, clock.pending]).toEqual(['stopped', 0])
  const consumer = consumerOf(() => {})
  late.resolve(consumer)
  await new Promise(setImmediate)
  await expect(consumer.run()).rejects.toMatchObject({ code: 'CLOSED' })
})

test('stop in a handler, which it would wait for, is refused at once', async () => {
  const refused = Promise.withResolvers<unknown>()
  const service = supervised(() => consumerOf(() => service.stop().catch(refused.resolve)))
  expect(await refused.promise).toMatchObject({ code: 'CLOSE_IN_HANDLER', message: expect.stringContaining('wait for stop()') })
  expect(service.health().status).toBe('working')
  await service.stop()
  await service.done
})

test('wrong options are refused', () => {
  const make = (): Consumer => consumerOf(() => {})
  expect(() => supervise(make, { failuresmax: 3 } as object)).toThrow(/did you mean 'failuresMax'/)
  expect(() => supervise(make, { delayMs: 10, delayMaxMs: 5 })).toThrow(/must not be below delayMs/)
  for (const logger of [null, {}, 'console']) expect(() => supervise(make, { logger } as never)).toThrow(/option 'logger' has no debug/)
  expect(() => supervise({} as never)).toThrow(TidemarkError)
})
