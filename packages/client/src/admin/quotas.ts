/** Client quotas (KIP-546): how much users and clients may send, fetch and ask for. */
import { checkOptions, describe, flagOption, TidemarkError } from '@tidemark/platform'
import { apis } from '@tidemark/protocol'
import type { Cluster } from '../cluster/cluster.ts'
import type { CallLimits } from '../cluster/retrying.ts'
import { askAny, refusal } from './ask.ts'
import { checkedLimits, LIMIT_NAMES, limitsOf } from './limits.ts'

/** A name of null is the default of its kind. */
export interface QuotaEntity {
  readonly user?: string | null
  readonly clientId?: string | null
  readonly ip?: string | null
}

export interface Quota {
  readonly entity: QuotaEntity
  /**
   * `producer_byte_rate`, `consumer_byte_rate`, `request_percentage`, `controller_mutation_rate`,
   * `connection_creation_rate`.
   */
  readonly limits: Readonly<Record<string, number>>
}

export interface AlterQuotasOptions extends CallLimits {
  /** Only asks whether it could be done. Default: false. */
  readonly validateOnly?: boolean
}

/** Every call also rejects with INVALID_ARGUMENT, INVALID_OPTION, and with what `CallLimits` bring. */
export interface Quotas {
  /** All of them. */
  list(options?: CallLimits): Promise<readonly Quota[]>
  /** Sets limits of one entity; null removes one. Rejects with `TidemarkError` INVALID_REQUEST. */
  alter(entity: QuotaEntity, limits: Readonly<Record<string, number | null>>, options?: AlterQuotasOptions): Promise<void>
}

const TYPES = { user: 'user', clientId: 'client-id', ip: 'ip' } as const

export function quotasOf(cluster: Cluster): Quotas {
  return {
    async list(options = {}) {
      const answer = await askAny(cluster, 'listing quotas', limitsOf('quotas.list()', options), async (signal) => {
        const { body } = await cluster.send(
          apis.DescribeClientQuotas,
          { components: [], strict: false },
          { node: 'any', purpose: 'admin', signal },
        )
        return body
      })
      return (answer.entries ?? []).map(({ entity, values }) => ({
        entity: Object.fromEntries(entity.map(({ entityType, entityName }) => [keyOf(entityType), entityName])),
        limits: Object.fromEntries(values.map(({ key, value }) => [key, value])),
      }))
    },

    async alter(entity, limits, options = {}) {
      checkOptions<AlterQuotasOptions>('quotas.alter()', options, { ...LIMIT_NAMES, validateOnly: true })
      const validateOnly = flagOption('validateOnly', options.validateOnly ?? false)
      const named = checkedEntity(entity)
      const ops = Object.entries(limits).map(([key, value]) => ({ key, value: value ?? 0, remove: value === null }))
      if (ops.length === 0) throw new TidemarkError('NOTHING_TO_DO', 'no limit was named')
      const wrong = ops.find(({ value }) => typeof value !== 'number')
      if (wrong !== undefined)
        throw new TidemarkError('INVALID_ARGUMENT', `the limit ${wrong.key} is ${describe(wrong.value)}; it must be a number, or null`)
      await askAny(cluster, 'altering quotas', checkedLimits(options), async (signal) => {
        const { body } = await cluster.send(
          apis.AlterClientQuotas,
          { entries: [{ entity: named, ops }], validateOnly },
          { node: 'any', purpose: 'admin', signal },
        )
        const [answer] = body.entries
        if (answer === undefined) throw refusal('altering quotas', -1)
        return answer
      })
    },
  }
}

const keyOf = (type: string): string => Object.entries(TYPES).find(([, it]) => it === type)?.[0] ?? type

function checkedEntity(entity: QuotaEntity): { entityType: string; entityName: string | null }[] {
  checkOptions<QuotaEntity>('the entity', entity, { user: true, clientId: true, ip: true })
  const named = Object.entries(entity).filter(([, name]) => name !== undefined)
  if (named.length === 0)
    throw new TidemarkError('INVALID_ARGUMENT', 'the entity is empty; name a user, a clientId or an ip (null is the default of its kind)')
  return named.map(([key, name]) => {
    if (name !== null && (typeof name !== 'string' || name === '')) {
      throw new TidemarkError('INVALID_ARGUMENT', `${key} is ${describe(name)}; it must be a name, or null for the default`)
    }
    return { entityType: TYPES[key as keyof QuotaEntity], entityName: name }
  })
}
