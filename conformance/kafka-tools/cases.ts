/**
 * What Kafka's tools are asked, in this order: each step finds what those before it left. BROKER stands for the
 * address, FILE:name for a file of `FILES`.
 */
import { sortedLines, sortedWords, withoutFigures } from './normalise.ts'
import type { ToolName } from './tool-box.ts'

export interface Case {
  readonly tool: ToolName
  /** As they are typed; a quoted part has spaces. */
  readonly args: string
  readonly input?: string
  /** What of the output is compared. Default: all of it. */
  readonly shown?: (text: string) => string
  /** Only that it ends as on Kafka: what it prints is about a machine. */
  readonly exitOnly?: true
  /** Why it answers otherwise than Apache Kafka does. The case fails once it does not any more. */
  readonly differs?: string
}

export const FILES: Readonly<Record<string, unknown>> = {
  delete: { version: 1, partitions: [{ topic: 'orders', partition: 0, offset: 3 }] },
  deleteBeyond: { version: 1, partitions: [{ topic: 'orders', partition: 0, offset: 9999 }] },
  deleteUnknown: { version: 1, partitions: [{ topic: 'nowhere', partition: 0, offset: 1 }] },
  elect: { partitions: [{ topic: 'orders', partition: 0 }] },
  move: { version: 1, topics: [{ topic: 'orders' }] },
  reassign: { version: 1, partitions: [{ topic: 'orders', partition: 0, replicas: [1], log_dirs: ['any'] }] },
  reassignAway: { version: 1, partitions: [{ topic: 'orders', partition: 0, replicas: [2], log_dirs: ['any'] }] },
  offsets: '"orders",0,1\n"orders",1,2\n',
}

const LINES = Array.from({ length: 20 }, (_, i) => `k${i}:v${i}`).join('\n')

/** Flags that `consumer-groups --reset-offsets` moves by; each is tried dry and done. */
const RESETS = [
  '--to-earliest',
  '--to-latest',
  '--to-offset 2',
  '--to-offset 9999',
  '--shift-by 1',
  '--shift-by -100',
  '--to-datetime 2000-01-01T00:00:00.000',
  '--by-duration PT1H',
  '--to-current',
  '--from-file FILE:offsets',
]

/** The properties of the Kafka that is compared with have it. */
const withoutFixedMinimum = (text: string): string => sortedLines(text.replace('STATIC_BROKER_CONFIG:min.insync.replicas=1, ', ''))

/** Kafka acts on an alteration a moment after it has answered. */
const withoutValues = (text: string): string => sortedLines(text.replaceAll(/=\d+ sensitive/g, '=N sensitive'))

const topics = (args: string, more: Partial<Case> = {}): Case => ({ tool: 'topics', args: `--bootstrap-server BROKER ${args}`, ...more })
const groups = (args: string, more: Partial<Case> = {}): Case => ({
  tool: 'consumer-groups',
  args: `--bootstrap-server BROKER ${args}`,
  shown: sortedLines,
  ...more,
})
const configs = (args: string, more: Partial<Case> = {}): Case => ({
  tool: 'configs',
  args: `--bootstrap-server BROKER ${args}`,
  shown: sortedLines,
  ...more,
})
const offsets = (args: string, more: Partial<Case> = {}): Case => ({
  tool: 'get-offsets',
  args: `--bootstrap-server BROKER ${args}`,
  ...more,
})
const tool = (name: ToolName, args: string, more: Partial<Case> = {}): Case => ({ tool: name, args, ...more })

const readAll = (more: string): Case =>
  tool('console-consumer', `--bootstrap-server BROKER --topic orders --from-beginning --timeout-ms 2000 ${more}`, { shown: sortedLines })

