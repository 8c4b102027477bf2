/** The configurations of groups (Kafka's `GroupConfig`) and of client metrics (KIP-714). */
import { anything, bool, type Check, type Config, ConfigType, type Definition, faultOf, int, itemsOf, oneOf } from './definition.ts'

const row = (type: ConfigType, fallback: string, check: Check, documentation: string): Definition => ({
  type,
  fallback,
  check,
  documentation,
  acted: false,
})
const { BOOLEAN, INT, LIST, STRING } = ConfigType

/** Of groups of the new protocols, which are not served yet: kept, and shown. */
export const groupConfigs: Readonly<Record<string, Definition>> = {
  'consumer.assignment.interval.ms': row(INT, '1000', int(0n), 'The time between two assignments of a consumer group, in milliseconds.'),
  'share.assignment.interval.ms': row(INT, '1000', int(0n), 'The time between two assignments of a share group, in milliseconds.'),
  'share.delivery.count.limit': row(INT, '5', int(2n), 'How often a record is delivered to a share group.'),
  'share.partition.max.record.locks': row(INT, '2000', int(100n), 'Records of one partition that a share group holds.'),
  'share.renew.acknowledge.enable': row(BOOLEAN, 'true', bool, 'Whether a member of a share group may hold a record for longer.'),
  'streams.assignment.interval.ms': row(INT, '1000', int(0n), 'The time between two assignments of a streams group, in milliseconds.'),
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
  'interval.ms': row(INT, '300000', int(-(2n ** 31n)), 'How often a client pushes its metrics, in milliseconds.'),
  match: row(LIST, '', anything, 'Selectors of clients, and patterns that their values match.'),
  metrics: row(LIST, '', anything, 'Prefixes of the names of metrics; an asterisk for all of them.'),
}

export const groupFault = (config: { name: string; value: string | null }): string | undefined => faultOf(groupConfigs, 'group', config)

const SELECTORS: ReadonlySet<string> = new Set([
  'client_id',
  'client_instance_id',
  'client_software_name',
  'client_software_version',
  'client_source_address',
  'client_source_port',
])
const INTERVAL_MS = { min: 100, max: 3_600_000 }

/** In the words of Kafka's `ClientMetricsConfigs`. */
export function clientMetricsFault(config: { name: string; value: string | null }): string | undefined {
  const { name, value } = config
  if (!Object.hasOwn(clientMetricsConfigs, name)) return `Unknown client metrics configuration: ${name}`
  const fault = faultOf(clientMetricsConfigs, 'client metrics', config)
  if (fault !== undefined || value === null) return fault
  if (name === 'interval.ms' && (Number(value) < INTERVAL_MS.min || Number(value) > INTERVAL_MS.max)) {
    return `Invalid value ${value} for ${name}, interval must be between ${INTERVAL_MS.min} and ${INTERVAL_MS.max} (1 hour)`
  }
  const illegal = name === 'match' ? itemsOf(value).find((item) => !isSelector(item)) : undefined
  return illegal === undefined ? undefined : `Illegal client matching pattern: ${illegal}`
}

function isSelector(item: string): boolean {
  const [selector, pattern, ...more] = item.split('=')
  if (pattern === undefined || more.length > 0 || !SELECTORS.has(selector!.trim())) return false
  try {
    return new RegExp(pattern.trim()) !== undefined
  } catch (error) {
    // JavaScript's words for a pattern that is not one.
    if (error instanceof SyntaxError) return false
    throw error
  }
}

const BOUNDED = ['consumer', 'share', 'streams'].flatMap((kind) => [`${kind}.heartbeat.interval.ms`, `${kind}.session.timeout.ms`])

/**
 * What is wrong with the configurations of a group together, in the words of Kafka's `GroupConfig`. `broker` tells one
 * of the broker's.
 */
export function groupFaultTogether(configs: readonly Config[], broker: (name: string) => string | null): string | undefined {
  const number = (name: string): number => Number(configs.find((config) => config.name === name)?.value ?? groupConfigs[name]!.fallback)
  for (const name of BOUNDED) {
    const [kind, ...rest] = name.split('.')
    const [min, max] = [`group.${kind}.min.${rest.join('.')}`, `group.${kind}.max.${rest.join('.')}`]
    if (number(name) < Number(broker(min))) return `${name} must be greater than or equal to ${min}`
    if (number(name) > Number(broker(max))) return `${name} must be less than or equal to ${max}`
  }
  for (const kind of ['consumer', 'share', 'streams']) {
    const [session, heartbeat] = [`${kind}.session.timeout.ms`, `${kind}.heartbeat.interval.ms`]
    if (number(session) <= number(heartbeat)) return `${session} must be greater than ${heartbeat}`
  }
  return undefined
}
