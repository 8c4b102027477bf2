/** The configurations of groups (Kafka's `GroupConfig`) and of client metrics (KIP-714). */
import { anything, type Check, ConfigType, type Definition, faultOf, int, oneOf } from './definition.ts'

const row = (type: ConfigType, fallback: string, check: Check, documentation: string): Definition => ({
  type,
  fallback,
  check,
  documentation,
  acted: false,
})
const { INT, LIST, STRING } = ConfigType

/** Of groups of the new protocols, which are not served yet: kept, and shown. */
export const groupConfigs: Readonly<Record<string, Definition>> = {
  'consumer.heartbeat.interval.ms': row(INT, '5000', int(1n), 'How often a member of a consumer group sends a heartbeat, in milliseconds.'),
  'consumer.session.timeout.ms': row(
    INT,
    '45000',
    int(1n),
    'After how long without a heartbeat a member of a consumer group is out, in milliseconds.',
  ),
  'share.auto.offset.reset': row(
    STRING,
    'latest',
    (v) => (/^(latest|earliest|by_duration:P.+)$/.test(v) ? undefined : 'Must be latest, earliest or by_duration:<duration>'),
    'Where a share group begins.',
  ),
  'share.heartbeat.interval.ms': row(INT, '5000', int(1n), 'How often a member of a share group sends a heartbeat, in milliseconds.'),
  'share.isolation.level': row(
    STRING,
    'read_uncommitted',
    oneOf('read_uncommitted', 'read_committed'),
    'Whether a share group reads records of open transactions.',
  ),
  'share.record.lock.duration.ms': row(
    INT,
    '30000',
    int(1000n, 3_600_000n),
    'How long a member of a share group holds a record, in milliseconds.',
  ),
  'share.session.timeout.ms': row(
    INT,
    '45000',
    int(1n),
    'After how long without a heartbeat a member of a share group is out, in milliseconds.',
  ),
  'streams.heartbeat.interval.ms': row(INT, '5000', int(1n), 'How often a member of a streams group sends a heartbeat, in milliseconds.'),
  'streams.initial.rebalance.delay.ms': row(INT, '3000', int(0n), 'How long a new streams group waits for more members, in milliseconds.'),
  'streams.num.standby.replicas': row(INT, '0', int(0n), 'Standby replicas of a task of a streams group.'),
  'streams.session.timeout.ms': row(
    INT,
    '45000',
    int(1n),
    'After how long without a heartbeat a member of a streams group is out, in milliseconds.',
  ),
}

/** Which metrics clients are asked to push, how often, and which clients. */
export const clientMetricsConfigs: Readonly<Record<string, Definition>> = {
  'interval.ms': row(INT, '300000', int(100n, 3_600_000n), 'How often a client pushes its metrics, in milliseconds.'),
  match: row(
    LIST,
    '',
    (v) => (v.trim() === '' || v.split(',').every((m) => /^\s*[a-z_]+=.+$/.test(m)) ? undefined : 'Each item must be <selector>=<pattern>'),
    'Selectors of clients, and patterns that their values match.',
  ),
  metrics: row(LIST, '', anything, 'Prefixes of the names of metrics; an asterisk for all of them.'),
}

export const groupFault = (config: { name: string; value: string | null }): string | undefined => faultOf(groupConfigs, 'group', config)
export const clientMetricsFault = (config: { name: string; value: string | null }): string | undefined =>
  faultOf(clientMetricsConfigs, 'client metrics', config)
