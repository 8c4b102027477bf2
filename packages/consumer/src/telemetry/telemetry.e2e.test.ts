/** Traces and metrics over real sockets, by OpenTelemetry's own SDK; and Prometheus' text. */

import { context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { AggregationTemporality, InMemoryMetricExporter, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { createAdmin, createProducer, type Kafka } from '@tidemark/client'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type Consumer, type ConsumerEvent, createConsumer, prometheus } from '../index.ts'
import { type BrokerUnderTest, brokerUnderTest } from '../testing/brokers.case.ts'
import { instrument, withTraceContext } from './opentelemetry.ts'

let under: BrokerUnderTest
let kafka: Kafka
const spans = new InMemorySpanExporter()
const tracer = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] }).getTracer('test')

beforeAll(async () => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  propagation.setGlobalPropagator(new W3CTraceContextPropagator())
  under = await brokerUnderTest('telemetry')
  kafka = under.kafka
})

beforeEach(() => spans.reset())

afterAll(async () => {
  context.disable()
  propagation.disable()
  await under[Symbol.asyncDispose]()
})

async function topicOf(values: readonly string[]): Promise<string> {
  const topic = under.fresh('topic')
  await createAdmin(kafka).topics.create(topic, { partitions: 1 })
  await using producer = createProducer(kafka)
  for (const value of values) await producer.send(topic, { key: 'k', value, timestampMs: Date.now() - 60_000 })
  return topic
}

const consumerOf = (): Consumer => createConsumer(kafka, { group: under.fresh('group'), commit: { intervalMs: 20 } })

async function until(consumer: Consumer, isIt: (event: ConsumerEvent) => boolean): Promise<void> {
  for await (const event of consumer.events) if (isIt(event)) return
}

test('a handler runs in a span that is a child of its producer’s, with the attributes of the conventions', async () => {
  const topic = await topicOf([])
  const traceId = await tracer.startActiveSpan('order', async (span) => {
    await using producer = createProducer(kafka)
    await producer.send(topic, withTraceContext({ key: 'k', value: 'good', headers: { a: 'b' } }))
    await producer.send(topic, withTraceContext({ value: 'bad', headers: [{ key: 'a', value: 'b' }] }))
    span.end()
    return span.spanContext().traceId
  })
  const consumer = consumerOf()
  instrument(consumer, { tracer, attributes: { service: 'billing' } })
  let inHandler: string | undefined
  consumer.each(topic, { retry: { attempts: 2, delayMs: 1 } }, async ({ value }, { attempt }) => {
    await null
    inHandler = trace.getActiveSpan()?.spanContext().traceId
    if (String(value) === 'bad' && attempt === 1) throw new RangeError('no')
  })
  const stop = new AbortController()
  const run = consumer.run({ signal: stop.signal })
  await until(consumer, ({ kind }) => kind === 'retrying')
  stop.abort()
  await run
  const handled = spans.getFinishedSpans().filter((s) => s.kind === SpanKind.CONSUMER)
  expect(handled.map((s) => s.name)).toEqual(handled.map(() => `process ${topic}`))
  expect(inHandler).toBe(traceId)
  expect(handled.map((s) => s.spanContext().traceId)).toEqual(handled.map(() => traceId))
  expect(handled[0]!.attributes).toMatchObject({
    'messaging.system': 'kafka',
    'messaging.operation.name': 'process',
    'messaging.operation.type': 'process',
    'messaging.destination.name': topic,
    'messaging.destination.partition.id': '0',
    'messaging.consumer.group.name': consumer.group,
    'messaging.kafka.offset': 0,
    'messaging.kafka.message.key': 'k',
    service: 'billing',
  })
  expect(handled[1]).toMatchObject({ status: { code: SpanStatusCode.ERROR, message: 'no' }, attributes: { 'error.type': 'RangeError' } })
})

test('a batch has a span of its own, with links', async () => {
  const topic = await topicOf([])
  await tracer.startActiveSpan('order', async (span) => {
    await using producer = createProducer(kafka)
    await producer.send(topic, [withTraceContext({ value: '1' }), { value: 'without' }, withTraceContext({ value: '2' })])
    span.end()
  })
  const consumer = consumerOf()
  instrument(consumer, { tracer })
  consumer.batches(topic, () => {})
  const stop = new AbortController()
  const run = consumer.run({ signal: stop.signal })
  await until(consumer, (event) => event.kind === 'committed' && event.offset === 3)
  stop.abort()
  await run
  const handled = spans.getFinishedSpans().filter((s) => s.kind === SpanKind.CONSUMER)
  expect(handled.reduce((sum, s) => sum + s.links.length, 0)).toBe(2)
  expect(handled.reduce((sum, s) => sum + Number(s.attributes['messaging.batch.message_count']), 0)).toBe(3)
})

