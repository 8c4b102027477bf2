/** Checks what a caller of `startBroker` gives, option by option, and fills in the defaults. */
import {
  type Address,
  checkOptions,
  countOption,
  describe,
  durationOption,
  flagOption,
  isWildcard,
  type ListenTls,
  nameOption,
  type OptionNames,
  parseAddress,
  TidemarkError,
  wordOption,
} from '@tidemark/platform'
import { aclOf } from './auth/written-acl.ts'
import {
  type AuthorizerOptions,
  type BrokerOptions,
  defaultListen,
  defaults,
  type ListenerChoice,
  type ListenerOptions,
  type ListenerTls,
  MEMORY,
  type OAuthOptions,
  type StartOptions,
} from './options.ts'

const OWNER = 'startBroker()'
const INT32_MAX = 2 ** 31 - 1
const PORT_MAX = 65_535

type Check = (name: string, value: unknown) => unknown

const count =
  (min: number, max?: number): Check =>
  (name, value) =>
    countOption(name, value, min, max)
const bytes = count(1)
/** Each has its own listeners. */
const NODES_MAX = 64
const int32 = count(1, INT32_MAX)
/** A budget of memory: 0 is none. */
const budget = count(0)
const duration: Check = (name, value) => durationOption(name, value, { zero: true })

