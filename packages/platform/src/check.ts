/**
 * Checks of what a caller hands in: options by name and by value, and the places in a log that a call names. The one
 * place where a user's value is looked at, so that nothing unchecked becomes a request: Kafka's wire has sentinels
 * (-1, -2, …) that a number from a user must never reach.
 *
 * Every check throws `TidemarkError` INVALID_OPTION or INVALID_ARGUMENT, which names the value, where it was given,
 * and what it may be.
 */
import { TidemarkError } from './error.ts'

/** The names of all options of `T`: the type makes the list complete. */
export type OptionNames<T> = Readonly<Record<keyof T, true>>

/** What other clients call an option, and what it is called here. A hint names it only where it exists. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  acknowledgements: 'acks',
  autocommit: 'commit',
  autocommitinterval: 'commit',
  bootstrapservers: 'brokers',
  bootstrapbrokers: 'brokers',
  brokerlist: 'brokers',
  batchsize: 'batchBytesMax',
  compressiontype: 'compression',
  connectiontimeout: 'connectTimeoutMs',
  consumergroup: 'group',
  enableautocommit: 'commit',
  frombeginning: 'startFrom',
  autooffsetreset: 'startFrom',
  groupid: 'group',
  groupinstanceid: 'instanceId',
  heartbeatinterval: 'heartbeatIntervalMs',
  idempotence: 'idempotent',
  isolationlevel: 'isolation',
  linger: 'lingerMs',
  maxbytes: 'fetchBytesMax',
  maxbytesperpartition: 'partitionBytesMax',
  maxwaittimeinms: 'fetchWaitMaxMs',
  minbytes: 'fetchBytesMin',
  maxpollinterval: 'rebalanceTimeoutMs',
  metadatamaxage: 'metadataMaxAgeMs',
  numpartitions: 'partitions',
  offsetreset: 'startFrom',
  partitionassigners: 'assignors',
  partitionsconsumedconcurrently: 'concurrency',
  rackid: 'rack',
  readuncommitted: 'isolation',
  rebalancetimeout: 'rebalanceTimeoutMs',
  requesttimeout: 'requestTimeoutMs',
  retries: 'retry',
  sessiontimeout: 'sessionTimeoutMs',
  ssl: 'tls',
}

/**
 * An object of options whose every name is known. `owner` is the call as its caller writes it: `createConsumer()`.
 * `undefined` counts as an option that was not given; `null` does not.
 */
export function checkOptions<T extends object>(owner: string, given: unknown, known: OptionNames<T>): asserts given is T {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new TidemarkError('INVALID_OPTION', `${owner} takes an object of options, not ${describe(given)}`)
  }
  for (const name of Object.keys(given)) {
    if (Object.hasOwn(known, name)) continue
    throw new TidemarkError('INVALID_OPTION', `unknown option '${name}' of ${owner}; ${hint(name, Object.keys(known))}`)
  }
}

const SECURITY = "is given to createKafka(), or to one of the 'listeners' of startBroker()"
/** What other clients have options for, and Tidemark has not, or elsewhere. */
const NOT_HERE: Readonly<Record<string, string>> = {
  sasl: `'sasl' ${SECURITY}`,
  ssl: `'tls' ${SECURITY}`,
  tls: `'tls' ${SECURITY}`,
  transactionalid: 'transactions are not supported yet',
}

function hint(name: string, known: readonly string[]): string {
  const plain = name.toLowerCase().replaceAll(/[^a-z]/g, '')
  const other = OTHER_NAMES[plain] ?? OTHER_NAMES[plain.replace(/ms$/, '')]
  if (other !== undefined && known.includes(other)) return `did you mean '${other}'?`
  if (NOT_HERE[plain] !== undefined) return NOT_HERE[plain]
  const near = nearest(name, known)
  if (near !== undefined) return `did you mean '${near}'?`
  return known.length === 0 ? 'it has none' : `it has ${known.join(', ')}`
}

/** The known name that a misspelt one is closest to; undefined: none is close. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  let best: string | undefined
  let bestDistance = Math.max(2, Math.floor(name.length / 3)) + 1
  for (const candidate of known) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase())
    if (distance < bestDistance) {
      best = candidate
      bestDistance = distance
    }
  }
  return best
}

/** Levenshtein's distance. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      row.push(Math.min(previous[j]! + 1, row[j - 1]! + 1, previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)))
    }
    previous = row
  }
  return previous[b.length]!
}

/** The first known name that begins with what was given, if that is long enough to mean one. */
const longer = (name: string, known: readonly string[]): string | undefined =>
  name.length < 4 ? undefined : known.find((candidate) => candidate.startsWith(name))

/** What was given, as it stands in an error: short, and never an exception itself. */
export function describe(value: unknown): string {
  try {
    return describeAny(value)
  } catch {
    return 'an object that cannot be looked at' // a revoked Proxy
  }
}

function describeAny(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value)
  if (value === null || value === undefined) return String(value)
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value === 'function') return 'a function'
  if (typeof value === 'symbol') return 'a symbol'
  if (Array.isArray(value)) return 'an array'
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'an invalid Date' : value.toISOString()
  return 'an object'
}

function invalidOption(name: string, value: unknown, mayBe: string): never {
  throw new TidemarkError('INVALID_OPTION', `option '${name}' is ${describe(value)}; it must be ${mayBe}`)
}

