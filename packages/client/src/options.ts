/** What `createKafka` takes, and what it makes of it: every limit has a value and its unit in its name. */
import { type Address, nodePlatform, type Platform, TidemarkError } from '@tidemark/platform'
import { parseAddress } from './connect/address.ts'
import type { Logger } from './diagnostics.ts'

export interface KafkaOptions {
  /** Where to begin: `host:port`, an IPv6 address in brackets. One that answers is enough. Kafka: `bootstrap.servers`. */
  readonly brokers: readonly string[]
  /** What the broker's logs and quotas call this program. Kafka: `client.id`. Default: `tidemark`. */
  readonly clientId?: string
  /** Kafka: `socket.connection.setup.timeout.ms`. Default: 10,000. */
  readonly connectTimeoutMs?: number
  /** How long an answer may take; how dead and half-open connections are noticed. Kafka: `request.timeout.ms`. Default: 30,000. */
  readonly requestTimeoutMs?: number
  /** Kafka: `retry.backoff.ms` and `retry.backoff.max.ms`. The delay is random between 0 and the doubled one (full jitter). */
  readonly retry?: { readonly delayMs?: number; readonly delayMaxMs?: number }
  /** After how long the view of a topic is looked up again. Kafka: `metadata.max.age.ms`. Default: 300,000. */
  readonly metadataMaxAgeMs?: number
  /** The largest answer that is accepted. It must hold a whole Fetch. Default: 104,857,600. */
  readonly frameBytesMax?: number
  /** Produce requests under way to one broker. Kafka: `max.in.flight.requests.per.connection`. Default: 5, which is the most. */
  readonly requestsInFlightMax?: number
  /** Requests of any kind that wait for their answers on one connection. Default: 1,000. */
  readonly requestsPendingMax?: number
  /** Where warnings go, such as a broker that cannot be reached: `console`, a pino logger. Default: a line on stderr per cause and minute. */
  readonly logger?: Logger
  /** Time, chance and network. Default: the real ones. */
  readonly platform?: Platform
}

export interface ResolvedKafkaOptions {
  readonly brokers: readonly Address[]
  readonly clientId: string
  readonly connectTimeoutMs: number
  readonly requestTimeoutMs: number
  readonly retry: { readonly delayMs: number; readonly delayMaxMs: number }
  readonly metadataMaxAgeMs: number
  readonly frameBytesMax: number
  readonly requestsInFlightMax: number
  readonly requestsPendingMax: number
  readonly logger: Logger | undefined
  readonly platform: Platform
}

/** An idempotent producer's broker remembers the last five batches of a partition; more under way could not be told apart. */
const REQUESTS_IN_FLIGHT_MAX = 5

/** Throws `TidemarkError` INVALID_OPTION or INVALID_ADDRESS. */
export function resolveOptions(options: KafkaOptions): ResolvedKafkaOptions {
  if (!Array.isArray(options.brokers) || options.brokers.length === 0) {
    throw new TidemarkError('INVALID_OPTION', "brokers is empty; give at least one address, such as ['127.0.0.1:9092']")
  }
  const resolved = {
    brokers: options.brokers.map(parseAddress),
    clientId: options.clientId ?? 'tidemark',
    connectTimeoutMs: positive('connectTimeoutMs', options.connectTimeoutMs ?? 10_000),
    requestTimeoutMs: positive('requestTimeoutMs', options.requestTimeoutMs ?? 30_000),
    retry: {
      delayMs: positive('retry.delayMs', options.retry?.delayMs ?? 100),
      delayMaxMs: positive('retry.delayMaxMs', options.retry?.delayMaxMs ?? 5_000),
    },
    metadataMaxAgeMs: positive('metadataMaxAgeMs', options.metadataMaxAgeMs ?? 300_000),
    frameBytesMax: positive('frameBytesMax', options.frameBytesMax ?? 100 * 1024 * 1024),
    requestsInFlightMax: positive('requestsInFlightMax', options.requestsInFlightMax ?? REQUESTS_IN_FLIGHT_MAX),
    requestsPendingMax: positive('requestsPendingMax', options.requestsPendingMax ?? 1_000),
    logger: options.logger,
    platform: options.platform ?? nodePlatform,
  }
  if (resolved.requestsInFlightMax > REQUESTS_IN_FLIGHT_MAX) {
    throw new TidemarkError(
      'INVALID_OPTION',
      `requestsInFlightMax is ${resolved.requestsInFlightMax}; at most 5 keep the order of an idempotent producer`,
    )
  }
  return resolved
}

/** Throws `TidemarkError` INVALID_OPTION unless `value` is a positive number. */
export function positive(name: string, value: number): number {
  if (typeof value === 'number' && value > 0) return value
  throw new TidemarkError('INVALID_OPTION', `${name} is ${value}; it must be a number above 0`)
}
