/** What the verbs of `tidemark acl` have in common: how resources, operations and principals are named. */
import type { Acl, AclFilter } from '@tidemark/client'
import { type Command, Option } from 'commander'
import { usage } from '../../exit.ts'
import { collect } from '../config-changes.ts'

const OPERATIONS = [
  'all',
  'read',
  'write',
  'create',
  'delete',
  'alter',
  'describe',
  'cluster-action',
  'describe-configs',
  'alter-configs',
  'idempotent-write',
  'create-tokens',
  'describe-tokens',
  'two-phase-commit',
]

export const COLUMNS = {
  principal: 'PRINCIPAL',
  host: 'HOST',
  permission: 'PERMISSION',
  operation: 'OPERATION',
  resource: 'RESOURCE',
  name: 'NAME',
  pattern: 'PATTERN',
}

export interface ResourceOptions {
  readonly topic?: readonly string[]
  readonly group?: readonly string[]
  readonly transactionalId?: readonly string[]
  readonly cluster?: boolean
  readonly prefixed?: boolean
}

export const withResources = (command: Command): Command =>
  command
    .option('--topic <NAME>', "a topic, or '*' for all; may be given more than once", collect)
    .option('--group <NAME>', 'a group; may be given more than once', collect)
    .option('--transactional-id <ID>', 'a transactional id; may be given more than once', collect)
    .option('--cluster', 'the cluster itself')
    .option('--prefixed', 'all names that begin so')

export const operationOption = (): Option =>
  new Option('--operation <OPERATION,…>', `${OPERATIONS.join(', ')}; may be given more than once`).argParser(collectWords)

function collectWords(text: string, before: readonly string[] = []): string[] {
  const words = text.split(',').map((word) => word.trim().toLowerCase())
  const wrong = words.find((word) => !OPERATIONS.includes(word))
  if (wrong !== undefined) throw usage(`'${wrong}' is not an operation; it may be ${OPERATIONS.join(', ')}`)
  return [...before, ...words]
}

export const operationOf = (word: string): Acl['operation'] =>
  word.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase()) as Acl['operation']

type Named = Pick<Acl, 'resource' | 'name'>

export function resourcesOf({ topic = [], group = [], transactionalId = [], cluster }: ResourceOptions): Named[] {
  return [
    ...topic.map((name) => ({ resource: 'topic', name }) as const),
    ...group.map((name) => ({ resource: 'group', name }) as const),
    ...transactionalId.map((name) => ({ resource: 'transactionalId', name }) as const),
    ...(cluster ? [{ resource: 'cluster' } as const] : []),
  ]
}

/** In one order, whatever the cluster's is: by what they speak of, and then by whom. */
export function rowsOf(acls: readonly Required<Acl>[]) {
  const keyOf = (acl: Required<Acl>): string =>
    [acl.resource, acl.name, acl.pattern, acl.principal, acl.permission, acl.operation, acl.host].join('\0')
  return acls.map((acl) => ({ ...acl })).sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
}

/** Without a resource: one filter for all of them. */
export function filtersOf(
  options: ResourceOptions & { principal?: string; operation?: readonly string[] },
  pattern: AclFilter['pattern'],
): AclFilter[] {
  const resources = resourcesOf(options)
  const named: AclFilter[] =
    resources.length === 0 ? [{}] : resources.map((resource) => ({ ...resource, ...(pattern !== undefined && { pattern }) }))
  const operations = options.operation ?? [undefined]
  return named.flatMap((filter) =>
    operations.map((operation) => ({
      ...filter,
      ...(operation !== undefined && { operation: operationOf(operation) }),
      ...(options.principal !== undefined && { principal: options.principal }),
    })),
  )
}
