/**
 * The configurations of a broker (Kafka's `KafkaConfig`): what an option of `startBroker` says under Kafka's name, and
 * what is the default for topics.
 *
 * Those that are defaults of topics can be altered while the broker runs, for the broker or for the cluster, and are
 * acted on at once; the others are fixed by the options.
 */
import type { BrokerOptions } from '../../options.ts'
import type { Metadata } from '../cluster/metadata.ts'
import { anything, ConfigType, type Definition, faultOf, ResourceType } from './definition.ts'
import { otherBrokerConfigs } from './other-broker-configs.ts'
import { topicConfigs } from './topic-configs.ts'

export interface BrokerDefinition extends Definition {
  /** Undefined: no option says it. */
  readonly from: ((options: BrokerOptions) => string | null) | undefined
  readonly isDynamic: boolean
}

const fixed = (type: ConfigType, fallback: string | null, from: BrokerDefinition['from'], documentation: string): BrokerDefinition => ({
  type,
  fallback,
  from,
  documentation,
  check: anything,
  acted: true,
  isDynamic: false,
})

const { BOOLEAN, INT, LIST, LONG, STRING } = ConfigType
const addresses = (pick: 'listen' | 'advertise') => (options: BrokerOptions) =>
  options.listeners
    .map((listener) => `${listener.name}://${listener[pick].host ?? listener.listen.host}:${listener[pick].port ?? listener.listen.port}`)
    .join(',')

const own: Readonly<Record<string, BrokerDefinition>> = {
  'advertised.listeners': fixed(STRING, null, addresses('advertise'), 'The addresses that clients are told to connect to.'),
  'auto.create.topics.enable': fixed(
    BOOLEAN,
    'true',
    (o) => String(o.autoCreateTopics),
    'Whether a topic that does not exist is created when it is asked for.',
  ),
  'broker.id': fixed(INT, '-1', (o) => String(o.nodeId), 'The id of the node.'),
  'broker.rack': fixed(STRING, null, (o) => o.rack, 'Where the node is.'),
  'connections.max.idle.ms': fixed(LONG, '600000', undefined, 'After how long a connection without requests is closed, in milliseconds.'),
  'default.replication.factor': fixed(INT, '1', () => '1', 'Replicas of a topic that is created without a number.'),
  'delete.topic.enable': fixed(BOOLEAN, 'true', undefined, 'Whether topics can be deleted.'),
  'fetch.max.bytes': fixed(INT, '57671680', (o) => String(o.fetchBytesMax), 'The largest answer to a Fetch.'),
  'group.initial.rebalance.delay.ms': fixed(
    INT,
    '3000',
    (o) => String(o.groupInitialRebalanceDelayMs),
    'How long a new group waits for more members, in milliseconds.',
  ),
  'group.max.session.timeout.ms': fixed(
    INT,
    '1800000',
    (o) => String(o.groupSessionTimeoutMaxMs),
    'The longest session time-out that a member may ask for, in milliseconds.',
  ),
  'group.max.size': fixed(INT, '2147483647', (o) => String(o.groupMaxSize), 'Members of one group.'),
  'group.min.session.timeout.ms': fixed(
    INT,
    '6000',
    (o) => String(o.groupSessionTimeoutMinMs),
    'The shortest session time-out that a member may ask for, in milliseconds.',
  ),
  listeners: fixed(LIST, 'PLAINTEXT://:9092', addresses('listen'), 'Where the broker listens.'),
  'log.cleaner.backoff.ms': fixed(
    LONG,
    '15000',
    (o) => String(o.compactionIntervalMs),
    'How often logs are looked at for compaction, in milliseconds.',
  ),
  'log.cleaner.dedupe.buffer.size': fixed(
    LONG,
    '134217728',
    (o) => String(o.compactionMemoryBytesMax),
    'Memory for keys while a log is compacted.',
  ),
  'log.cleaner.enable': fixed(BOOLEAN, 'true', undefined, 'Whether logs are compacted.'),
  'log.dirs': fixed(STRING, null, (o) => o.data, 'Where the logs are kept.'),
  'log.retention.check.interval.ms': fixed(
    LONG,
    '300000',
    (o) => String(o.retentionCheckIntervalMs),
    'How often old segments are looked for, in milliseconds.',
  ),
  'max.incremental.fetch.session.cache.slots': fixed(INT, '1000', (o) => String(o.fetchSessionsMax), 'Fetch sessions at once.'),
  'max.connections': fixed(INT, '2147483647', (o) => String(o.connectionsMax), 'Connections at once.'),
  'node.id': fixed(INT, null, (o) => String(o.nodeId), 'The id of the node.'),
  'num.partitions': fixed(INT, '1', (o) => String(o.numPartitions), 'Partitions of a topic that is created without a number.'),
  'offset.metadata.max.bytes': fixed(INT, '4096', (o) => String(o.offsetMetadataCharsMax), 'The longest metadata of a committed offset.'),
  'offsets.retention.minutes': fixed(
    INT,
    '10080',
    (o) => String(Math.floor(o.offsetsRetentionMs / 60_000)),
    'How long offsets of a group without members are kept, in minutes.',
  ),
  'offsets.topic.num.partitions': fixed(INT, '50', (o) => String(o.offsetsPartitions), 'Partitions of __consumer_offsets.'),
  'offsets.topic.replication.factor': fixed(INT, '3', () => '1', 'Replicas of __consumer_offsets.'),
  'process.roles': fixed(LIST, '', () => 'broker,controller', 'What the node does.'),
  'replica.selector.class': fixed(
    STRING,
    null,
    (o) => (o.replicaSelector === 'rack-aware' ? 'org.apache.kafka.common.replica.RackAwareReplicaSelector' : null),
    'Which replica a client is told to read from.',
  ),
  'socket.request.max.bytes': fixed(INT, '104857600', (o) => String(o.frameBytesMax), 'The largest request that is read.'),
}

