/** Client quotas: described, found for a client, and altered through `__cluster_metadata`. */
import type { Now, Platform } from '@tidemark/platform'
import { ErrorCode } from '@tidemark/protocol'
import { tell } from '../diagnostics.ts'
import { storageCode } from '../failure.ts'
import { after, attempt } from '../now.ts'
import { quotaKey } from '../state/cluster/metadata.ts'
import type { Quota } from '../state/cluster/records.ts'
import {
  type Entity,
  entityFault,
  type Filter,
  type Found,
  hostOf,
  matches,
  ordered,
  quotaOf,
  quotaOfAddress,
  unresolved,
  valueFault,
} from '../state/quotas/quotas.ts'
import type { MetadataLog } from './metadata-log.ts'

export interface QuotaAlteration {
  readonly key: string
  readonly value: number
  readonly remove: boolean
}

export interface QuotaOutcome {
  readonly errorCode: number
  readonly errorMessage: string | null
}

/** How long a name server may take. */
const LOOKUP_MS_MAX = 5_000

const DONE: QuotaOutcome = { errorCode: ErrorCode.NONE, errorMessage: null }

export class Quotas {
  readonly #metadataLog: MetadataLog
  readonly #platform: Pick<Platform, 'clock' | 'transport'>
  /** By the address that was looked up: the host whose quota it has. */
  readonly #hosts = new Map<string, string>()

  constructor(metadataLog: MetadataLog, platform: Pick<Platform, 'clock' | 'transport'>) {
    this.#metadataLog = metadataLog
    this.#platform = platform
  }

  /** Hosts that have quotas are looked up, as Kafka's brokers do when they read its log. */
  async start(): Promise<void> {
    for (const { entity } of this.#metadataLog.metadata.quotas.values()) {
      const host = hostOf(entity)
      if (host !== undefined && !(await this.#lookUp(host))) tell({ kind: 'unresolved', host })
    }
  }

  /** Whether the host has an address. */
  async #lookUp(host: string): Promise<boolean> {
    const { clock, transport } = this.#platform
    const address = await new Promise<string | undefined>((resolve) => {
      const timer = clock.schedule(LOOKUP_MS_MAX, () => resolve(undefined))
      const found = transport.lookup?.(host) ?? Promise.resolve(undefined)
      void found.then((it) => {
        timer.cancel()
        resolve(it)
      })
    })
    if (address === undefined) return false
    for (const [known, name] of this.#hosts) if (name === host) this.#hosts.delete(known)
    this.#hosts.set(address, host)
    return true
  }

  get any(): boolean {
    return this.#metadataLog.metadata.quotas.size > 0
  }

  find(key: string, client: { readonly user: string; readonly clientId: string }): Found | undefined {
    const { quotas } = this.#metadataLog.metadata
    return quotaOf((entity) => quotas.get(quotaKey(entity as Quota['entity'])), key, client)
  }

  /** That of the address, or of all addresses. */
  findOfAddress(key: string, address: string): Found | undefined {
    const { quotas } = this.#metadataLog.metadata
    return quotaOfAddress((entity) => quotas.get(quotaKey(entity as Quota['entity'])), key, address, this.#hosts.get(address))
  }

  describe(filters: readonly Filter[], strict: boolean): Quota[] {
    return [...this.#metadataLog.metadata.quotas.values()].filter(({ entity }) => matches(entity, filters, strict))
  }

  alter(given: Entity, alterations: readonly QuotaAlteration[], validateOnly: boolean): Now<QuotaOutcome> {
    const fault =
      entityFault(given) ??
      alterations.map(({ key, value, remove }) => valueFault(given, key, value, remove)).find((it) => it !== undefined)
    if (fault !== undefined) return { errorCode: ErrorCode.INVALID_REQUEST, errorMessage: fault }
    const entity = ordered(given) as Quota['entity']
    const host = hostOf(entity)
    // What is taken away may be of a host that is gone.
    const isKnown =
      host === undefined || (alterations.every(({ remove }) => remove) && this.#metadataLog.metadata.quotas.has(quotaKey(entity)))
    return after(isKnown || this.#lookUp(host), (isFound) => {
      if (!isFound) return { errorCode: ErrorCode.INVALID_REQUEST, errorMessage: unresolved(host!) }
      return validateOnly ? DONE : this.#write(entity, alterations)
    })
  }

  #write(entity: Quota['entity'], alterations: readonly QuotaAlteration[]): Now<QuotaOutcome> {
    const values = new Map(this.#metadataLog.metadata.quotas.get(quotaKey(entity))?.values.map(({ key, value }) => [key, value]))
    for (const { key, value, remove } of alterations) {
      if (remove) values.delete(key)
      else values.set(key, value)
    }
    return attempt<QuotaOutcome>(
      () =>
        after(
          this.#metadataLog.write([{ kind: 'quota', entity, values: Array.from(values, ([key, value]) => ({ key, value })) }]),
          () => DONE,
        ),
      (error) => ({ errorCode: storageCode(error), errorMessage: (error as Error).message }),
    )
  }
}
