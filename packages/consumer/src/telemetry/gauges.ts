/** What is measured of each partition, for Prometheus and for OpenTelemetry: one table, so that both tell the same. */
import type { PartitionMetrics } from './metrics.ts'

export interface Gauge {
  /** After `tidemark_consumer_`. Prometheus has the unit in the name. */
  readonly prometheus: string
  /** After `tidemark.consumer.`. */
  readonly openTelemetry: string
  /** As OpenTelemetry writes units (UCUM). */
  readonly unit: string
  readonly description: string
  /** Undefined: not measured of this partition. */
  value(partition: PartitionMetrics): number | undefined
}

const SECOND_MS = 1_000

export const GAUGES: readonly Gauge[] = [
  {
    prometheus: 'lag',
    openTelemetry: 'lag',
    unit: '{record}',
    description: 'Offsets between what may be committed and the end of the log.',
    value: (p) => p.lag,
  },
  {
    prometheus: 'lag_seconds',
    openTelemetry: 'lag.time',
    unit: 's',
    description: 'Age of the oldest record that was read and is not done.',
    value: (p) => p.lagMs / SECOND_MS,
  },
  {
    prometheus: 'oldest_incomplete_seconds',
    openTelemetry: 'oldest_incomplete.age',
    unit: 's',
    description: 'Time since the oldest record that is not done was fetched.',
    value: (p) => p.oldestIncompleteMs / SECOND_MS,
  },
  {
    prometheus: 'redo_if_crashed',
    openTelemetry: 'redo_if_crashed',
    unit: '{record}',
    description: 'Records that would be handled again if the process were killed now.',
    value: (p) => p.redoIfCrashed,
  },
  {
    prometheus: 'map_headroom',
    openTelemetry: 'map.headroom',
    unit: '1',
    description: 'Share of the completion map that is free.',
    value: (p) => p.mapHeadroom,
  },
  {
    prometheus: 'waiting_records',
    openTelemetry: 'waiting',
    unit: '{record}',
    description: 'Records that were fetched and wait for a handler.',
    value: (p) => p.waiting,
  },
  {
    prometheus: 'running_handlers',
    openTelemetry: 'running',
    unit: '{call}',
    description: 'Handlers that run.',
    value: (p) => p.running,
  },
]
