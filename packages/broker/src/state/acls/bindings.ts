/** ACLs as they are made and looked for: Kafka's `AclControlManager` and `AclBindingFilter`. */
import type { Acl } from '../cluster/records.ts'
import { CLUSTER_NAME, Operation, Pattern, Permission, Resource, WILDCARD } from './codes.ts'

/** What is wrong with an ACL that is to be made, in Kafka's words; undefined: nothing. */
export function bindingFault(acl: Acl): string | undefined {
  const { resourceType, patternType, operation, permissionType, resourceName, principal } = acl
  if (resourceType <= Resource.ANY || resourceType > Resource.USER) return `Invalid resourceType ${resourceType}`
  if (patternType !== Pattern.LITERAL && patternType !== Pattern.PREFIXED) return `Invalid patternType ${patternType}`
  // Any operation of any type, as in Kafka: one that the type does not have allows nothing.
  if (operation <= Operation.ANY || operation > Operation.TWO_PHASE_COMMIT) return `Invalid operation ${operation}`
  if (permissionType !== Permission.ALLOW && permissionType !== Permission.DENY) return `Invalid permissionType ${permissionType}`
  if (resourceName === '') return 'Resource name should not be empty'
  if (resourceType === Resource.CLUSTER && resourceName !== CLUSTER_NAME)
    return `The only valid name for the CLUSTER resource is ${CLUSTER_NAME}`
  if (!principal.includes(':'))
    return `Could not parse principal from \`${principal}\` (no colon is present separating the principal type from the principal name)`
  return undefined
}

export interface AclFilter {
  readonly resourceType: number
  readonly resourceName: string | null
  readonly patternType: number
  readonly principal: string | null
  readonly host: string | null
  readonly operation: number
  readonly permissionType: number
}

/** What is wrong with a filter; undefined: nothing. */
export function filterFault({ resourceType, patternType, operation, permissionType }: AclFilter): string | undefined {
  if (resourceType < Resource.ANY || resourceType > Resource.USER) return `Invalid resourceType ${resourceType}`
  if (patternType < Pattern.ANY || patternType > Pattern.PREFIXED) return `Invalid patternType ${patternType}`
  if (operation < Operation.ANY || operation > Operation.TWO_PHASE_COMMIT) return `Invalid operation ${operation}`
  if (permissionType < Permission.ANY || permissionType > Permission.ALLOW) return `Invalid permissionType ${permissionType}`
  return undefined
}

export function matchesFilter(acl: Acl, filter: AclFilter): boolean {
  const same = (any: number, wanted: number, is: number): boolean => wanted === any || wanted === is
  return (
    same(Resource.ANY, filter.resourceType, acl.resourceType) &&
    same(Operation.ANY, filter.operation, acl.operation) &&
    same(Permission.ANY, filter.permissionType, acl.permissionType) &&
    (filter.principal === null || filter.principal === acl.principal) &&
    (filter.host === null || filter.host === acl.host) &&
    matchesPattern(acl, filter)
  )
}

/** MATCH: every ACL that speaks of a resource of this name. */
function matchesPattern({ patternType, resourceName }: Acl, filter: AclFilter): boolean {
  const { resourceName: name } = filter
  if (filter.patternType !== Pattern.ANY && filter.patternType !== Pattern.MATCH && filter.patternType !== patternType) return false
  if (name === null || name === resourceName) return true
  if (filter.patternType !== Pattern.MATCH) return false
  return patternType === Pattern.PREFIXED ? name.startsWith(resourceName) : resourceName === WILDCARD
}