export const CASES: readonly Case[] = [
  // Topics
  topics('--create --topic orders --partitions 2 --config retention.ms=86400000'),
  topics('--create --topic orders --partitions 2'),
  topics('--create --if-not-exists --topic orders'),
  topics('--create --topic bad/name'),
  topics('--create --topic wide --replication-factor 3'),
  topics('--create --topic empty --partitions 0'),
  topics('--create --topic odd --config no.such.config=1'),
  topics('--create --topic odd --config retention.ms=soon'),
  topics('--create --topic manual --replica-assignment 1,1'),
  topics('--list'),
  topics('--list --exclude-internal'),
  topics('--describe --topic orders'),
  topics('--describe --topic manual'),
  topics('--describe --topic nowhere'),
  topics('--describe --topics-with-overrides'),
  topics('--describe --under-replicated-partitions'),
  topics('--describe --unavailable-partitions'),
  topics('--describe --at-min-isr-partitions --exclude-internal --topic orders'),
  topics('--describe --under-min-isr-partitions'),
  topics('--alter --topic orders --partitions 3'),
  topics('--alter --topic orders --partitions 3'),
  topics('--alter --topic orders --partitions 2'),
  topics('--alter --topic nowhere --partitions 2'),
  topics('--describe --topic orders'),

  // Producing and consuming
  tool('console-producer', '--bootstrap-server BROKER --topic orders --property parse.key=true --property key.separator=:', {
    input: LINES,
  }),
  tool(
    'console-producer',
    '--bootstrap-server BROKER --topic orders --compression-codec zstd --request-required-acks 1 --property parse.key=true --property key.separator=:',
    {
      input: 'kz:zstd',
    },
  ),
  readAll('--property print.key=true'),
  readAll('--partition 0 --property print.offset=true --property print.partition=true'),
  readAll('--group billing --max-messages 21'),
  tool('console-consumer', '--bootstrap-server BROKER --topic orders --partition 1 --offset 1 --timeout-ms 2000', { shown: sortedLines }),
  topics('--create --topic perf --partitions 1'),
  tool('producer-perf-test', '--topic perf --num-records 1000 --record-size 100 --throughput -1 --bootstrap-server BROKER', {
    shown: withoutFigures,
  }),
  tool('consumer-perf-test', '--bootstrap-server BROKER --topic perf --messages 1000 --timeout 20000', { exitOnly: true }),

  // Offsets and records
  offsets('--topic orders'),
  offsets('--topic orders --time earliest'),
  offsets('--topic orders --time -3 --partitions 0', { shown: withoutFigures }),
  offsets('--topic orders --time max-timestamp --partitions 1', { shown: withoutFigures }),
  offsets('--topic orders --time 946684800000'),
  offsets('--topic-partitions orders:0,orders:1'),
  offsets('--topic nowhere'),
  offsets('--exclude-internal-topics'),
  tool('delete-records', '--bootstrap-server BROKER --offset-json-file FILE:delete', { shown: sortedLines }),
  tool('delete-records', '--bootstrap-server BROKER --offset-json-file FILE:deleteBeyond', { shown: sortedLines }),
  offsets('--topic orders --time earliest'),

  // Groups
  groups('--list'),
  groups('--list --state'),
  groups('--list --type'),
  groups('--describe --group billing'),
  groups('--describe --group billing --offsets --verbose'),
  groups('--describe --group billing --state'),
  groups('--describe --group billing --members'),
  groups('--describe --all-groups'),
  groups('--describe --group nobody'),
  ...RESETS.flatMap((to) => [
    groups(`--reset-offsets --group billing --topic orders ${to} --dry-run`),
    groups(`--reset-offsets --group billing --topic orders ${to} --execute`),
    groups('--describe --group billing'),
  ]),
  groups('--reset-offsets --group billing --topic orders:1 --to-earliest --execute'),
  groups('--reset-offsets --group billing --all-topics --to-latest --export --dry-run'),
  groups('--reset-offsets --all-groups --all-topics --to-earliest --dry-run'),
  groups('--reset-offsets --group fresh --topic orders --to-latest --execute'),
  groups('--delete-offsets --group billing --topic orders:1'),
  groups('--delete-offsets --group billing --topic nowhere'),
  groups('--delete-offsets --group nobody --topic orders'),
  groups('--describe --group billing'),
  groups('--delete --group fresh'),
  groups('--delete --group nobody'),
  groups('--validate-regex ord.*'),
  tool('groups', '--bootstrap-server BROKER --list', { shown: sortedLines }),
  tool('groups', '--bootstrap-server BROKER --list --consumer', { shown: sortedLines }),

  // Configs
  configs('--describe --entity-type topics --entity-name orders'),
  configs('--describe --entity-type topics --entity-name orders --all', { shown: withoutFixedMinimum }),
  configs('--alter --entity-type topics --entity-name orders --add-config cleanup.policy=[compact,delete],segment.ms=60000'),
  configs('--describe --entity-type topics --entity-name orders'),
  configs('--alter --entity-type topics --entity-name orders --delete-config segment.ms,cleanup.policy'),
  configs('--alter --entity-type topics --entity-name orders --delete-config segment.ms'),
  configs('--alter --entity-type topics --entity-name orders --add-config no.such.config=1'),
  configs('--alter --entity-type topics --entity-name orders --add-config retention.ms=soon'),
  configs('--alter --entity-type topics --entity-name orders --add-config min.insync.replicas=0'),
  configs('--alter --entity-type topics --entity-name nowhere --add-config retention.ms=1'),
  configs('--describe --entity-type topics', {
    differs: 'segments of __consumer_offsets are smaller here, so that they are compacted sooner',
  }),
  configs('--alter --entity-type brokers --entity-default --add-config log.retention.ms=3600000'),
  configs('--describe --entity-type brokers --entity-default'),
  configs('--describe --entity-type brokers --entity-name 1', { shown: withoutValues }),
  configs('--alter --entity-type brokers --entity-name 1 --add-config log.retention.ms=7200000'),
  configs('--describe --entity-type brokers --entity-name 1', { shown: withoutValues }),
  configs('--alter --entity-type brokers --entity-name 1 --delete-config log.retention.ms'),
  configs('--alter --entity-type brokers --entity-default --delete-config log.retention.ms'),
  configs('--alter --entity-type brokers --entity-name 1 --add-config num.partitions=7'),
  configs('--alter --entity-type groups --entity-name billing --add-config consumer.session.timeout.ms=50000'),
  configs('--describe --entity-type groups --entity-name billing'),
  configs('--alter --entity-type groups --entity-name billing --add-config consumer.session.timeout.ms=1'),
  configs('--alter --entity-type groups --entity-name billing --delete-config consumer.session.timeout.ms'),
  configs('--alter --entity-type users --entity-name ann --add-config producer_byte_rate=1048576,request_percentage=200.5'),
  configs('--alter --entity-type users --entity-name ann --entity-type clients --entity-default --add-config consumer_byte_rate=2048'),
  configs('--alter --entity-type clients --entity-default --add-config controller_mutation_rate=10'),
  configs('--alter --entity-type ips --entity-name 127.0.0.9 --add-config connection_creation_rate=100'),
  configs('--alter --entity-type users --entity-name ann --add-config producer_byte_rate=0'),
  configs('--alter --entity-type users --entity-name ann --add-config no_such_rate=1'),
  configs('--describe --entity-type users', { shown: sortedWords }),
  configs('--describe --entity-type users --entity-name ann', { shown: sortedWords }),
  configs('--describe --entity-type users --entity-name ann --entity-type clients --entity-default', { shown: sortedWords }),
  configs('--describe --entity-type clients', { shown: sortedWords }),
  configs('--describe --entity-type ips', { shown: sortedWords }),
  configs('--alter --entity-type users --entity-name ann --delete-config producer_byte_rate,request_percentage'),
  configs('--alter --entity-type clients --entity-default --delete-config controller_mutation_rate'),
  configs('--alter --entity-type users --entity-name bob --add-config SCRAM-SHA-256=[iterations=8192,password=secret]'),
  configs('--describe --entity-type users --entity-name bob'),
  configs('--alter --entity-type users --entity-name bob --add-config SCRAM-SHA-256=[iterations=1,password=secret]'),
  configs('--alter --entity-type users --entity-name bob --delete-config SCRAM-SHA-256'),
  configs('--alter --entity-type users --entity-name bob --delete-config SCRAM-SHA-256'),
  tool('client-metrics', '--bootstrap-server BROKER --alter --name slow --metrics org.apache.kafka.producer --interval 1000'),
  tool('client-metrics', '--bootstrap-server BROKER --alter --name slow --match client_id=c.*,client_software_name=apache-kafka-java'),
  tool('client-metrics', '--bootstrap-server BROKER --list'),
  tool('client-metrics', '--bootstrap-server BROKER --describe --name slow', { shown: sortedLines }),
  tool('client-metrics', '--bootstrap-server BROKER --describe', { shown: sortedLines }),
  tool('client-metrics', '--bootstrap-server BROKER --alter --name slow --interval 1'),
  tool('client-metrics', '--bootstrap-server BROKER --alter --name slow --match nothing=x'),
  tool('client-metrics', '--bootstrap-server BROKER --delete --name slow'),

  // The cluster
  tool('cluster', 'cluster-id --bootstrap-server BROKER'),
  tool('cluster', 'list-endpoints --bootstrap-server BROKER'),
  tool('cluster', 'unregister --bootstrap-server BROKER --id 77'),
  tool('broker-api-versions', '--bootstrap-server BROKER', { exitOnly: true }),
  tool('features', '--bootstrap-server BROKER describe', { differs: 'what these features stand for is not served (docs/skipped.md)' }),
  tool('features', '--bootstrap-server BROKER upgrade --feature no.such.feature=1'),
  tool('features', '--bootstrap-server BROKER upgrade --dry-run --feature group.version=1', {
    differs: 'KIP-848 is not served (docs/skipped.md)',
  }),
  tool('metadata-quorum', '--bootstrap-server BROKER describe --status', { exitOnly: true }),
  tool('metadata-quorum', '--bootstrap-server BROKER describe --replication', { shown: withoutFigures }),
  tool('log-dirs', '--bootstrap-server BROKER --describe --topic-list orders --broker-list 1', { shown: withoutFigures, exitOnly: true }),
  tool('leader-election', '--bootstrap-server BROKER --election-type preferred --topic orders --partition 0'),
  tool('leader-election', '--bootstrap-server BROKER --election-type preferred --path-to-json-file FILE:elect'),
  tool('leader-election', '--bootstrap-server BROKER --election-type unclean --topic orders --partition 0'),
  tool('leader-election', '--bootstrap-server BROKER --election-type preferred --all-topic-partitions'),
  tool('leader-election', '--bootstrap-server BROKER --election-type preferred --topic nowhere --partition 0'),
  tool('reassign-partitions', '--bootstrap-server BROKER --list'),
  tool('reassign-partitions', '--bootstrap-server BROKER --generate --topics-to-move-json-file FILE:move --broker-list 1'),
  tool('reassign-partitions', '--bootstrap-server BROKER --execute --reassignment-json-file FILE:reassign'),
  tool('reassign-partitions', '--bootstrap-server BROKER --verify --reassignment-json-file FILE:reassign'),
  tool('reassign-partitions', '--bootstrap-server BROKER --execute --reassignment-json-file FILE:reassignAway'),
  tool('reassign-partitions', '--bootstrap-server BROKER --cancel --reassignment-json-file FILE:reassign'),
  tool('transactions', '--bootstrap-server BROKER describe-producers --topic perf --partition 0', { exitOnly: true }),
  tool('acls', '--bootstrap-server BROKER --list'),
  tool('acls', '--bootstrap-server BROKER --add --allow-principal User:ann --operation read --topic orders'),
  tool('acls', '--bootstrap-server BROKER --remove --force --allow-principal User:ann --operation read --topic orders'),

  // What goes
  topics('--delete --topic manual'),
  topics('--delete --topic nowhere'),
  topics('--delete --if-exists --topic nowhere'),
  topics('--delete --topic perf'),
  topics('--list --exclude-internal'),
  groups('--delete --group billing'),
  groups('--list', { shown: sortedLines }),
]

