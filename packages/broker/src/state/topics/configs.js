const INT64_MAX = 9223372036854775807n
function whole(min, max) {
  return (value) => {
    if (!/^[+-]?\d+$/.test(value.trim())) return 'not a number of type INT'
    const v = BigInt(value.trim())
    return v < min ? `value must be at least ${min}` : v > max ? `value must be at most ${max}` : undefined
  }
}
const int = (min) => whole(min, 2n ** 31n - 1n)
const long = (min) => whole(min, INT64_MAX)
const oneOf =
  (...values) =>
  (value) =>
    values.includes(value) ? undefined : `String must be one of: ${values.join(', ')}`
const listOf =
  (...values) =>
  (value) =>
    value.split(',').every((part) => values.includes(part.trim())) ? undefined : `String must be one of: ${values.join(', ')}`
const bool = oneOf('true', 'false')
const ratio = (value) => (Number(value) >= 0 && Number(value) <= 1 && value.trim() !== '' ? undefined : 'value must be from 0 to 1')
const anything = () => undefined
const kept = (fallback, check) => ({ fallback, check, kept: true })
const taken = (fallback, check) => ({ fallback, check, kept: false })
const rows = {
  'cleanup.policy': taken('delete', listOf('delete', 'compact')),
  'compression.gzip.level': taken('-1', int(-1n)),
  'compression.lz4.level': taken('9', int(1n)),
  'compression.type': kept('producer', oneOf('uncompressed', 'zstd', 'lz4', 'snappy', 'gzip', 'producer')),
  'compression.zstd.level': taken('3', int(-131072n)),
  'delete.retention.ms': taken('86400000', long(0n)),
  'file.delete.delay.ms': taken('60000', long(0n)),
  'flush.messages': taken('9223372036854775807', long(1n)),
  'flush.ms': taken('9223372036854775807', long(0n)),
  'follower.replication.throttled.replicas': taken('', anything),
  'index.interval.bytes': taken('4096', int(0n)),
  'leader.replication.throttled.replicas': taken('', anything),
  'max.compaction.lag.ms': taken('9223372036854775807', long(1n)),
  'max.message.bytes': kept('1048588', int(0n)),
  'message.timestamp.after.max.ms': kept('3600000', long(0n)),
  'message.timestamp.before.max.ms': kept('9223372036854775807', long(0n)),
  'message.timestamp.type': kept('CreateTime', oneOf('CreateTime', 'LogAppendTime')),
  'min.cleanable.dirty.ratio': taken('0.5', ratio),
  'min.compaction.lag.ms': taken('0', long(0n)),
  'min.insync.replicas': kept('1', int(1n)),
  preallocate: taken('false', bool),
  'retention.bytes': kept('-1', long(-1n)),
  'retention.ms': kept('604800000', long(-1n)),
  'segment.bytes': kept('1073741824', int(14n)),
  'segment.index.bytes': taken('10485760', int(4n)),
  'segment.jitter.ms': taken('0', long(0n)),
  'segment.ms': taken('604800000', long(1n)),
  'unclean.leader.election.enable': taken('false', bool),
}
/** What is wrong with a setting, in Kafka's words; undefined if nothing is. */
export function configFault(name, value) {
  const row = rows[name]
  if (row === undefined) return `Unknown topic config name: ${name}`
  if (value === null) return `Null value not supported for topic configs: ${name}`
  const fault = row.check(value)
  return fault && `Invalid value ${value} for configuration ${name}: ${fault}`
}
/** Every setting of the topic, by name, those that were not given with their defaults. */
export function allConfigs(given, defaults) {
  return Object.keys(rows).map((name) => {
    const own = given.find((c) => c.name === name)
    return own ? { ...own, isDefault: false } : { name, value: fallbackOf(name, defaults), isDefault: true }
  })
}
function fallbackOf(name, defaults) {
  if (name === 'max.message.bytes') return String(defaults.messageBytesMax)
  if (name === 'segment.bytes') return String(defaults.segmentBytesMax)
  return rows[name].fallback
}
export function settingsOf(topic, defaults) {
  const text = (name) => topic.configs.find((c) => c.name === name)?.value ?? fallbackOf(name, defaults)
  const number = (name) => Number(text(name))
  const policy = text('cleanup.policy').split(',')
  return {
    messageBytesMax: number('max.message.bytes'),
    segmentBytesMax: number('segment.bytes'),
    timestampBeforeMsMax: number('message.timestamp.before.max.ms'),
    timestampAfterMsMax: number('message.timestamp.after.max.ms'),
    logAppendTime: text('message.timestamp.type') === 'LogAppendTime',
    compacted: policy.includes('compact'),
    deletes: policy.includes('delete'),
    compression: text('compression.type'),
    insyncReplicasMin: number('min.insync.replicas'),
    retentionMs: number('retention.ms'),
    retentionBytes: number('retention.bytes'),
  }
}
