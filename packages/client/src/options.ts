/** What `createKafka` takes, and what it makes of it: every limit has a value and its unit in its name. */
import {
  type Address,
  type ConnectTls,
  checkOptions,
  countOption,
  type Delays,
  delaysOption,
  describe,
  durationOption,
  nameOption,
  nodePlatform,
  type OptionNames,
  type Platform,
  TidemarkError,
} from '@tidemark/platform'
import { brokerAddress } from './connect/broker-address.ts'
import type { Logger } from './diagnostics.ts'
import { resolveSasl, resolveTls, type SaslOptions, type TlsOptions } from './security/options.ts'

export interface KafkaOptions {
  /**
   * Where to begin: `host:port`, an IPv6 address in brackets. One that answers is enough. Kafka: `bootstrap.servers`.
   */
  readonly brokers: readonly string[]
  /** What the broker's logs and quotas call this program. Kafka: `client.id`. Default: `tidemark`. */
  readonly clientId?: string
  /**
   * Whether connections are encrypted, and by which certificates. The server's certificate is checked unless told
   * otherwise. Kafka: `security.protocol` SSL or SASL_SSL. Default: false.
   */
  readonly tls?: boolean | TlsOptions
  /** Who the client is. Kafka: `sasl.mechanism`, `sasl.jaas.config`. Default: it does not say. */
  readonly sasl?: SaslOptions
  /**
   * After how long without a request a connection is closed. Kafka: `connections.max.idle.ms`. Default: 540,000;
   * Infinity: never.
   */
  readonly connectionIdleMs?: number
  /** How long a connection may take to open. Kafka: `socket.connection.setup.timeout.ms`. Default: 10,000. */
  readonly connectTimeoutMs?: number
  /**
   * How long an answer may take; how dead and half-open connections are detected. Kafka: `request.timeout.ms`.
   * Default: 30,000.
   */
  readonly requestTimeoutMs?: number
  /**
   * Kafka: `retry.backoff.ms` and `retry.backoff.max.ms`. The delay is random between 0 and the doubled one (full
   * jitter).
   */
  readonly retry?: { readonly delayMs?: number; readonly delayMaxMs?: number }
  /** After how long the view of a topic is looked up again. Kafka: `metadata.max.age.ms`. Default: 300,000. */
  readonly metadataMaxAgeMs?: number
  /** The largest answer that is accepted. It must hold a whole Fetch. Default: 104,857,600. */
  readonly frameBytesMax?: number
  /**
   * Produce requests in flight to one broker. Kafka: `max.in.flight.requests.per.connection`. Default: 5, which is
   * the most.
   */
  readonly requestsInFlightMax?: number
  /** Requests of any kind that wait for their answers on one connection. Default: 1,000. */
  readonly requestsPendingMax?: number
  /**
   * Where warnings go, such as a broker that cannot be reached: `console`, a pino logger. Default: a line on stderr
   * per cause and minute.
   */
  readonly logger?: Logger
  /** Time, chance and network. Default: the real ones. */
  readonly platform?: Platform
}

export interface ResolvedKafkaOptions {
  readonly brokers: readonly Address[]
  readonly clientId: string
  readonly tls: ConnectTls | undefined
  readonly sasl: SaslOptions | undefined
  readonly connectionIdleMs: number
  readonly connectTimeoutMs: number
  readonly requestTimeoutMs: number
  readonly retry: Delays
  readonly metadataMaxAgeMs: number
  readonly frameBytesMax: number
  readonly requestsInFlightMax: number
  readonly requestsPendingMax: number
  readonly logger: Logger | undefined
  readonly platform: Platform
}

/**
 * An idempotent producer's broker remembers the last five batches of a partition; more in flight could not be told
 * apart.
 */
const REQUESTS_IN_FLIGHT_MAX = 5