const options: Readonly<Record<string, (o: BrokerOptions) => string>> = {
  'message.max.bytes': (o) => String(o.messageBytesMax),
  'log.segment.bytes': (o) => String(o.segmentBytesMax),
  'log.index.interval.bytes': (o) => String(o.indexIntervalBytes),
}

/**
 * The names of one thing, the one that counts first. Only the last has a default
 * (`DynamicBrokerConfig.brokerConfigSynonyms`).
 */
const SYNONYMS: readonly (readonly string[])[] = [
  ['log.retention.ms', 'log.retention.minutes', 'log.retention.hours'],
  ['log.roll.ms', 'log.roll.hours'],
  ['log.roll.jitter.ms', 'log.roll.jitter.hours'],
  ['log.flush.interval.ms', 'log.flush.scheduler.interval.ms'],
]

/** All names of what this one names. */
export const namesLike = (name: string): readonly string[] => SYNONYMS.find((names) => names.includes(name)) ?? [name]

const ofTopics = Object.values(topicConfigs).flatMap(({ broker, ...definition }): [string, BrokerDefinition][] => {
  if (broker === undefined) return []
  const fallback = namesLike(broker).length > 1 ? null : definition.fallback
  return [[broker, { ...definition, fallback, from: options[broker], isDynamic: true }]]
})

/** Kafka's defaults of what has several names. */
const inHours: Readonly<Record<string, BrokerDefinition>> = {
  'log.retention.hours': fixed(INT, '168', undefined, 'How long records are kept, in hours, where log.retention.ms is not set.'),
  'log.roll.hours': fixed(INT, '168', undefined, 'After how long a segment is full, in hours, where log.roll.ms is not set.'),
}

const others = otherBrokerConfigs.map(([name, type, fallback, isDynamic]): [string, BrokerDefinition] => [
  name,
  { ...fixed(ConfigType[type], fallback, undefined, 'Has no effect in this broker.'), acted: false, isDynamic },
])

export const brokerConfigs: Readonly<Record<string, BrokerDefinition>> = Object.fromEntries(
  [...others, ...Object.entries(own), ...Object.entries(inHours), ...ofTopics].sort(([a], [b]) => (a < b ? -1 : 1)),
)

export const brokerFault = (config: { name: string; value: string | null }): string | undefined => faultOf(brokerConfigs, 'broker', config)

/** As the options say it; null: nobody does. */
export function staticValue(name: string, options: BrokerOptions): string | null {
  const definition = brokerConfigs[name]
  return definition?.from?.(options) ?? definition?.fallback ?? null
}

/** The default of a topic's configuration, as the options and what was altered since say it. */
export function topicDefault(name: string, options: BrokerOptions, dynamic: (broker: string) => string | undefined): string {
  const { broker, fallback } = topicConfigs[name]!
  if (broker === undefined) return fallback!
  return dynamic(broker) ?? brokerConfigs[broker]!.from?.(options) ?? fallback!
}

/** The broker that stands for all: what is set for it is the default of each. */
export const ALL_BROKERS = ''

/** A listener has these alone. */
const OF_LISTENERS = /^ssl\.(key\.password$|keystore\.|truststore\.)/
const OF_ONE_BROKER = /^(cordoned\.log\.dirs|listener\.security\.protocol\.map|principal\.builder\.class)$|^(sasl|ssl)\./

/**
 * Why these cannot be set while the broker runs, or not for all brokers: Kafka's
 * `DynamicBrokerConfig.validateConfigs`.
 */
export function dynamicFault(altered: readonly string[], set: readonly string[], resourceName: string): string | undefined {
  const named = (text: string, names: readonly string[]): string | undefined =>
    names.length === 0 ? undefined : `${text}: [${names.join(', ')}]`
  const isKnown = (name: string): boolean => Object.hasOwn(brokerConfigs, name)
  return (
    named(
      'Cannot update these configs dynamically',
      altered.filter((name) => isKnown(name) && !brokerConfigs[name]!.isDynamic),
    ) ??
    named(
      'These security configs can be dynamically updated only per-listener using the listener prefix',
      set.filter((name) => isKnown(name) && OF_LISTENERS.test(name)),
    ) ??
    named(
      'Cannot update these configs at default cluster level, broker id must be specified',
      resourceName === ALL_BROKERS ? set.filter((name) => isKnown(name) && OF_ONE_BROKER.test(name)) : [],
    )
  )
}

/** What was altered of a broker's configuration: its own value counts before that of all brokers. */
export function dynamicValue(metadata: Pick<Metadata, 'configsOf'>, nodeId: number, key: string): string | undefined {
  const setFor = (name: string): string | undefined =>
    metadata.configsOf(ResourceType.BROKER, name).find((config) => config.name === key)?.value
  return setFor(String(nodeId)) ?? setFor(ALL_BROKERS)
}