/** What Kafka lists after a change may not be changed yet. */
const changedAcls = (text: string): string => sortedLines(text.split('Current ACLs')[0]!)

const acls = (args: string): Case =>
  tool('acls', `--bootstrap-server BROKER ${args}`, { shown: args.startsWith('--list') ? sortedLines : changedAcls })

/** On a broker with an authorizer, by a user who may do anything. */
export const ACL_CASES: readonly Case[] = [
  acls('--list'),
  topics('--create --topic orders --partitions 2'),
  acls('--add --allow-principal User:ann --operation read --topic orders'),
  acls('--add --allow-principal User:bob --producer --topic app. --resource-pattern-type prefixed'),
  acls('--add --deny-principal User:eve --deny-host 10.0.0.7 --operation all --topic *'),
  acls('--add --allow-principal User:ann --operation alter --cluster'),
  // Not next to the first of ann's: what the controller has decided, a broker of Apache Kafka knows a moment later.
  acls('--add --allow-principal User:ann --consumer --topic orders --group billing'),
  acls('--add --allow-principal User:ann --operation idempotentWrite --topic orders'),
  acls('--add --allow-principal ann --operation read --topic orders'),
  acls('--list'),
  acls('--list --topic orders'),
  acls('--list --topic app.x --resource-pattern-type match'),
  acls('--list --principal User:ann'),
  acls('--remove --force --allow-principal User:ann --operation read --topic orders'),
  acls('--remove --force --topic app. --resource-pattern-type prefixed'),
  acls('--remove --force --topic nowhere'),
  acls('--list'),
]
