/** Checks what a caller of `startBroker` gives, option by option, and fills in the defaults. */
import {
  type Address,
  checkOptions,
  countOption,
  describe,
  durationOption,
  flagOption,
  isWildcard,
  nameOption,
  type OptionNames,
  parseAddress,
  TidemarkError,
  wordOption,
} from '@tidemark/platform'
import { type BrokerOptions, defaultListen, defaults, MEMORY, type StartOptions } from './options.ts'

const OWNER = 'startBroker()'
const INT32_MAX = 2 ** 31 - 1
const PORT_MAX = 65_535

type Check = (name: string, value: unknown) => unknown

const count =
  (min: number, max?: number): Check =>
  (name, value) =>
    countOption(name, value, min, max)
const bytes = count(1)
const int32 = count(1, INT32_MAX)
/** A budget of memory: 0 is none. */
const budget = count(0)
const duration: Check = (name, value) => durationOption(name, value, { zero: true })

const checks: Readonly<Record<keyof typeof defaults, Check>> = {
  nodeId: count(0, INT32_MAX),
  rack: (name, value) => (value === null ? null : nameOption(name, value)),
  fsync: (name, value) => wordOption(name, value, ['never', 'interval', 'always']),
  fsyncIntervalMs: duration,
  platform: platformOption,
  frameBytesMax: int32,
  messageBytesMax: int32,
  segmentBytesMax: bytes,
  indexIntervalBytes: bytes,
  fetchBytesMax: bytes,
  connectionsMax: count(1),
  requestsInFlightMax: count(1),
  outputBufferBytesMax: bytes,
  outputMemoryBytesMax: bytes,
  frameMemoryBytesMax: budget,
  indexMemoryBytesMax: budget,
  readMemoryBytesMax: budget,
  readAheadBytesMax: budget,
  memoryBytesMax: bytes,
  topicsMax: count(0),
  partitionsMax: count(0),
  producersPerPartitionMax: count(1),
  openFilesMax: count(1),
  autoCreateTopics: flagOption,
  numPartitions: int32,
  offsetsPartitions: int32,
  groupInitialRebalanceDelayMs: duration,
  groupSessionTimeoutMinMs: duration,
  groupSessionTimeoutMaxMs: duration,
  groupMaxSize: int32,
  groupsMax: count(0),
  groupPendingMembersMax: count(0),
  offsetMetadataCharsMax: count(0),
  // Compared with times of records, never a timer: it may be longer than one can be.
  offsetsRetentionMs: count(0),
  retentionCheckIntervalMs: (name, value) => durationOption(name, value),
  compactionIntervalMs: (name, value) => durationOption(name, value),
  compactionMemoryBytesMax: bytes,
  checkpointIntervalRecords: count(1),
  recoveryBytesMax: bytes,
  pidBlock: count(1),
  timerLateMs: duration,
}

const known = { data: true, listen: true, advertise: true, ...Object.fromEntries(Object.keys(checks).map((name) => [name, true])) }

/** Throws a `TidemarkError` INVALID_OPTION that names the option, its value and what it may be. */
export function resolveOptions(given: StartOptions): BrokerOptions {
  checkOptions<StartOptions>(OWNER, given, known as OptionNames<StartOptions>)
  const { data, listen, advertise, ...others } = given
  if (typeof data !== 'string' || data === '') throw invalid('data', data, "a folder, or ':memory:'")
  const values: Record<string, unknown> = { ...defaults }
  for (const [name, value] of Object.entries(others)) {
    if (value !== undefined) values[name] = checks[name as keyof typeof checks](name, value)
  }
  const listener = { name: 'PLAINTEXT', listen: listenOption(listen), advertise: advertiseOption(advertise) }
  const options = { ...values, data, listeners: [listener] } as unknown as BrokerOptions
  if (options.groupSessionTimeoutMinMs > options.groupSessionTimeoutMaxMs) {
    throw invalid(
      'groupSessionTimeoutMinMs',
      options.groupSessionTimeoutMinMs,
      `at most groupSessionTimeoutMaxMs, ${options.groupSessionTimeoutMaxMs}`,
    )
  }
  // Records in memory are views on the frames they came in.
  return data === MEMORY ? { ...options, fsync: 'never', frameMemoryBytesMax: 0 } : options
}

function listenOption(value: StartOptions['listen']): Address {
  if (value === undefined) return defaultListen
  const address = typeof value === 'string' ? parseAddress(value) : partsOf('listen', value, 0)
  if (address === undefined) throw invalid('listen', value, "'host:port', or { host, port }; an IPv6 host stands in brackets")
  return { ...defaultListen, ...address }
}

function advertiseOption(value: StartOptions['advertise']): Partial<Address> {
  if (value === undefined) return {}
  const parsed = typeof value === 'string' ? parseAddress(value, Number.NaN) : partsOf('advertise', value, 1)
  if (parsed === undefined || parsed.port === 0) throw invalid('advertise', value, "a host, or 'host:port' with a port of 1 or more")
  const { host, port } = parsed
  if (host !== undefined && isWildcard(host)) throw invalid('advertise', value, 'an address that clients can connect to')
  return { ...(host !== undefined && { host }), ...(port !== undefined && !Number.isNaN(port) && { port }) }
}

function partsOf(name: string, value: Partial<Address>, portMin: number): Partial<Address> {
  checkOptions<Partial<Address>>(`option '${name}' of ${OWNER}`, value, { host: true, port: true })
  const { host, port } = value
  return {
    ...(host !== undefined && { host: nameOption(`${name}.host`, host) }),
    ...(port !== undefined && { port: countOption(`${name}.port`, port, portMin, PORT_MAX) }),
  }
}

function platformOption(name: string, value: unknown): unknown {
  const isPlatform = typeof value === 'object' && value !== null && ['clock', 'random', 'transport', 'disk'].every((part) => part in value)
  if (!isPlatform) throw invalid(name, value, 'an object with clock, random, transport and disk')
  return value
}

const invalid = (name: string, value: unknown, mayBe: string): TidemarkError =>
  new TidemarkError('INVALID_OPTION', `option '${name}' is ${describe(value)}; it must be ${mayBe}`)