const checks: Readonly<Record<keyof typeof defaults, Check>> = {
  nodeId: count(0, INT32_MAX),
  nodes: count(1, NODES_MAX),
  rack: (name, value) => (value === null ? null : nameOption(name, value)),
  racks: racksOption,
  replicaSelector: (name, value) => wordOption(name, value, ['leader', 'rack-aware']),
  users: usersOption,
  oauth: oauthOption,
  connectionReauthMsMax: duration,
  authenticationTimeoutMs: (name, value) => durationOption(name, value, { infinite: true }),
  failedAuthenticationDelayMs: duration,
  connectionIdleMs: (name, value) => durationOption(name, value, { infinite: true }),
  authorizer: authorizerOption,
  fsync: (name, value) => wordOption(name, value, ['never', 'interval', 'always']),
  fsyncIntervalMs: duration,
  platform: platformOption,
  frameBytesMax: int32,
  messageBytesMax: int32,
  segmentBytesMax: bytes,
  indexIntervalBytes: bytes,
  fetchBytesMax: bytes,
  fetchSessionsMax: count(0),
  fetchSessionPartitionsMax: count(0),
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

const known = {
  data: true,
  listen: true,
  advertise: true,
  listeners: true,
  ...Object.fromEntries(Object.keys(checks).map((name) => [name, true])),
}

/** Throws a `TidemarkError` INVALID_OPTION that names the option, its value and what it may be. */
export function resolveOptions(given: StartOptions): BrokerOptions {
  checkOptions<StartOptions>(OWNER, given, known as OptionNames<StartOptions>)
  const { data, listen, advertise, listeners, ...others } = given
  if (typeof data !== 'string' || data === '') throw invalid('data', data, "a folder, or ':memory:'")
  const values: Record<string, unknown> = { ...defaults }
  for (const [name, value] of Object.entries(others)) {
    if (value !== undefined) values[name] = checks[name as keyof typeof checks](name, value)
  }
  if (listeners !== undefined && (listen !== undefined || advertise !== undefined)) {
    throw new TidemarkError('INVALID_OPTION', "option 'listeners' takes the place of 'listen' and 'advertise': give the one or the others")
  }
  const options = { ...values, data, listeners: listenersOption(listeners ?? [{ listen, advertise }]) } as unknown as BrokerOptions
  checkRacks(options)
  for (const listener of options.listeners) checkMechanisms(listener, options)
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

const PROTOCOLS = ['plaintext', 'tls', 'sasl_plaintext', 'sasl_tls'] as const
const MECHANISMS = ['plain', 'scram-sha-256', 'scram-sha-512', 'oauthbearer'] as const
/** Kafka's names, which are the names of listeners unless told otherwise. */
const KAFKA_NAMES = { plaintext: 'PLAINTEXT', tls: 'SSL', sasl_plaintext: 'SASL_PLAINTEXT', sasl_tls: 'SASL_SSL' } as const

function listenersOption(given: unknown): ListenerOptions[] {
  if (!Array.isArray(given) || given.length === 0) throw invalid('listeners', given, 'an array of at least one listener')
  const listeners = given.map((choice: ListenerChoice, i) => {
    const where = `listeners[${i}]`
    checkOptions<ListenerChoice>(`option '${where}' of ${OWNER}`, choice, {
      name: true,
      protocol: true,
      listen: true,
      advertise: true,
      tls: true,
      sasl: true,
      users: true,
    })
    const protocol = wordOption(`${where}.protocol`, choice.protocol ?? 'plaintext', PROTOCOLS)
    const isTls = protocol === 'tls' || protocol === 'sasl_tls'
    const isSasl = protocol === 'sasl_plaintext' || protocol === 'sasl_tls'
    if (isTls !== (choice.tls !== undefined))
      throw invalid(
        `${where}.tls`,
        isTls ? undefined : 'given',
        isTls ? 'an object with cert and key' : `left out: the protocol is ${protocol}`,
      )
    if (isSasl !== (choice.sasl !== undefined))
      throw invalid(
        `${where}.sasl`,
        isSasl ? undefined : 'given',
        isSasl ? `an array of ${MECHANISMS.join(', ')}` : `left out: the protocol is ${protocol}`,
      )
    const mechanisms = (choice.sasl ?? []).map((mechanism) => wordOption(`${where}.sasl`, mechanism, MECHANISMS))
    if (isSasl && mechanisms.length === 0) throw invalid(`${where}.sasl`, 'empty', 'at least one mechanism')
    if (!isSasl && choice.users !== undefined) throw invalid(`${where}.users`, 'given', `left out: the protocol is ${protocol}`)
    return {
      name: nameOption(`${where}.name`, choice.name ?? KAFKA_NAMES[protocol]),
      protocol,
      tls: choice.tls && listenerTlsOption(`${where}.tls`, choice.tls),
      mechanisms,
      users: choice.users && usersOption(`${where}.users`, choice.users),
      listen: listenOption(choice.listen),
      advertise: advertiseOption(choice.advertise),
    }
  })
  const names = listeners.map(({ name }) => name)
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (twice !== undefined) throw new TidemarkError('INVALID_OPTION', `two listeners have the name '${twice}': give each its own`)
  return listeners
}

/** Throws `TidemarkError` INVALID_OPTION. */
export function listenerTlsOption(name: string, tls: ListenerTls): ListenTls {
  checkOptions<ListenerTls>(`option '${name}'`, tls, {
    cert: true,
    key: true,
    pfx: true,
    passphrase: true,
    ca: true,
    clientAuth: true,
    minVersion: true,
  })
  const { cert, key, pfx, clientAuth = 'none' } = tls
  const hasIdentity = pfx !== undefined || (cert !== undefined && key !== undefined)
  if (!hasIdentity) throw invalid(name, 'without a certificate', 'an object with cert and key, or pfx')
  wordOption(`${name}.clientAuth`, clientAuth, ['none', 'requested', 'required'])
  if (clientAuth !== 'none' && tls.ca === undefined)
    throw invalid(`${name}.ca`, undefined, 'what the certificates of clients are signed by')
  return { ...tls, clientAuth }
}

function checkMechanisms({ name, mechanisms }: ListenerOptions, { oauth }: BrokerOptions): void {
  if (mechanisms.includes('oauthbearer') && oauth === null) {
    throw new TidemarkError(
      'INVALID_OPTION',
      `listener '${name}' takes tokens, and option 'oauth' does not say which: give { jwks, issuer, audience }, or { unsigned: true } for tests`,
    )
  }
}

function racksOption(name: string, value: unknown): unknown {
  if (value === null) return null
  if (!Array.isArray(value)) throw invalid(name, value, 'an array with a rack for each node')
  return value.map((rack, i) => (rack === null ? null : nameOption(`${name}[${i}]`, rack)))
}

function checkRacks({ rack, racks, nodes }: BrokerOptions): void {
  if (racks === null) return
  if (rack !== null) throw new TidemarkError('INVALID_OPTION', "option 'racks' takes the place of 'rack': give the one or the other")
  if (racks.length !== nodes)
    throw new TidemarkError(
      'INVALID_OPTION',
      `option 'racks' has ${racks.length} racks; it must have one for each of the ${nodes} nodes (option 'nodes')`,
    )
}

function usersOption(name: string, value: unknown): Readonly<Record<string, string>> {
  const isRecord = typeof value === 'object' && value !== null && !Array.isArray(value)
  // A password is never shown.
  if (!isRecord) throw invalid(name, typeof value, 'an object of passwords by user')
  for (const [user, password] of Object.entries(value)) {
    if (user === '' || typeof password !== 'string' || password === '')
      throw new TidemarkError('INVALID_OPTION', `option '${name}' has no password for '${user}'`)
  }
  return value as Readonly<Record<string, string>>
}

function oauthOption(_: string, value: unknown): unknown {
  if (value === null) return null
  checkOptions<OAuthOptions>(`option 'oauth' of ${OWNER}`, value as OAuthOptions, {
    jwks: true,
    issuer: true,
    audience: true,
    principalClaim: true,
    unsigned: true,
  })
  const { jwks, issuer, audience, principalClaim, unsigned = false } = value as OAuthOptions
  if (jwks === undefined && !unsigned) throw invalid('oauth.jwks', undefined, 'where the keys of tokens are published, or a key set')
  const isKeySet = typeof jwks === 'object' && jwks !== null && Array.isArray(jwks.keys)
  const isAddress = typeof jwks === 'string' && /^https?:/.test(jwks) && URL.canParse(jwks)
  if (jwks !== undefined && !isKeySet && !isAddress)
    throw invalid('oauth.jwks', jwks, 'the http or https address where the keys of tokens are published, or a key set: { keys: […] }')
  for (const [name, text] of Object.entries({ issuer, principalClaim })) if (text !== undefined) nameOption(`oauth.${name}`, text)
  for (const one of audience === undefined ? [] : [audience].flat()) nameOption('oauth.audience', one)
  flagOption('oauth.unsigned', unsigned)
  return value
}

function authorizerOption(_: string, value: unknown): unknown {
  if (value === null) return null
  checkOptions<AuthorizerOptions>(`option 'authorizer' of ${OWNER}`, value as AuthorizerOptions, {
    superUsers: true,
    allowEveryoneIfNoAclFound: true,
    acls: true,
  })
  const { superUsers, acls = [] } = value as AuthorizerOptions
  const isList = Array.isArray(superUsers) && superUsers.every((user) => typeof user === 'string' && /^[^:]+:.+$/.test(user))
  if (!isList) throw invalid('authorizer.superUsers', superUsers, "an array such as ['User:admin']")
  if (!Array.isArray(acls)) throw invalid('authorizer.acls', acls, 'an array')
  for (const [i, acl] of acls.entries()) aclOf(`authorizer.acls[${i}]`, acl)
  return value
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
