/** What a quota is for, and which limits it may have: how both are typed and shown. */
import { createAdmin, type Kafka, type Quota, type QuotaEntity } from '@tidemark/client'
import type { Command } from 'commander'
import { usage } from '../../exit.ts'

export interface EntityOptions {
  readonly user?: string
  readonly userDefault?: boolean
  readonly clientId?: string
  readonly clientIdDefault?: boolean
  readonly ip?: string
  readonly ipDefault?: boolean
}

export const withEntity = (command: Command): Command =>
  command
    .option('--user <NAME>', 'a user')
    .option('--user-default', 'the default: users that have no quota of their own')
    .option('--client-id <ID>', 'a client id; of one user, if --user is there too')
    .option('--client-id-default', 'the default: client ids that have no quota of their own')
    .option('--ip <ADDRESS>', 'an address that clients connect from')
    .option('--ip-default', 'the default: addresses that have no quota of their own')

const KINDS = [
  { key: 'user', isDefault: 'userDefault', flag: '--user' },
  { key: 'clientId', isDefault: 'clientIdDefault', flag: '--client-id' },
  { key: 'ip', isDefault: 'ipDefault', flag: '--ip' },
] as const

/** Null is the default of its kind, as in the library. Empty: none is named. Throws `TidemarkError` USAGE. */
export function entityOf(options: EntityOptions): QuotaEntity {
  const entity: Record<string, string | null> = {}
  for (const { key, isDefault, flag } of KINDS) {
    const name = options[key]
    if (name !== undefined && options[isDefault]) throw usage(`${flag} and ${flag}-default exclude each other`)
    if (name === '') throw usage(`${flag} is empty; the default of all is ${flag}-default`)
    if (options[isDefault]) entity[key] = null
    else if (name !== undefined) entity[key] = name
  }
  if (entity.ip !== undefined && Object.keys(entity).length > 1)
    throw usage('the quota of an address is of no user and no client id: leave out --ip, or the others')
  return entity
}

/** As `entityOf`, of a command that needs one. */
export function namedEntityOf(options: EntityOptions): QuotaEntity {
  const entity = entityOf(options)
  if (Object.keys(entity).length > 0) return entity
  throw usage('name whose: --user, --client-id or --ip, or the default of one: --user-default, --client-id-default, --ip-default')
}

const CLIENT_LIMITS = ['producer_byte_rate', 'consumer_byte_rate', 'request_percentage', 'controller_mutation_rate']
const ADDRESS_LIMITS = ['connection_creation_rate']

/** Throws `TidemarkError` USAGE for a limit that such an entity cannot have. */
export function checkLimit(name: string, entity: QuotaEntity): void {
  const ofAddress = entity.ip !== undefined
  const known = ofAddress ? ADDRESS_LIMITS : CLIENT_LIMITS
  if (known.includes(name)) return
  const whose = ofAddress ? 'an address' : 'a user or a client id'
  throw usage(`there is no limit '${name}' for ${whose}; there ${known.length === 1 ? 'is' : 'are'} ${known.join(', ')}`)
}

/** As Kafka's tools write the default of a kind. */
const DEFAULT = '<default>'

/** In words: `user app, client id <default>`. */
export function entityText({ user, clientId, ip }: QuotaEntity): string {
  const parts = [
    ['user', user],
    ['client id', clientId],
    ['address', ip],
  ] as const
  return parts.flatMap(([kind, name]) => (name === undefined ? [] : [`${kind} ${name ?? DEFAULT}`])).join(', ')
}

export const isSame = (a: QuotaEntity, b: QuotaEntity): boolean => KINDS.every(({ key }) => a[key] === b[key])

/** Whether it speaks of all that is named, and perhaps of more. */
export const speaksOf = (entity: QuotaEntity, named: QuotaEntity): boolean =>
  KINDS.every(({ key }) => named[key] === undefined || entity[key] === named[key])

/** The limits of this very entity. */
export async function limitsOf(kafka: Kafka, entity: QuotaEntity): Promise<Quota['limits']> {
  const quotas = await createAdmin(kafka).quotas.list()
  return quotas.find((quota) => isSame(quota.entity, entity))?.limits ?? {}
}

export const COLUMNS = { user: 'USER', clientId: 'CLIENT ID', ip: 'ADDRESS', limit: 'LIMIT', value: 'VALUE' }

interface Limit {
  readonly entity: QuotaEntity
  readonly limit: string
  readonly value: number
}

/** One for each limit, in one order, whatever the cluster's is. */
export const limitsIn = (quotas: readonly Quota[]): Limit[] =>
  quotas
    .flatMap(({ entity, limits }) => Object.entries(limits).map(([limit, value]) => ({ entity, limit, value })))
    .sort((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1))

const sortKey = ({ entity, limit }: Limit): string => [...KINDS.map(({ key }) => entity[key] ?? ''), limit].join('\0')

const shown = (name: string | null | undefined): string | undefined => (name === null ? DEFAULT : name)

export const rowOf = ({ entity, limit, value }: Limit) => ({
  user: shown(entity.user),
  clientId: shown(entity.clientId),
  ip: shown(entity.ip),
  limit,
  value,
})
