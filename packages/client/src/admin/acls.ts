/** Access control lists (KIP-11, KIP-290): who may do what. */
import { checkOptions, describe, TidemarkError, wordOption } from '@tidemark/platform'
import { apis, ErrorCode } from '@tidemark/protocol'
import type { Cluster } from '../cluster/cluster.ts'
import { type CallLimits, mayPass, retrying } from '../cluster/retrying.ts'
import { refusal } from './ask.ts'
import { limitsOf } from './limits.ts'

/** Kafka's codes. */
const RESOURCES = { topic: 2, group: 3, cluster: 4, transactionalId: 5, delegationToken: 6, user: 7 } as const
const PATTERNS = { literal: 3, prefixed: 4 } as const
const PERMISSIONS = { deny: 2, allow: 3 } as const
const OPERATIONS = {
  all: 2,
  read: 3,
  write: 4,
  create: 5,
  delete: 6,
  alter: 7,
  describe: 8,
  clusterAction: 9,
  describeConfigs: 10,
  alterConfigs: 11,
  idempotentWrite: 12,
  createTokens: 13,
  describeTokens: 14,
  twoPhaseCommit: 15,
} as const
const ANY = 1
const MATCH = 2
/** The one name that the cluster has. */
const CLUSTER_NAME = 'kafka-cluster'

export interface Acl {
  /** `User:alice`; `User:*` for all users. */
  readonly principal: string
  /** Default: `*`, all hosts. */
  readonly host?: string
  readonly operation: keyof typeof OPERATIONS
  /** Default: allow. */
  readonly permission?: keyof typeof PERMISSIONS
  readonly resource: keyof typeof RESOURCES
  /** `*` stands for all of them. Of the cluster: left out. */
  readonly name?: string
  /** Whether the name is a whole one or the beginning of one. Default: literal. */
  readonly pattern?: keyof typeof PATTERNS
}

/** What is left out matches everything. */
export interface AclFilter extends Partial<Omit<Acl, 'pattern'>> {
  /** `match`: every ACL that speaks of the name: of it, of a beginning of it, of all names. Default: any. */
  readonly pattern?: keyof typeof PATTERNS | 'match'
}

/**
 * Every call also rejects with SECURITY_DISABLED (the cluster has no authorizer), INVALID_ARGUMENT, and with what
 * `CallLimits` bring.
 */
export interface Acls {
  list(filter?: AclFilter, options?: CallLimits): Promise<readonly Required<Acl>[]>
  create(acls: readonly Acl[], options?: CallLimits): Promise<void>
  /** Resolves with those that are gone. */
  delete(filter: AclFilter, options?: CallLimits): Promise<readonly Required<Acl>[]>
}

const NAMES = { principal: true, host: true, operation: true, permission: true, resource: true, name: true, pattern: true } as const

export function aclsOf(cluster: Cluster): Acls {
  return {
    async list(filter = {}, options = {}) {
      const asked = filterOf(filter)
      const what = 'listing ACLs'
      return retrying(cluster, { what, retries: mayPass, ...limitsOf('acls.list()', options) }, async (signal) => {
        const { body } = await cluster.send(apis.DescribeAcls, asked, { node: 'any', purpose: 'admin', signal })
        if (body.errorCode !== 0) throw refusal(what, body.errorCode, body.errorMessage, {}, 'DESCRIBE')
        return body.resources.flatMap(({ acls, ...of }) => acls.map((acl) => aclOf({ ...of, ...acl })))
      })
    },

    async create(acls, options = {}) {
      if (!Array.isArray(acls)) throw new TidemarkError('INVALID_ARGUMENT', `acls.create() takes an array of ACLs, not ${describe(acls)}`)
      if (acls.length === 0) throw new TidemarkError('NOTHING_TO_DO', 'no ACL was given')
      const creations = acls.map(creationOf)
      const what = 'creating ACLs'
      await retrying(cluster, { what, retries: mayPass, ...limitsOf('acls.create()', options) }, async (signal) => {
        const { body } = await cluster.send(apis.CreateAcls, { creations }, { node: 'any', purpose: 'admin', signal })
        for (const [i, { errorCode, errorMessage }] of body.results.entries()) {
          if (errorCode !== ErrorCode.NONE) throw refusal(`creating ACL ${i + 1} of ${acls.length}`, errorCode, errorMessage, {}, 'ALTER')
        }
      })
    },

    async delete(filter, options = {}) {
      const asked = filterOf(filter)
      const what = 'deleting ACLs'
      return retrying(cluster, { what, retries: mayPass, ...limitsOf('acls.delete()', options) }, async (signal) => {
        const { body } = await cluster.send(apis.DeleteAcls, { filters: [asked] }, { node: 'any', purpose: 'admin', signal })
        const [result] = body.filterResults
        if (result === undefined) throw new TidemarkError('PROTOCOL_ERROR', 'the answer to DeleteAcls is empty')
        if (result.errorCode !== 0) throw refusal(what, result.errorCode, result.errorMessage, {}, 'ALTER')
        return result.matchingAcls.map(aclOf)
      })
    },
  }
}

const word = <T extends Readonly<Record<string, number>>>(name: string, value: unknown, words: T): number =>
  words[wordOption(name, value as never, Object.keys(words)) as keyof T]!
const nameOfCode = <T extends Readonly<Record<string, number>>>(words: T, code: number): keyof T & string =>
  Object.keys(words).find((key) => words[key] === code) ?? (`unknown (${code})` as never)

function textOf(name: string, value: unknown): string {
  if (typeof value === 'string' && value !== '') return value
  throw new TidemarkError('INVALID_ARGUMENT', `the ${name} of an ACL is ${describe(value)}; it must be text`)
}

function creationOf(acl: Acl) {
  checkOptions<Acl>('an ACL', acl, NAMES)
  const isCluster = acl.resource === 'cluster'
  return {
    resourceType: word('resource', acl.resource, RESOURCES),
    resourceName: isCluster ? CLUSTER_NAME : textOf('name', acl.name),
    resourcePatternType: word('pattern', acl.pattern ?? 'literal', PATTERNS),
    principal: textOf('principal', acl.principal),
    host: textOf('host', acl.host ?? '*'),
    operation: word('operation', acl.operation, OPERATIONS),
    permissionType: word('permission', acl.permission ?? 'allow', PERMISSIONS),
  }
}

function filterOf(filter: AclFilter) {
  checkOptions<AclFilter>('the filter of ACLs', filter, NAMES)
  return {
    resourceTypeFilter: filter.resource === undefined ? ANY : word('resource', filter.resource, RESOURCES),
    resourceNameFilter: filter.name ?? null,
    patternTypeFilter: filter.pattern === undefined ? ANY : word('pattern', filter.pattern, { ...PATTERNS, match: MATCH }),
    principalFilter: filter.principal ?? null,
    hostFilter: filter.host ?? null,
    operation: filter.operation === undefined ? ANY : word('operation', filter.operation, OPERATIONS),
    permissionType: filter.permission === undefined ? ANY : word('permission', filter.permission, PERMISSIONS),
  }
}

function aclOf(of: {
  readonly resourceType: number
  readonly resourceName: string
  readonly patternType: number
  readonly principal: string
  readonly host: string
  readonly operation: number
  readonly permissionType: number
}): Required<Acl> {
  return {
    principal: of.principal,
    host: of.host,
    operation: nameOfCode(OPERATIONS, of.operation),
    permission: nameOfCode(PERMISSIONS, of.permissionType),
    resource: nameOfCode(RESOURCES, of.resourceType),
    name: of.resourceName,
    pattern: nameOfCode(PATTERNS, of.patternType),
  }
}
