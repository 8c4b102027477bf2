/** ACLs in short, and the oldest way to ask them: every one, in turn. */
import type { Acl } from '../cluster/records.ts'
import { Operation, Pattern, Permission, Resource } from './codes.ts'
import type { RightsOptions, Who } from './rights.ts'

export const who = (name: string, host = '127.0.0.1'): Who => ({ principal: `User:${name}`, host })

export const acl = (given: Partial<Acl> = {}): Acl => ({
  resourceType: Resource.TOPIC,
  resourceName: 'foo',
  patternType: Pattern.LITERAL,
  principal: 'User:alice',
  host: '*',
  operation: Operation.READ,
  permissionType: Permission.ALLOW,
  ...given,
})

export const prefixed = (given: Partial<Acl> = {}): Acl => acl({ patternType: Pattern.PREFIXED, ...given })
export const deny = (given: Partial<Acl> = {}): Acl => acl({ permissionType: Permission.DENY, ...given })

const DESCRIBES: readonly number[] = [Operation.DESCRIBE, Operation.READ, Operation.WRITE, Operation.DELETE, Operation.ALTER]
const DESCRIBES_CONFIGS: readonly number[] = [Operation.DESCRIBE_CONFIGS, Operation.ALTER_CONFIGS]

function grants({ operation }: Acl, asked: number): boolean {
  if (operation === Operation.ALL || operation === asked) return true
  if (asked === Operation.DESCRIBE) return DESCRIBES.includes(operation)
  return asked === Operation.DESCRIBE_CONFIGS && DESCRIBES_CONFIGS.includes(operation)
}

const names = ({ patternType, resourceName }: Acl, name: string): boolean =>
  patternType === Pattern.PREFIXED ? name.startsWith(resourceName) : resourceName === '*' || resourceName === name

const isOf = (it: Acl, { principal, host }: Who): boolean =>
  (it.principal === 'User:*' || it.principal === principal) && (it.host === '*' || it.host === host)

export function naivelyAllows(
  acls: readonly Acl[],
  options: RightsOptions,
  asker: Who,
  operation: number,
  type: number,
  name: string,
): boolean {
  if (options.superUsers.includes(asker.principal)) return true
  const ofResource = acls.filter((it) => it.resourceType === type && names(it, name))
  if (ofResource.length === 0) return options.allowEveryoneIfNoAclFound === true
  const ofAsker = ofResource.filter((it) => isOf(it, asker))
  const denies = ofAsker.filter((it) => it.permissionType === Permission.DENY)
  if (denies.some((it) => it.operation === Operation.ALL || it.operation === operation)) return false
  return ofAsker.some((it) => it.permissionType === Permission.ALLOW && grants(it, operation))
}
