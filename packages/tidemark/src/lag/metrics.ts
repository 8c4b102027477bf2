/** A lag in the text format of Prometheus (version 0.0.4). Durations are in seconds, as its naming rules want. */
import type { GroupLag, Measured, PartitionLag } from '@tidemark/offsets'

type Labels = Readonly<Record<string, string | number>>

interface Metric<T> {
  readonly name: string
  readonly help: string
  readonly read: (of: T) => number | null
}

const seconds = (measured: Measured | null): number | null => (measured === null ? null : measured.value / 1_000)

const OF_GROUPS: readonly Metric<GroupLag>[] = [
  { name: 'tidemark_group_members', help: 'Members of the group.', read: (g) => g.members.length },
  { name: 'tidemark_group_lag', help: 'Offsets from the committed ones to the ends of the logs.', read: (g) => g.lag },
  { name: 'tidemark_group_open', help: 'The lag without records that are done above the committed offset.', read: (g) => g.open },
  { name: 'tidemark_group_age_seconds', help: 'Age of the oldest unread record.', read: (g) => seconds(g.ageMs) },
  { name: 'tidemark_group_eta_seconds', help: 'Until the group has caught up, at the measured rates.', read: (g) => seconds(g.etaMs) },
  {
    name: 'tidemark_group_runway_seconds',
    help: 'Until retention deletes an unread record, at least.',
    read: (g) => seconds(g.runwayMs),
  },
  { name: 'tidemark_group_error', help: '1: what the group has committed cannot be read.', read: (g) => (g.error === null ? 0 : 1) },
]

const OF_PARTITIONS: readonly Metric<PartitionLag>[] = [
  { name: 'tidemark_partition_committed_offset', help: 'The committed offset.', read: (p) => p.committed },
  { name: 'tidemark_partition_end_offset', help: 'The end of the log (high watermark).', read: (p) => p.end },
  { name: 'tidemark_partition_lag', help: 'Offsets from the committed one to the end of the log.', read: (p) => p.lag },
  { name: 'tidemark_partition_age_seconds', help: 'Age of the next unread record.', read: (p) => seconds(p.ageMs) },
  { name: 'tidemark_partition_handled_per_second', help: 'Offsets committed a second.', read: (p) => p.handledPerSecond },
  { name: 'tidemark_partition_arriving_per_second', help: 'Offsets appended a second.', read: (p) => p.arrivingPerSecond },
]

export function metricsText(groups: readonly GroupLag[]): string {
  const partitions = groups.flatMap((group) =>
    group.partitions.map((it) => ({ labels: { group: group.group, topic: it.topic, partition: it.partition }, it })),
  )
  return [
    ...OF_GROUPS.map((metric) =>
      metricText(
        metric,
        groups.map((it) => ({ labels: { group: it.group }, it })),
      ),
    ),
    ...OF_PARTITIONS.map((metric) => metricText(metric, partitions)),
  ].join('')
}

function metricText<T>({ name, help, read }: Metric<T>, all: readonly { readonly labels: Labels; readonly it: T }[]): string {
  const lines = all.flatMap(({ labels, it }) => {
    const value = read(it)
    return value === null ? [] : [`${name}{${labelsText(labels)}} ${value}\n`]
  })
  return `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${lines.join('')}`
}

const labelsText = (labels: Labels): string =>
  Object.entries(labels)
    .map(([name, value]) => `${name}="${String(value).replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`)
    .join(',')
