/**
 * Client quotas, enforced (KIP-546, KIP-599, KIP-612): the bytes that a client sends with Produce and gets from Fetch,
 * the time that its requests take, the partitions that it makes and deletes, and the connections of an address. A
 * client above its quota is told for how long it is throttled, and not read from meanwhile (KIP-219).
 */
import type { Clock } from '@tidemark/platform'
import { apis, type InferInput } from '@tidemark/protocol'
import type { Found } from '../state/quotas/quotas.ts'
import { Rate } from '../state/quotas/rate.ts'
import { TokenBucket } from '../state/quotas/token-bucket.ts'

/** What Kafka calls `quota.throttle.time.max`: a client is never away for longer than this at once. */
const THROTTLE_MS_MAX = 30_000
/** For the time of its requests, at most one sample of the window (Kafka's `ClientRequestQuotaManager`). */
const REQUEST_THROTTLE_MS_MAX = 1_000
/** A hundred percent is one thread: of a second, so many milliseconds are one percent. */
const MS_A_PERCENT = 10
const METERS_MAX = 10_000

export interface Client {
  readonly user: string
  readonly clientId: string
}

export interface Quotas {
  /** There is any: otherwise nothing is counted. */
  readonly any: boolean
  find(key: string, client: Client): Found | undefined
  findOfAddress(key: string, address: string): Found | undefined
}

export class Throttle {
  readonly #quotas: Quotas
  readonly #clock: Clock
  readonly #rates = new Meters(() => new Rate())
  readonly #buckets = new Meters(() => new TokenBucket())

  constructor(quotas: Quotas, clock: Clock) {
    this.#quotas = quotas
    this.#clock = clock
  }

  /** There is no quota: nothing is counted. */
  get isIdle(): boolean {
    return !this.#quotas.any
  }

  /**
   * For how long the client is throttled after this request, which took `elapsedMs` of the event loop; 0: not at all.
   */
  count(apiKey: number, requestBytes: number, body: unknown, elapsedMs: number, client: Client): number {
    const ofTime = this.#add('request_percentage', elapsedMs, client, MS_A_PERCENT)
    return Math.max(
      Math.min(REQUEST_THROTTLE_MS_MAX, ofTime),
      Math.min(THROTTLE_MS_MAX, this.#countWork(apiKey, requestBytes, body, client)),
    )
  }

  #countWork(apiKey: number, requestBytes: number, body: unknown, client: Client): number {
    if (apiKey === apis.Produce.key) return this.#add('producer_byte_rate', requestBytes, client)
    if (apiKey === apis.Fetch.key) return this.#add('consumer_byte_rate', fetchedBytes(body as FetchBody), client)
    return MUTATIONS.has(apiKey) ? this.#mutationThrottleMs(client) : 0
  }

  #add(key: string, amount: number, client: Client, unit = 1): number {
    const found = this.#quotas.find(key, client)
    return found === undefined ? 0 : this.#addTo(key, amount, { ...found, limit: found.limit * unit })
  }

  #addTo(key: string, amount: number, { limit, sharedBy }: Found): number {
    const rate = this.#rates.of(`${key}\n${sharedBy}`)
    const nowMs = this.#clock.monotonic()
    rate.add(amount, nowMs)
    return rate.throttleMs(limit, nowMs)
  }

  /**
   * Whether the client may make or delete so many partitions now. Where it may not, `isStrict` says that the request is
   * refused; otherwise it is done, and the client throttled for longer.
   */
  mayMutate(partitions: number, isStrict: boolean, client: Client): boolean {
    const found = this.#quotas.find('controller_mutation_rate', client)
    if (found === undefined) return true
    const bucket = this.#buckets.of(found.sharedBy)
    const nowMs = this.#clock.monotonic()
    if (isStrict && !bucket.isOpen(found.limit, nowMs)) return false
    bucket.take(partitions, found.limit, nowMs)
    return true
  }

  #mutationThrottleMs(client: Client): number {
    const found = this.#quotas.find('controller_mutation_rate', client)
    return found === undefined ? 0 : this.#buckets.of(found.sharedBy).throttleMs(found.limit, this.#clock.monotonic())
  }

  /** For how long a new connection of the address is kept waiting before it is closed; 0: it is served. */
  connected(address: string): number {
    const found = this.#quotas.findOfAddress('connection_creation_rate', address)
    return found === undefined ? 0 : Math.min(THROTTLE_MS_MAX, this.#addTo('connection_creation_rate', 1, found))
  }
}

const MUTATIONS: ReadonlySet<number> = new Set([apis.CreateTopics.key, apis.DeleteTopics.key, apis.CreatePartitions.key])

/** In the order of their last use; so many that a client which changes its name costs bounded memory. */
class Meters<M> {
  readonly #meters = new Map<string, M>()
  readonly #make: () => M

  constructor(make: () => M) {
    this.#make = make
  }

  of(name: string): M {
    const meter = this.#meters.get(name) ?? this.#make()
    this.#meters.delete(name)
    this.#meters.set(name, meter)
    if (this.#meters.size > METERS_MAX) this.#meters.delete(this.#meters.keys().next().value!)
    return meter
  }
}

type FetchBody = InferInput<(typeof apis.Fetch)['response']>

function fetchedBytes({ responses }: FetchBody): number {
  let bytes = 0
  for (const { partitions } of responses) {
    for (const { records } of partitions) {
      if (Array.isArray(records)) for (const { length } of records) bytes += length
      else bytes += (records as Uint8Array | null)?.length ?? 0
    }
  }
  return bytes
}