/** A whole number of things: records, bytes, handlers. */
export function countOption(name: string, value: unknown, min = 1, max = Number.MAX_SAFE_INTEGER): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max) return value
  const range = max === Number.MAX_SAFE_INTEGER ? `of ${min} or more` : `from ${min} to ${max}`
  return invalidOption(name, value, `a whole number ${range}`)
}

/** The longest duration that Kafka's requests (int32) and Node's timers can carry: almost 25 days. */
export const DURATION_MS_MAX = 2 ** 31 - 1

/** Milliseconds, above zero unless `zero` allows it. Fractions are rounded up: requests carry whole numbers. */
export function durationOption(name: string, value: unknown, { zero = false, infinite = false } = {}): number {
  const fits =
    typeof value === 'number' && (zero ? value >= 0 : value > 0) && (value <= DURATION_MS_MAX || (infinite && value === Infinity))
  if (fits) return Math.ceil(value)
  const range = `${zero ? 'from 0' : 'above 0'} and at most ${DURATION_MS_MAX}${infinite ? ', or Infinity' : ''}`
  return invalidOption(name, value, `a number of milliseconds ${range}`)
}

/** The pauses between attempts: the first one, and the longest. */
export interface Delays {
  readonly delayMs: number
  readonly delayMaxMs: number
}

/**
 * `delayMs` and `delayMaxMs` of what tries again. A first pause above the longest one's default raises that. `prefix`
 * stands before their names in errors: `retry.`.
 */
export function delaysOption(prefix: string, given: Partial<Delays>, defaults: Delays, { zero = false } = {}): Delays {
  const delayMs = durationOption(`${prefix}delayMs`, given.delayMs ?? defaults.delayMs, { zero })
  const delayMaxMs = durationOption(`${prefix}delayMaxMs`, given.delayMaxMs ?? Math.max(defaults.delayMaxMs, delayMs), { zero })
  if (delayMaxMs >= delayMs) return { delayMs, delayMaxMs }
  const text = `option '${prefix}delayMaxMs' is ${delayMaxMs}; it must not be below ${prefix}delayMs (${delayMs})`
  throw new TidemarkError('INVALID_OPTION', text)
}

/** A list that is longer than this is not printed: who misspelt a name wants the one that was meant. */
const WORDS_PRINTED_MAX = 20

/** One of these words. */
export function wordOption<W extends string>(name: string, value: unknown, words: readonly W[]): W {
  if (words.includes(value as W)) return value as W
  const all = words.map((word) => `'${word}'`)
  const printed = all.length === 1 ? all[0]! : `${all.slice(0, -1).join(', ')} or ${all.at(-1)}`
  const list = all.length > WORDS_PRINTED_MAX ? `one of ${all.length} names, such as ${all[0]} or ${all.at(-1)}` : printed
  const near = typeof value === 'string' ? (nearest(value, words) ?? longer(value, words)) : undefined
  return invalidOption(name, value, near === undefined ? list : `${list}; did you mean '${near}'?`)
}

export function flagOption(name: string, value: unknown): boolean {
  return typeof value === 'boolean' ? value : invalidOption(name, value, 'true or false')
}

/** What the wire can carry as text that is not `compact`: an int16 counts its bytes. */
const NAME_BYTES_MAX = 2 ** 15 - 1
const NAME = `text of 1 to ${NAME_BYTES_MAX} bytes`

const isName = (value: unknown): value is string => typeof value === 'string' && value !== '' && Buffer.byteLength(value) <= NAME_BYTES_MAX

/** Text that is not empty: the name of a group, of a client. */
export function nameOption(name: string, value: unknown): string {
  return isName(value) ? value : invalidOption(name, value, NAME)
}

/** A time of Kafka's: a valid Date in 1970 or later. */
export function timeOption(name: string, value: unknown): Date {
  if (value instanceof Date && value.getTime() >= 0) return value
  return invalidOption(name, value, "a Date of 1970 or later; 'earliest' means the beginning of the log")
}

function invalidArgument(what: string, value: unknown, mayBe: string): never {
  throw new TidemarkError('INVALID_ARGUMENT', `${what} is ${describe(value)}; it must be ${mayBe}`)
}

/** A place in a log that a caller names. Kafka's own client refuses a negative one too (KafkaConsumer.seek). */
export function checkOffset(what: string, value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value
  return invalidArgument(what, value, 'a whole number of 0 or more')
}

/** The number of a partition, an int32. */
export function checkPartition(what: string, value: unknown): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 2 ** 31 - 1) return value
  return invalidArgument(what, value, 'the number of a partition, 0 or more')
}

export function checkName(what: string, value: unknown): string {
  return isName(value) ? value : invalidArgument(what, value, NAME)
}

export function checkTime(what: string, value: unknown): Date {
  if (value instanceof Date && value.getTime() >= 0) return value
  return invalidArgument(what, value, "a Date of 1970 or later; 'earliest' means the beginning of the log")
}

/** The function of a caller. */
export function checkFunction(what: string, value: unknown): void {
  if (typeof value !== 'function') invalidArgument(what, value, 'a function')
}

/** A signal of a caller's, if one was given. */
export function checkSignal(signal: unknown): AbortSignal | undefined {
  return signal === undefined || signal instanceof AbortSignal ? signal : invalidOption('signal', signal, 'an AbortSignal')
}
