/**
 * Client quotas, enforced: what a client sends with Produce and gets from Fetch is counted, and a client above its quota
 * is told for how long it is throttled, and not read from meanwhile (KIP-219).
 */
import type { Clock } from '@tidemark/platform'
import { apis, type InferInput } from '@tidemark/protocol'
import type { Found } from '../state/quotas/quotas.ts'
import { Rate } from '../state/quotas/rate.ts'

/** What Kafka calls `quota.throttle.time.max`: a client is never away for longer than this at once. */
const THROTTLE_MS_MAX = 30_000
const RATES_MAX = 10_000

export interface Client {
  readonly user: string
  readonly clientId: string
}

export interface Quotas {
  /** There is any: otherwise nothing is counted. */
  readonly any: boolean
  find(key: string, client: Client): Found | undefined
}

export class Throttle {
  readonly #quotas: Quotas
  readonly #clock: Clock
  /** In the order of their last use. */
  readonly #rates = new Map<string, Rate>()

  constructor(quotas: Quotas, clock: Clock) {
    this.#quotas = quotas
    this.#clock = clock
  }

  /** There is no quota: nothing is counted. */
  get isIdle(): boolean {
    return !this.#quotas.any
  }

  /** For how long the client is throttled; 0: not at all. */
  count(apiKey: number, requestBytes: number, body: unknown, client: Client): number {
    if (apiKey === apis.Produce.key) return this.#add('producer_byte_rate', requestBytes, client)
    if (apiKey === apis.Fetch.key) return this.#add('consumer_byte_rate', fetchedBytes(body as FetchBody), client)
    return 0
  }

  #add(key: string, amount: number, client: Client): number {
    const found = this.#quotas.find(key, client)
    if (found === undefined) return 0
    const name = `${key}\n${found.sharedBy}`
    const rate = this.#rates.get(name) ?? new Rate()
    this.#rates.delete(name)
    this.#rates.set(name, rate)
    if (this.#rates.size > RATES_MAX) this.#rates.delete(this.#rates.keys().next().value!)
    const nowMs = this.#clock.monotonic()
    rate.add(amount, nowMs)
    return Math.min(THROTTLE_MS_MAX, rate.throttleMs(found.limit, nowMs))
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
