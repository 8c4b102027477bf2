/**
 * The settings of a topic: Kafka's names, types and defaults (`TopicConfig`, `LogConfig`), one row a setting.
 *
 * `kept` are acted on by this broker. The others change nothing here, or have nothing to act on in a cluster of one
 * node, and are taken so that what works against Kafka works; docs/skipped.md names those whose effect is missing.
 */
import type { Topic } from './metadata.ts'

type Check = (value: string) => string | undefined

interface Row {
  readonly fallback: string
  readonly check: Check
  readonly kept: boolean
}

const INT64_MAX = 9223372036854775807n

function whole(min: bigint, max: bigint): Check {
  return (value) => {
    if (!/^[+-]?\d+$/.test(value.trim())) return 'not a number of type INT'
    const v = BigInt(value.trim())
    return v < min ? `value must be at least ${min}` : v > max ? `value must be at most ${max}` : undefined
  }
}

const int = (min: bigint): Check => whole(min, 2n ** 31n - 1n)
const long = (min: bigint): Check => whole(min, INT64_MAX)
const oneOf =
  (...values: string[]): Check =>
  (value) =>
    values.includes(value) ? undefined : `String must be one of: ${values.join(', ')}`
const listOf =
  (...values: string[]): Check =>
  (value) =>
    value.split(',').every((part) => values.includes(part.trim())) ? undefined : `String must be one of: ${values.join(', ')}`
const bool = oneOf('true', 'false')
const ratio: Check = (value) => (Number(value) >= 0 && Number(value) <= 1 && value.trim() !== '' ? undefined : 'value must be from 0 to 1')
const anything: Check = () => undefined

const kept = (fallback: string, check: Check): Row => ({ fallback, check, kept: true })
const taken = (fallback: string, check: Check): Row => ({ fallback, check, kept: false })

const rows: Readonly<Record<string, Row>> = {
  'cleanup.policy': kept('delete', listOf('delete', 'compact')),
  'compression.gzip.level': taken('-1', int(-1n)),
  'compression.lz4.level': taken('9', int(1n)),
  'compression.type': kept('producer', oneOf('uncompressed', 'zstd', 'lz4', 'snappy', 'gzip', 'producer')),
  'compression.zstd.level': taken('3', int(-131072n)),
  'delete.retention.ms': kept('86400000', long(0n)),
  'file.delete.delay.ms': taken('60000', long(0n)),
  'flush.messages': taken('9223372036854775807', long(1n)),
  'flush.ms': taken('9223372036854775807', long(0n)),
  'follower.replication.throttled.replicas': taken('', anything),
  'index.interval.bytes': taken('4096', int(0n)),
  'leader.replication.throttled.replicas': taken('', anything),
  'max.compaction.lag.ms': kept('9223372036854775807', long(1n)),
  'max.message.bytes': kept('1048588', int(0n)),
  'message.timestamp.after.max.ms': kept('3600000', long(0n)),
  'message.timestamp.before.max.ms': kept('9223372036854775807', long(0n)),
  'message.timestamp.type': kept('CreateTime', oneOf('CreateTime', 'LogAppendTime')),
  'min.cleanable.dirty.ratio': kept('0.5', ratio),
  'min.compaction.lag.ms': kept('0', long(0n)),
  'min.insync.replicas': kept('1', int(1n)),
  preallocate: taken('false', bool),
  'retention.bytes': kept('-1', long(-1n)),
  'retention.ms': kept('604800000', long(-1n)),
  'segment.bytes': kept('1073741824', int(14n)),
  'segment.index.bytes': taken('10485760', int(4n)),
  'segment.jitter.ms': taken('0', long(0n)),
  'segment.ms': kept('604800000', long(1n)),
  'unclean.leader.election.enable': taken('false', bool),
}

export interface TopicConfig {
  readonly name: string
  readonly value: string
}

/** What is wrong with a setting, in Kafka's words; undefined if nothing is. */
export function configFault(name: string, value: string | null): string | undefined {
  const row = rows[name]
  if (row === undefined) return `Unknown topic config name: ${name}`
  if (value === null) return `Null value not supported for topic configs: ${name}`
  const fault = row.check(value)
  return fault && `Invalid value ${value} for configuration ${name}: ${fault}`
}

export interface TopicDefaults {
  readonly messageBytesMax: number
  readonly segmentBytesMax: number
}

export interface ShownConfig extends TopicConfig {
  readonly isDefault: boolean
}

/** Every setting of the topic, by name, those that were not given with their defaults. */
export function allConfigs(given: readonly TopicConfig[], defaults: TopicDefaults): ShownConfig[] {
  return Object.keys(rows).map((name) => {
    const own = given.find((c) => c.name === name)
    return own ? { ...own, isDefault: false } : { name, value: fallbackOf(name, defaults), isDefault: true }
  })
}

function fallbackOf(name: string, defaults: TopicDefaults): string {
  if (name === 'max.message.bytes') return String(defaults.messageBytesMax)
  if (name === 'segment.bytes') return String(defaults.segmentBytesMax)
  return rows[name]!.fallback
}

/** The settings that are kept, as numbers and flags. A limit beyond 2^53 never applies. */
export interface TopicSettings {
  readonly messageBytesMax: number
  readonly segmentBytesMax: number
  readonly segmentMsMax: number
  readonly timestampBeforeMsMax: number
  readonly timestampAfterMsMax: number
  readonly logAppendTime: boolean
  readonly compacted: boolean
  readonly deletes: boolean
  readonly compression: string
  readonly insyncReplicasMin: number
  /** -1: without limit. */
  readonly retentionMs: number
  readonly retentionBytes: number
  readonly minCompactionLagMs: number
  readonly maxCompactionLagMs: number
  readonly minCleanableDirtyRatio: number
  readonly deleteRetentionMs: number
}

export function settingsOf(topic: Topic, defaults: TopicDefaults): TopicSettings {
  const text = (name: string): string => topic.configs.find((c) => c.name === name)?.value ?? fallbackOf(name, defaults)
  const number = (name: string): number => Number(text(name))
  const policy = text('cleanup.policy')
    .split(',')
    .map((it) => it.trim())
  const compacted = policy.includes('compact')
  return {
    messageBytesMax: number('max.message.bytes'),
    segmentBytesMax: number('segment.bytes'),
    // As Kafka's `LogConfig.maxSegmentMs`: what is written to is never compacted.
    segmentMsMax: Math.min(number('segment.ms'), compacted ? number('max.compaction.lag.ms') : Number.POSITIVE_INFINITY),
    timestampBeforeMsMax: number('message.timestamp.before.max.ms'),
    timestampAfterMsMax: number('message.timestamp.after.max.ms'),
    logAppendTime: text('message.timestamp.type') === 'LogAppendTime',
    compacted,
    deletes: policy.includes('delete'),
    compression: text('compression.type'),
    insyncReplicasMin: number('min.insync.replicas'),
    retentionMs: number('retention.ms'),
    retentionBytes: number('retention.bytes'),
    minCompactionLagMs: number('min.compaction.lag.ms'),
    maxCompactionLagMs: number('max.compaction.lag.ms'),
    minCleanableDirtyRatio: number('min.cleanable.dirty.ratio'),
    deleteRetentionMs: number('delete.retention.ms'),
  }
}
