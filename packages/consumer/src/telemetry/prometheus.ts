/**
 * Metrics as text for `/metrics`, in the format that Prometheus scrapes. Made from one look at the consumer: there is
 * no registry, and nothing is kept between two scrapes.
 */
import { GAUGES } from './gauges.ts'
import type { ConsumerMetrics, PartitionMetrics } from './metrics.ts'

/** What is measured: a consumer. */
export interface MetricsSource {
  metrics(options?: { readonly timeoutMs?: number }): Promise<ConsumerMetrics>
}

interface Metric<T> {
  readonly name: string
  readonly help: string
  readonly type: 'gauge' | 'counter'
  value(of: T): number | undefined
}

const OF_PARTITIONS: readonly Metric<PartitionMetrics>[] = GAUGES.map(({ prometheus: name, description: help, value }) => ({
  name,
  help,
  type: 'gauge',
  value,
}))

const OF_CONSUMERS: readonly Metric<ConsumerMetrics>[] = [
  { name: 'records_done_total', help: 'Records handled, skipped or dead-lettered.', type: 'counter', value: (c) => c.done },
  { name: 'retries_total', help: 'Attempts that failed and were followed by another.', type: 'counter', value: (c) => c.retried },
  { name: 'skips_total', help: 'Calls whose records were skipped.', type: 'counter', value: (c) => c.skipped },
  { name: 'dead_letters_total', help: 'Records written to a dead-letter topic.', type: 'counter', value: (c) => c.deadLettered },
  { name: 'commits_total', help: 'Commits of a partition acknowledged.', type: 'counter', value: (c) => c.committed },
  { name: 'commits_refused_total', help: 'Commits of a partition refused.', type: 'counter', value: (c) => c.commitsRefused },
  { name: 'generations_total', help: 'Generations of the group joined.', type: 'counter', value: (c) => c.joined },
  { name: 'partitions_lost_total', help: 'Partitions lost or given up uncommitted.', type: 'counter', value: (c) => c.lost },
  { name: 'requests_failed_total', help: 'Requests that failed more than once in a row.', type: 'counter', value: (c) => c.requestsFailed },
  { name: 'assigned_partitions', help: 'Partitions assigned.', type: 'gauge', value: (c) => c.partitions.length },
]

/**
 * The metrics of these consumers, in Prometheus' text format (`text/plain; version=0.0.4`). Never rejects for a broker
 * that does not answer: then the ends of the logs are those that were seen last.
 *
 * ```ts
 * app.get('/metrics', async (_, reply) => reply.type('text/plain; version=0.0.4').send(await prometheus(consumer)))
 * ```
 */
export async function prometheus(...consumers: readonly MetricsSource[]): Promise<string> {
  const all = await Promise.all(consumers.map((consumer) => consumer.metrics()))
  const partitions = all.flatMap((c) =>
    c.partitions.map((p) => ({ of: p, labels: { group: c.group, topic: p.topic, partition: p.partition } })),
  )
  const groups = all.map((c) => ({ of: c, labels: { group: c.group } }))
  return [...OF_PARTITIONS.map((m) => written(m, partitions)), ...OF_CONSUMERS.map((m) => written(m, groups))].join('')
}

function written<T>({ name, help, type, value }: Metric<T>, all: readonly { of: T; labels: Record<string, string | number> }[]): string {
  const full = `tidemark_consumer_${name}`
  const lines = all.flatMap(({ of, labels }) => {
    const number = value(of)
    return number === undefined ? [] : [`${full}{${labelsText(labels)}} ${number}\n`]
  })
  return lines.length === 0 ? '' : `# HELP ${full} ${help}\n# TYPE ${full} ${type}\n${lines.join('')}`
}

const labelsText = (labels: Record<string, string | number>): string =>
  Object.entries(labels)
    .map(([name, value]) => `${name}="${String(value).replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`)
    .join(',')
