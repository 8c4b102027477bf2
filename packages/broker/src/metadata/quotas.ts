/** Client quotas: described, found for a client, and altered through `__cluster_metadata`. */
import type { Now } from '@tidemark/platform'
import { ErrorCode } from '@tidemark/protocol'
import { storageCode } from '../failure.ts'
import { after, attempt } from '../now.ts'
import { quotaKey } from '../state/cluster/metadata.ts'
import type { Quota } from '../state/cluster/records.ts'
import {
  type Entity,
  entityFault,
  type Filter,
  type Found,
  matches,
  ordered,
  quotaOf,
  quotaOfAddress,
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

const DONE: QuotaOutcome = { errorCode: ErrorCode.NONE, errorMessage: null }

export class Quotas {
  readonly #metadataLog: MetadataLog

  constructor(metadataLog: MetadataLog) {
    this.#metadataLog = metadataLog
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
    return quotaOfAddress((entity) => quotas.get(quotaKey(entity as Quota['entity'])), key, address)
  }

  describe(filters: readonly Filter[], strict: boolean): Quota[] {
    return [...this.#metadataLog.metadata.quotas.values()].filter(({ entity }) => matches(entity, filters, strict))
  }

  alter(given: Entity, alterations: readonly QuotaAlteration[], validateOnly: boolean): Now<QuotaOutcome> {
    const fault =
      entityFault(given) ??
      alterations.map(({ key, value, remove }) => valueFault(given, key, value, remove)).find((it) => it !== undefined)
    if (fault !== undefined) return { errorCode: ErrorCode.INVALID_REQUEST, errorMessage: fault }
    if (validateOnly) return DONE
    const entity = ordered(given) as Quota['entity']
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
