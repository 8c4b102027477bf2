/**
 * Client quotas (KIP-546): which there may be, which one a client falls under, and which a filter finds. Kafka's
 * `ClientQuotaControlManager`, `ClientQuotaManager` and `ClientQuotaImage`.
 */
import type { Quota } from '../cluster/records.ts'

export type Entity = Quota['entity']

const CLIENT_KEYS = ['producer_byte_rate', 'consumer_byte_rate', 'request_percentage', 'controller_mutation_rate']
const IP_KEYS = ['connection_creation_rate']

/** What is wrong with the entity, in Kafka's words. */
export function entityFault(entity: Entity): string | undefined {
  if (entity.length === 0) return 'Invalid empty client quota entity'
  const types = entity.map(({ type }) => type)
  const unknown = types.find((type) => !['user', 'client-id', 'ip'].includes(type))
  if (unknown !== undefined) return `Unhandled client quota entity type: ${unknown}`
  if (new Set(types).size < types.length) return `Duplicate entity type: ${types.find((type, i) => types.indexOf(type) !== i)}`
  if (entity.some(({ name }) => name === '')) return 'Empty client quota entity name'
  if (types.includes('ip') && types.length > 1)
    return 'Invalid quota entity combination, IP entity shouldnot be combined with User or ClientId'
  const address = types[0] === 'ip' ? entity[0]!.name : null
  if (address !== null && !mayBeAddress(address)) return unresolved(address)
  return undefined
}

export const unresolved = (host: string): string => `${host} is not a valid IP or resolvable host.`

/** The name of a host that the quota is of, whose address has to be looked up; undefined: there is none. */
export function hostOf(entity: Entity): string | undefined {
  const name = entity[0]?.type === 'ip' ? entity[0].name : null
  return name === null || ADDRESS.test(name) ? undefined : name
}

const ADDRESS = /:|^\d{1,3}(?:\.\d{1,3}){3}$/

const ADDRESS_OR_HOST = /^(?:[\da-f:]*:[\da-f:.]*|[a-z\d-]+(?:\.[a-z\d-]+)*)$/i

/** By its form. Whether a host's name has an address is asked where it is set. */
const mayBeAddress = (text: string): boolean => ADDRESS_OR_HOST.test(text)

export function valueFault(entity: Entity, key: string, value: number, remove: boolean): string | undefined {
  const keys = entity[0]?.type === 'ip' ? IP_KEYS : CLIENT_KEYS
  if (!keys.includes(key)) return `Invalid configuration key ${key}`
  if (remove) return undefined
  if (!(value > 0)) return `Quota ${key} must be greater than 0`
  const isWhole = key.endsWith('byte_rate') || key === 'connection_creation_rate'
  return isWhole && !Number.isInteger(value) ? `${key} cannot be a fractional value.` : undefined
}

/** In the order in which they are kept: users before clients. */
export const ordered = (entity: Entity): Entity =>
  [...entity].sort((a, b) => (a.type === b.type ? 0 : a.type === 'user' ? -1 : b.type === 'user' ? 1 : 0))

export interface Filter {
  readonly entityType: string
  /** 0 exactly `match`, 1 the default, 2 any that is named or the default. */
  readonly matchType: number
  readonly match: string | null
}

export function matches(entity: Entity, filters: readonly Filter[], strict: boolean): boolean {
  if (strict && entity.length !== filters.length) return false
  return filters.every(({ entityType, matchType, match }) => {
    const part = entity.find(({ type }) => type === entityType)
    if (part === undefined) return false
    return matchType === 2 || (matchType === 1 ? part.name === null : part.name === match)
  })
}

export interface Found {
  readonly limit: number
  /** Clients that share the quota count together. */
  readonly sharedBy: string
}

/** The quota of a client, by Kafka's order of precedence; undefined: it has none. */
export function quotaOf(
  find: (entity: Entity) => Quota | undefined,
  key: string,
  { user, clientId }: { readonly user: string; readonly clientId: string },
): Found | undefined {
  const u = (name: string | null): Entity[number] => ({ type: 'user', name })
  const c = (name: string | null): Entity[number] => ({ type: 'client-id', name })
  const both = `${user}\n${clientId}`
  const candidates: readonly (readonly [Entity, string])[] = [
    [[u(user), c(clientId)], both],
    [[u(user), c(null)], both],
    [[u(user)], user],
    [[u(null), c(clientId)], both],
    [[u(null), c(null)], both],
    [[u(null)], user],
    [[c(clientId)], `\n${clientId}`],
    [[c(null)], `\n${clientId}`],
  ]
  for (const [entity, sharedBy] of candidates) {
    const value = find(entity)?.values.find((it) => it.key === key)?.value
    if (value !== undefined) return { limit: value, sharedBy }
  }
  return undefined
}

/** The quota of an address, of the host that has it, or of all; each address counts by itself. */
export function quotaOfAddress(
  find: (entity: Entity) => Quota | undefined,
  key: string,
  address: string,
  host: string | undefined,
): Found | undefined {
  for (const name of [address, host, null]) {
    if (name === undefined) continue
    const value = find([{ type: 'ip', name }])?.values.find((it) => it.key === key)?.value
    if (value !== undefined) return { limit: value, sharedBy: address }
  }
  return undefined
}
