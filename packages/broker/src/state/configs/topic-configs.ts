/** The configurations of a topic (Kafka's `TopicConfig`, `LogConfig`), and what this broker reads of them. */
import {
  anything,
  bool,
  type Check,
  type Config,
  ConfigType,
  type Definition,
  faultOf,
  int,
  itemsOf,
  listOf,
  long,
  oneOf,
  ratio,
} from './definition.ts'

export interface TopicDefinition extends Definition {
  /** The configuration of the broker that is the default for topics. */
  readonly broker: string | undefined
}

const row =
  (isActed: boolean) =>
  (broker: string | undefined, type: ConfigType, fallback: string, check: Check, documentation: string): TopicDefinition => ({
    broker,
    type,
    fallback,
    check,
    documentation,
    acted: isActed,
  })
const acted = row(true)
const taken = row(false)

const untiered: Check = (value) =>
  bool(value) ??
  (/^true$/i.test(value)
    ? 'Tiered Storage functionality is disabled in the broker. Topic cannot be configured with remote log storage.'
    : undefined)

export const topicConfigs: Readonly<Record<string, TopicDefinition>> = {
  'cleanup.policy': acted(
    'log.cleanup.policy',
    ConfigType.LIST,
    'delete',
    listOf('delete', 'compact'),
    'What becomes of old segments: delete them, compact them by key, or both.',
  ),
  'compression.gzip.level': taken(
    'compression.gzip.level',
    ConfigType.INT,
    '-1',
    int(-1n),
    'Level of compression where compression.type is gzip.',
  ),
  'compression.lz4.level': taken(
    'compression.lz4.level',
    ConfigType.INT,
    '9',
    int(1n),
    'Level of compression where compression.type is lz4.',
  ),
  'compression.type': acted(
    'compression.type',
    ConfigType.STRING,
    'producer',
    oneOf('uncompressed', 'zstd', 'lz4', 'snappy', 'gzip', 'producer'),
    "The codec of the stored batches; 'producer' keeps what the producer chose.",
  ),
  'compression.zstd.level': taken(
    'compression.zstd.level',
    ConfigType.INT,
    '3',
    int(-131072n),
    'Level of compression where compression.type is zstd.',
  ),
  'delete.retention.ms': acted(
    'log.cleaner.delete.retention.ms',
    ConfigType.LONG,
    '86400000',
    long(0n),
    'How long a tombstone of a compacted topic stays after it was first compacted, in milliseconds.',
  ),
  'file.delete.delay.ms': taken(
    'log.segment.delete.delay.ms',
    ConfigType.LONG,
    '60000',
    long(0n),
    'How long the files of a deleted segment stay, in milliseconds.',
  ),
  'flush.messages': taken(
    'log.flush.interval.messages',
    ConfigType.LONG,
    '9223372036854775807',
    long(1n),
    'Records between two syncs of the log.',
  ),
  'flush.ms': taken(
    'log.flush.interval.ms',
    ConfigType.LONG,
    '9223372036854775807',
    long(0n),
    'Milliseconds between two syncs of the log.',
  ),
  'follower.replication.throttled.replicas': taken(undefined, ConfigType.LIST, '', anything, 'Replicas whose followers are throttled.'),
  'index.interval.bytes': taken(
    'log.index.interval.bytes',
    ConfigType.INT,
    '4096',
    int(0n),
    'Bytes of the log between two entries of its index.',
  ),
  'leader.replication.throttled.replicas': taken(undefined, ConfigType.LIST, '', anything, 'Replicas whose leaders are throttled.'),
  'local.retention.bytes': taken(
    'log.local.retention.bytes',
    ConfigType.LONG,
    '-2',
    long(-2n),
    'Bytes kept on this machine where storage is tiered.',
  ),
  'local.retention.ms': taken(
    'log.local.retention.ms',
    ConfigType.LONG,
    '-2',
    long(-2n),
    'How long records are kept on this machine where storage is tiered.',
  ),
  'max.compaction.lag.ms': acted(
    'log.cleaner.max.compaction.lag.ms',
    ConfigType.LONG,
    '9223372036854775807',
    long(1n),
    'How long a record may stay uncompacted, in milliseconds.',
  ),
  'max.message.bytes': acted('message.max.bytes', ConfigType.INT, '1048588', int(0n), 'The largest batch that is taken, as it is stored.'),
  'message.timestamp.after.max.ms': acted(
    'log.message.timestamp.after.max.ms',
    ConfigType.LONG,
    '3600000',
    long(0n),
    "How far the time of a record may lie ahead of the broker's clock, in milliseconds.",
  ),
  'message.timestamp.before.max.ms': acted(
    'log.message.timestamp.before.max.ms',
    ConfigType.LONG,
    '9223372036854775807',
    long(0n),
    "How far the time of a record may lie behind the broker's clock, in milliseconds.",
  ),
  'message.timestamp.type': acted(
    'log.message.timestamp.type',
    ConfigType.STRING,
    'CreateTime',
    oneOf('CreateTime', 'LogAppendTime'),
    'Whether a record has the time of its producer (CreateTime) or of the broker (LogAppendTime).',
  ),
  'min.cleanable.dirty.ratio': acted(
    'log.cleaner.min.cleanable.ratio',
    ConfigType.DOUBLE,
    '0.5',
    ratio,
    'The part of a log that must be uncompacted before it is compacted.',
  ),
  'min.compaction.lag.ms': acted(
    'log.cleaner.min.compaction.lag.ms',
    ConfigType.LONG,
    '0',
    long(0n),
    'How long a record stays uncompacted at least, in milliseconds.',
  ),
  'min.insync.replicas': acted(
    'min.insync.replicas',
    ConfigType.INT,
    '1',
    int(1n),
    'Replicas that must have a batch before acks=all is answered.',
  ),
  preallocate: taken('log.preallocate', ConfigType.BOOLEAN, 'false', bool, 'Whether the file of a segment is made in its full size.'),
  'remote.log.copy.disable': taken(undefined, ConfigType.BOOLEAN, 'false', bool, 'Whether tiered storage takes no more segments.'),
  'remote.log.delete.on.disable': taken(
    undefined,
    ConfigType.BOOLEAN,
    'false',
    bool,
    'Whether what tiered storage has goes when it is switched off.',
  ),
  'remote.storage.enable': taken(
    undefined,
    ConfigType.BOOLEAN,
    'false',
    untiered,
    'Whether old segments go into tiered storage, which this broker does not have.',
  ),
  'retention.bytes': acted(
    'log.retention.bytes',
    ConfigType.LONG,
    '-1',
    long(-1n),
    'How large a partition may grow before its old segments are deleted; -1: without limit.',
  ),
  'retention.ms': acted(
    'log.retention.ms',
    ConfigType.LONG,
    '604800000',
    long(-1n),
    'How long records are kept, in milliseconds; -1: for ever.',
  ),
  'segment.bytes': acted('log.segment.bytes', ConfigType.INT, '1073741824', int(14n), 'The size of a segment.'),
  'segment.index.bytes': taken('log.index.size.max.bytes', ConfigType.INT, '10485760', int(4n), 'The size of the index of a segment.'),
  'segment.jitter.ms': taken(
    'log.roll.jitter.ms',
    ConfigType.LONG,
    '0',
    long(0n),
    'By how much segment.ms is shortened at random, in milliseconds.',
  ),
  'segment.ms': acted(
    'log.roll.ms',
    ConfigType.LONG,
    '604800000',
    long(1n),
    'After how long a segment is full though it is small, in milliseconds.',
  ),
  'unclean.leader.election.enable': taken(
    'unclean.leader.election.enable',
    ConfigType.BOOLEAN,
    'false',
    bool,
    'Whether a replica that is behind may become the leader.',
  ),
}

export const topicFault = (config: { name: string; value: string | null }): string | undefined => faultOf(topicConfigs, 'topic', config)

/** What a topic has where it has no value of its own. */
export type TopicDefaults = (name: string) => string

/** What is acted on, as numbers and flags. A limit beyond 2^53 never applies. */
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

export function settingsOf(topic: { readonly configs: readonly Config[] }, defaults: TopicDefaults): TopicSettings {
  const text = (name: string): string => topic.configs.find((c) => c.name === name)?.value ?? defaults(name)
  const number = (name: string): number => Number(text(name))
  const policy = itemsOf(text('cleanup.policy'))
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