const NAMES: OptionNames<KafkaOptions> = {
  brokers: true,
  clientId: true,
  tls: true,
  sasl: true,
  connectionIdleMs: true,
  connectTimeoutMs: true,
  requestTimeoutMs: true,
  retry: true,
  metadataMaxAgeMs: true,
  frameBytesMax: true,
  requestsInFlightMax: true,
  requestsPendingMax: true,
  logger: true,
  platform: true,
}
const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const

/** Throws `TidemarkError` INVALID_OPTION or INVALID_ADDRESS. */
export function resolveOptions(options: KafkaOptions): ResolvedKafkaOptions {
  checkOptions<KafkaOptions>('createKafka()', options, NAMES)
  const duration = (name: 'connectTimeoutMs' | 'requestTimeoutMs' | 'metadataMaxAgeMs', value: number): number =>
    durationOption(name, options[name] ?? value)
  return {
    brokers: brokersOf(options.brokers),
    clientId: nameOption('clientId', options.clientId ?? 'tidemark'),
    tls: resolveTls(options.tls),
    sasl: resolveSasl(options.sasl),
    connectionIdleMs: durationOption('connectionIdleMs', options.connectionIdleMs ?? 540_000, { infinite: true }),
    connectTimeoutMs: duration('connectTimeoutMs', 10_000),
    requestTimeoutMs: duration('requestTimeoutMs', 30_000),
    retry: retryOf(options.retry),
    metadataMaxAgeMs: duration('metadataMaxAgeMs', 300_000),
    frameBytesMax: countOption('frameBytesMax', options.frameBytesMax ?? 100 * 1024 * 1024, 1, 2 ** 31 - 1),
    requestsInFlightMax: countOption(
      'requestsInFlightMax',
      options.requestsInFlightMax ?? REQUESTS_IN_FLIGHT_MAX,
      1,
      REQUESTS_IN_FLIGHT_MAX,
    ),
    requestsPendingMax: countOption('requestsPendingMax', options.requestsPendingMax ?? 1_000),
    logger: loggerOf(options.logger),
    platform: platformOf(options.platform),
  }
}

function platformOf(platform: unknown = nodePlatform): Platform {
  const parts: readonly (keyof Platform)[] = ['clock', 'random', 'transport']
  if (typeof platform === 'object' && platform !== null && parts.every((part) => part in platform)) return platform as Platform
  const text = `option 'platform' is ${describe(platform)}; it must be an object with ${parts.join(', ')}, such as nodePlatform`
  throw new TidemarkError('INVALID_OPTION', text)
}

function brokersOf(brokers: unknown): Address[] {
  if (typeof brokers === 'string') {
    const list = brokers.split(',').map((address) => `'${address.trim()}'`)
    throw new TidemarkError('INVALID_OPTION', `option 'brokers' is text; it must be an array: [${list.join(', ')}]`)
  }
  if (!Array.isArray(brokers) || brokers.length === 0) {
    const given = Array.isArray(brokers) ? 'empty' : describe(brokers)
    throw new TidemarkError('INVALID_OPTION', `option 'brokers' is ${given}; give at least one address, such as ['127.0.0.1:9092']`)
  }
  return brokers.map(brokerAddress)
}

function retryOf(retry: KafkaOptions['retry'] = {}): ResolvedKafkaOptions['retry'] {
  checkOptions<NonNullable<KafkaOptions['retry']>>("option 'retry'", retry, { delayMs: true, delayMaxMs: true })
  return delaysOption('retry.', retry, { delayMs: 100, delayMaxMs: 5_000 })
}

/** Throws `TidemarkError` INVALID_OPTION. */
export function loggerOf(logger: Logger | undefined): Logger | undefined {
  if (logger === undefined) return undefined
  const missing = LOG_LEVELS.filter((level) => typeof (logger as Partial<Logger> | null)?.[level] !== 'function')
  if (missing.length === 0) return logger
  throw new TidemarkError('INVALID_OPTION', `option 'logger' has no ${missing.join(', ')}; it must have debug, info, warn and error`)
}
