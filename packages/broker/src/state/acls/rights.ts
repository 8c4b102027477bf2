/**
 * Who may do what: Kafka's `StandardAuthorizerData`. A super user may do anything. Of the ACLs that speak of a
 * resource, of literal and prefixed names and of all names, one that denies outweighs all that allow. What no ACL
 * allows is refused.
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

/** Kafka's `StandardAuthorizer.WILDCARD_PRINCIPAL`. */
const EVERYONE = 'User:*'
/** A name that stands for those that no ACL names: Kafka asks for the same. */
const SOME_NAME = 'hardcode'

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
      if (!isAbout(acl, who, operation)) continue
      if (acl.permissionType === Permission.DENY) return false
      isAllowed = true
    }
    return isAllowed || (!isMentioned && this.#allowsUnmentioned)
  }

  /**
   * Whether there is a resource of the type for which it may: Kafka's `Authorizer.authorizeByResourceType`. A name
   * that is denied does not deny the other names under a prefix that is allowed.
   */
  allowsAny(who: Who, operation: number, resourceType: number): boolean {
    if (this.allows(who, operation, resourceType, SOME_NAME)) return true
    const ofType = this.#byType.get(resourceType)
    if (ofType === undefined) return false
    const says = (acls: readonly Acl[] | undefined, permission: number): boolean =>
      acls?.some((acl) => acl.permissionType === permission && isAbout(acl, who, operation)) ?? false
    const allowing = (names: Map<string, Acl[]>): string[] =>
      [...names].filter(([, acls]) => says(acls, Permission.ALLOW)).map(([name]) => name)
    if (says(ofType.literal.get(WILDCARD), Permission.DENY)) return false
    return (
      says(ofType.literal.get(WILDCARD), Permission.ALLOW) ||
      allowing(ofType.literal).some((name) => this.allows(who, operation, resourceType, name)) ||
      allowing(ofType.prefixed).some((name) => !prefixesOf(name).some((prefix) => says(ofType.prefixed.get(prefix), Permission.DENY)))
    )
  }

  *#of(resourceType: number, name: string): Generator<Acl> {
    const ofType = this.#byType.get(resourceType)
    if (ofType === undefined) return
    yield* ofType.literal.get(name) ?? []
    if (name !== WILDCARD) yield* ofType.literal.get(WILDCARD) ?? []
    if (ofType.prefixed.size === 0) return
    for (const prefix of prefixesOf(name)) yield* ofType.prefixed.get(prefix) ?? []
  }
}

const isAbout = (acl: Acl, who: Who, operation: number): boolean => speaksOf(acl, who) && covers(acl, operation)

const speaksOf = ({ principal, host }: Acl, who: Who): boolean =>
  (principal === who.principal || principal === EVERYONE) && (host === WILDCARD || host === who.host)

/** What is allowed may imply more; what is denied is denied alone. */
function covers({ operation: said, permissionType }: Acl, asked: number): boolean {
  if (said === Operation.ALL || said === asked) return true
  return permissionType === Permission.ALLOW && (IMPLIES[asked]?.includes(said) ?? false)
}

/** From the whole name to its first character. */
const prefixesOf = (name: string): string[] => Array.from({ length: name.length }, (_, i) => name.slice(0, name.length - i))
