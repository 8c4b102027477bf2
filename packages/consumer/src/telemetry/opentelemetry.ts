/**
 * Traces and metrics by OpenTelemetry's conventions for messaging (semantic conventions, messaging and kafka). What is
 * beyond them has names under `tidemark.consumer.`.
 */
import {
  type Attributes,
  context as contexts,
  type Link,
  type Meter,
  metrics,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type TextMapGetter,
  type Context as TraceContext,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import type { OutgoingMessage, ReceivedMessage } from '@tidemark/client'
import { checkOptions, type OptionNames } from '@tidemark/platform'
import { type Consumer, clockOf } from '../consumer.ts'
import { GAUGES } from './gauges.ts'
import type { ConsumerMetrics } from './metrics.ts'

export interface InstrumentOptions {
  /** Makes the spans. Default: the global provider's. */
  readonly tracer?: Tracer
  /** Measures. Default: the global provider's. */
  readonly meter?: Meter
  /** Attributes to add to every span and measurement. Default: none. */
  readonly attributes?: Attributes
}

const NAMES: OptionNames<InstrumentOptions> = { tracer: true, meter: true, attributes: true }
const NAME = '@tidemark/consumer'
const SECOND_MS = 1_000
/** The buckets that the conventions advise for `messaging.process.duration`, in seconds. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]

/**
 * Makes a span of kind CONSUMER around every call of a handler, as a child of the producer's span where the message
 * carries its context (a batch has links), and measures. To be called before `run()`; returns a function that ends the
 * measuring. Throws `TidemarkError` INVALID_OPTION, ALREADY_RUNNING.
 *
 * ```ts
 * import { instrument } from '@tidemark/consumer/opentelemetry'
 * instrument(consumer)
 * ```
 */
export function instrument(consumer: Consumer, options: InstrumentOptions = {}): () => void {
  checkOptions<InstrumentOptions>('instrument()', options, NAMES)
  const { tracer = trace.getTracer(NAME), meter = metrics.getMeter(NAME), attributes = {} } = options
  const measure = measuring(meter)
  const clock = clockOf(consumer)
  const common = { 'messaging.system': 'kafka', 'messaging.consumer.group.name': consumer.group, ...attributes }

  const around = async (call: Call, next: () => Promise<unknown>): Promise<unknown> => {
    const all = { ...common, ...call.attributes }
    const startedMs = clock.monotonic()
    return await tracer.startActiveSpan(
      call.name,
      { kind: SpanKind.CONSUMER, attributes: all, links: call.links },
      call.parent,
      async (span) => {
        let error: { readonly cause: unknown } | undefined
        try {
          return await next()
        } catch (cause) {
          error = { cause }
          failed(span, cause)
          throw cause
        } finally {
          span.end()
          const type = error && { 'error.type': errorType(error.cause) }
          measure.processed(call.count, (clock.monotonic() - startedMs) / SECOND_MS, { ...common, ...call.measured, ...type })
        }
      },
    )
  }
  consumer.use({
    each: (message, context, next) => around(callOf(message, context.attempt), next),
    batches: (batch, context, next) => around(batchCallOf(batch, context.attempt), next),
  })
  return observing(meter, consumer, common)
}

/** The message with the context of the span that is active now, for `producer.send`: its handler's span is a child. */
export function withTraceContext<M extends OutgoingMessage<unknown, unknown>>(message: M): M {
  const carrier: Record<string, string> = {}
  propagation.inject(contexts.active(), carrier)
  const { headers = {} } = message
  if (!Array.isArray(headers)) return { ...message, headers: { ...headers, ...carrier } }
  return { ...message, headers: [...headers, ...Object.entries(carrier).map(([key, value]) => ({ key, value }))] }
}

/** One call of a handler, as its span tells of it. */
interface Call {
  readonly name: string
  readonly attributes: Attributes
  /** Of them, what measurements say: nothing that is another for every record. */
  readonly measured: Attributes
  readonly parent: TraceContext
  readonly links: Link[]
  readonly count: number
}

function callOf(message: ReceivedMessage, attempt: number): Call {
  const { topic, partition, offset, key, value } = message
  const measured = measuredOf(topic, partition)
  return {
    name: `process ${topic}`,
    measured,
    attributes: {
      ...measured,
      'messaging.operation.type': 'process',
      'messaging.kafka.offset': offset,
      ...(key !== null && { 'messaging.kafka.message.key': key.toString() }),
      ...(value === null && { 'messaging.kafka.message.tombstone': true }),
      ...(value !== null && { 'messaging.message.body.size': value.length }),
      'tidemark.consumer.attempt': attempt,
    },
    parent: contextIn(message, contexts.active()),
    links: [],
    count: 1,
  }
}

interface Batch {
  readonly topic: string
  readonly partition: number
  readonly messages: readonly ReceivedMessage[]
}

function batchCallOf({ topic, partition, messages }: Batch, attempt: number): Call {
  const measured = measuredOf(topic, partition)
  const links = messages.flatMap((message) => {
    const context = trace.getSpanContext(contextIn(message, ROOT_CONTEXT))
    return context === undefined ? [] : [{ context }]
  })
  return {
    name: `process ${topic}`,
    measured,
    attributes: {
      ...measured,
      'messaging.operation.type': 'process',
      'messaging.batch.message_count': messages.length,
      'messaging.kafka.offset': messages[0]!.offset,
      'tidemark.consumer.attempt': attempt,
    },
    parent: contexts.active(),
    links,
    count: messages.length,
  }
}

const measuredOf = (topic: string, partition: number): Attributes => ({
  'messaging.operation.name': 'process',
  'messaging.destination.name': topic,
  'messaging.destination.partition.id': String(partition),
})

const HEADERS: TextMapGetter<ReceivedMessage> = {
  keys: ({ headers }) => headers.map(({ key }) => key),
  get(message, key) {
    const value = message.header(key)
    return value == null ? undefined : Buffer.from(value).toString()
  },
}

const contextIn = (message: ReceivedMessage, base: TraceContext): TraceContext => propagation.extract(base, message, HEADERS)

function failed(span: Span, cause: unknown): void {
  const message = cause instanceof Error ? cause.message : String(cause)
  if (cause instanceof Error) span.recordException(cause)
  span.setAttribute('error.type', errorType(cause))
  span.setStatus({ code: SpanStatusCode.ERROR, message })
}

function errorType(cause: unknown): string {
  if (!(cause instanceof Error)) return '_OTHER'
  const { code } = cause as { code?: unknown }
  return typeof code === 'string' ? code : cause.name
}

function measuring(meter: Meter) {
  const duration = meter.createHistogram('messaging.process.duration', {
    unit: 's',
    description: 'Duration of processing operation.',
    advice: { explicitBucketBoundaries: BUCKETS },
  })
  const consumed = meter.createCounter('messaging.client.consumed.messages', {
    unit: '{message}',
    description: 'Number of messages that were delivered to the application.',
  })
  return {
    processed(count: number, seconds: number, attributes: Attributes): void {
      duration.record(seconds, attributes)
      consumed.add(count, attributes)
    },
  }
}

/** Gauges are read when somebody collects them. */
function observing(meter: Meter, consumer: { metrics(): Promise<ConsumerMetrics> }, common: Attributes): () => void {
  const gauges = GAUGES.map(({ openTelemetry, unit, description, value }) => ({
    value,
    gauge: meter.createObservableGauge(`tidemark.consumer.${openTelemetry}`, { unit, description }),
  }))
  const all = gauges.map(({ gauge }) => gauge)
  const callback: Parameters<Meter['addBatchObservableCallback']>[0] = async (result) => {
    const { partitions } = await consumer.metrics()
    for (const partition of partitions) {
      const attributes = { ...common, ...measuredOf(partition.topic, partition.partition) }
      for (const { gauge, value } of gauges) {
        const number = value(partition)
        if (number !== undefined) result.observe(gauge, number, attributes)
      }
    }
  }
  meter.addBatchObservableCallback(callback, all)
  return () => meter.removeBatchObservableCallback(callback, all)
}
