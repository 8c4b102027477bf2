/**
 * Who may do what: Kafka's `StandardAuthorizerData`. A super user may do anything. Of the ACLs that speak of a resource, of
 * literal and prefixed names and of all names, one that denies outweighs all that allow. What no ACL allows is refused.
 */
import type { Acl } from '../cluster/records.ts'
import { Operation, Pattern, Permission, WILDCARD } from './codes.ts'

export interface Who {
  /** `User:alice`. */
  readonly principal: string
  /** `127.0.0.1`. */
  readonly host: string
}

export interface RightsOptions {
  readonly superUsers: readonly string[]
  readonly allowEveryoneIfNoAclFound?: boolean | undefined
}

/** What an allowed operation allows besides. */
const IMPLIES: Readonly<Record<number, readonly number[]>> = {
  [Operation.DESCRIBE]: [Operation.READ, Operation.WRITE, Operation.DELETE, Operation.ALTER],
  [Operation.DESCRIBE_CONFIGS]: [Operation.ALTER_CONFIGS],
}

interface OfType {
  readonly literal: Map<string, Acl[]>
  readonly prefixed: Map<string, Acl[]>
}

export class Rights {
  readonly #superUsers: ReadonlySet<string>
  readonly #allowsUnmentioned: boolean
  readonly #byType = new Map<number, OfType>()

  constructor(acls: Iterable<Acl>, { superUsers, allowEveryoneIfNoAclFound = false }: RightsOptions) {
    this.#superUsers = new Set(superUsers)
    this.#allowsUnmentioned = allowEveryoneIfNoAclFound
    for (const acl of acls) this.#add(acl)
  }

  #add(acl: Acl): void {
    let ofType = this.#byType.get(acl.resourceType)
    if (ofType === undefined) this.#byType.set(acl.resourceType, (ofType = { literal: new Map(), prefixed: new Map() }))
    const names = acl.patternType === Pattern.PREFIXED ? ofType.prefixed : ofType.literal
    const list = names.get(acl.resourceName)
    if (list === undefined) names.set(acl.resourceName, [acl])
    else list.push(acl)
  }

  allows(who: Who, operation: number, resourceType: number, name: string): boolean {
    if (this.#superUsers.has(who.principal)) return true
    let isMentioned = false
    let isAllowed = false
    for (const acl of this.#of(resourceType, name)) {
      isMentioned = true
      const kind = acl.permissionType === Permission.DENY ? 'deny' : 'allow'
      if (!speaksOf(acl, who) || !covers(acl.operation, operation, kind)) continue
      if (kind === 'deny') return false
      isAllowed = true
    }
    return isAllowed || (!isMentioned && this.#allowsUnmentioned)
  }

  /** Whether there is any resource of the type for which it may (Kafka's `authorizeByResourceType`). */
  allowsAny(who: Who, operation: number, resourceType: number): boolean {
    if (this.#superUsers.has(who.principal)) return true
    const ofType = this.#byType.get(resourceType)
    const all = ofType === undefined ? [] : [...ofType.literal.values(), ...ofType.prefixed.values()].flat()
    const isDeniedAll = all.some(
      (acl) =>
        acl.permissionType === Permission.DENY &&
        acl.patternType === Pattern.LITERAL &&
        acl.resourceName === WILDCARD &&
        speaksOf(acl, who) &&
        covers(acl.operation, operation, 'deny'),
    )
    if (isDeniedAll) return false
    const allowing = all.filter(
      (acl) => acl.permissionType === Permission.ALLOW && speaksOf(acl, who) && covers(acl.operation, operation, 'allow'),
    )
    if (allowing.length === 0) return this.#allowsUnmentioned
    return allowing.some(({ resourceName }) => resourceName === WILDCARD || this.allows(who, operation, resourceType, resourceName))
  }

  *#of(resourceType: number, name: string): Generator<Acl> {
    const ofType = this.#byType.get(resourceType)
    if (ofType === undefined) return
    yield* ofType.literal.get(name) ?? []
    if (name !== WILDCARD) yield* ofType.literal.get(WILDCARD) ?? []
    if (ofType.prefixed.size === 0) return
    for (let length = name.length; length >= 0; length--) yield* ofType.prefixed.get(name.slice(0, length)) ?? []
  }
}

const speaksOf = ({ principal, host }: Acl, who: Who): boolean =>
  (principal === who.principal || principal === `${who.principal.slice(0, who.principal.indexOf(':'))}:${WILDCARD}`) &&
  (host === WILDCARD || host === who.host)

function covers(said: number, asked: number, kind: 'allow' | 'deny'): boolean {
  if (said === Operation.ALL || said === asked) return true
  return kind === 'allow' && (IMPLIES[asked]?.includes(said) ?? false)
}
