/** ACLs as people write them, in words: the shape that `admin.acls` has too. */
import { checkOptions, TidemarkError } from '@tidemark/platform'
import { bindingFault } from '../state/acls/bindings.ts'
import { CLUSTER_NAME, Operation, Pattern, Permission, Resource, WILDCARD } from '../state/acls/codes.ts'
import type { Acl } from '../state/cluster/records.ts'

export interface WrittenAcl {
  /** `User:alice`; `User:*` for all users. */
  readonly principal: string
  /** Default: `*`, all hosts. */
  readonly host?: string | undefined
  /** `read`, `clusterAction` (or `cluster-action`), `all`. */
  readonly operation: string
  /** `allow` or `deny`. Default: allow. */
  readonly permission?: string | undefined
  /** `topic`, `group`, `cluster`, `transactionalId`. */
  readonly resource: string
  /** `*` stands for all of them. Of the cluster: left out. */
  readonly name?: string | undefined
  /** `literal` or `prefixed`. Default: literal. */
  readonly pattern?: string | undefined
}

/** Throws `TidemarkError` INVALID_OPTION that names the option and what it may be. */
export function aclOf(name: string, written: WrittenAcl): Acl {
  checkOptions<WrittenAcl>(`option '${name}'`, written, {
    principal: true,
    host: true,
    operation: true,
    permission: true,
    resource: true,
    name: true,
    pattern: true,
  })
  const code = (field: keyof WrittenAcl, codes: Readonly<Record<string, number>>, usual?: string): number => {
    const word = written[field] ?? usual
    const constant = typeof word === 'string' ? constantOf(word) : ''
    // ANY and MATCH are for those who look for ACLs.
    const names = Object.keys(codes).filter((name) => name !== 'ANY' && name !== 'MATCH')
    if (names.includes(constant)) return codes[constant]!
    const words = names.map((it) => it.toLowerCase().replaceAll('_', '-'))
    throw new TidemarkError('INVALID_OPTION', `option '${name}.${field}' is ${JSON.stringify(word)}; it must be ${words.join(', ')}`)
  }
  const resourceType = code('resource', Resource)
  const acl: Acl = {
    resourceType,
    resourceName: written.name ?? (resourceType === Resource.CLUSTER ? CLUSTER_NAME : ''),
    patternType: code('pattern', Pattern, 'literal'),
    principal: written.principal ?? '',
    host: written.host ?? WILDCARD,
    operation: code('operation', Operation),
    permissionType: code('permission', Permission, 'allow'),
  }
  const fault = bindingFault(acl)
  if (fault !== undefined) throw new TidemarkError('INVALID_OPTION', `option '${name}': ${fault}`)
  return acl
}

/** `clusterAction`, `cluster-action`: CLUSTER_ACTION. */
const constantOf = (word: string): string =>
  word
    .replaceAll(/([a-z])([A-Z])/g, '$1_$2')
    .replaceAll('-', '_')
    .toUpperCase()