test('lag, its time, what is incomplete, what a crash would redo, and the room for the map', async () => {
  const topic = await topicOf(['0', '1', '2', '3', '4'])
  const consumer = consumerOf()
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 })
  const provider = new MeterProvider({ readers: [reader] })
  const stopMeasuring = instrument(consumer, { tracer, meter: provider.getMeter('test') })
  const release = Promise.withResolvers<void>()
  // Offset 1 is stuck; those above it are done.
  consumer.each(topic, { order: 'none' }, ({ offset }) => (offset === 1 ? release.promise : undefined))
  const stop = new AbortController()
  const run = consumer.run({ signal: stop.signal })
  await expect.poll(() => consumer.positions()[0]?.doneAhead).toBe(3)
  await consumer.commit()

  const { partitions, ...totals } = await consumer.metrics()
  expect(totals).toMatchObject({ group: consumer.group, done: 4, joined: 1, lost: 0 })
  expect(partitions).toHaveLength(1)
  expect(partitions[0]).toMatchObject({ topic, partition: 0, lag: 4, redoIfCrashed: 1, waiting: 0, running: 1 })
  const { lagMs, oldestIncompleteMs, mapHeadroom } = partitions[0]!
  expect(lagMs).toBeGreaterThanOrEqual(60_000)
  expect(oldestIncompleteMs).toBeGreaterThan(0)
  // Since it was handed over, and not since it was written, which was a minute earlier.
  expect(oldestIncompleteMs).toBeLessThan(lagMs!)
  expect(mapHeadroom).toBeGreaterThan(0.9)
  expect(mapHeadroom).toBeLessThan(1)

  const text = await prometheus(consumer)
  const labels = `group="${consumer.group}",topic="${topic}",partition="0"`
  expect(text).toContain(`# TYPE tidemark_consumer_lag gauge\ntidemark_consumer_lag{${labels}} 4\n`)
  expect(text).toContain(`tidemark_consumer_redo_if_crashed{${labels}} 1\n`)
  expect(text).toContain(`tidemark_consumer_records_done_total{group="${consumer.group}"} 4\n`)
  for (const line of text.trimEnd().split('\n')) expect(line).toMatch(/^(# (HELP|TYPE) \w+ .+|\w+\{(\w+="[^"]*",?)+\} [\d.e-]+)$/)

  await reader.forceFlush()
  const metrics = exporter.getMetrics()[0]!.scopeMetrics.flatMap((scope) => scope.metrics)
  const points = new Map(metrics.map((m) => [m.descriptor.name, m.dataPoints[0]]))
  expect(points.get('tidemark.consumer.lag')).toMatchObject({ value: 4, attributes: { 'messaging.destination.name': topic } })
  expect(points.get('tidemark.consumer.redo_if_crashed')).toMatchObject({ value: 1 })
  expect(points.get('messaging.client.consumed.messages')).toMatchObject({ value: 4 })
  expect(points.get('messaging.process.duration')).toMatchObject({ value: { count: 4 } })
  expect([...points.keys()]).toEqual(expect.arrayContaining(['tidemark.consumer.lag.time', 'tidemark.consumer.map.headroom']))

  stopMeasuring()
  release.resolve()
  stop.abort()
  await run
  expect(await consumer.metrics()).toMatchObject({ done: 5, partitions: [] })
  await expect(consumer.metrics({ timeout: 5 } as never)).rejects.toThrow("did you mean 'timeoutMs'?")
})

test('labels are escaped, and what is not known is left out', async () => {
  const partition = {
    topic: 'a"b\\c\nd',
    partition: 1,
    lag: 2,
    lagMs: 0,
    oldestIncompleteMs: 0,
    redoIfCrashed: 0,
    mapHeadroom: undefined,
    waiting: 0,
    running: 0,
  }
  const totals = {
    done: 0,
    retried: 0,
    skipped: 0,
    deadLettered: 3,
    committed: 0,
    commitsRefused: 0,
    joined: 0,
    lost: 0,
    requestsFailed: 0,
  }
  const text = await prometheus({ metrics: async () => ({ group: 'g', ...totals, partitions: [partition] }) })
  expect(text).toContain('tidemark_consumer_lag{group="g",topic="a\\"b\\\\c\\nd",partition="1"} 2\n')
  expect(text).toContain('tidemark_consumer_dead_letters_total{group="g"} 3\n')
  expect(text).not.toContain('map_headroom')
})
