import { type Acl, type AclFilter, createAdmin } from '@tidemark/client'
import { Command, Option } from 'commander'
import { type ConfirmOptions, confirmed, withConfirmation } from '../confirm.ts'
import { type ClusterOptions, connected, connectedToChange, type OutputOptions, withCluster, withOutput } from '../connection.ts'
import { usage } from '../exit.ts'
import { counted, printRows, say } from '../print/print.ts'
import { collect } from './config-changes.ts'

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

/** What an operation can mean on a resource (Kafka's `AclEntry.supportedOperations`); `all` always does. */
const SENSIBLE: Readonly<Record<Acl['resource'], readonly string[]>> = {
  topic: ['read', 'write', 'create', 'delete', 'alter', 'describe', 'describe-configs', 'alter-configs'],
  group: ['read', 'delete', 'describe', 'describe-configs', 'alter-configs'],
  cluster: ['create', 'alter', 'describe', 'cluster-action', 'describe-configs', 'alter-configs', 'idempotent-write'],
  transactionalId: ['write', 'describe', 'two-phase-commit'],
  delegationToken: ['describe'],
  user: ['create-tokens', 'describe-tokens'],
}

const COLUMNS = {
  principal: 'PRINCIPAL',
  host: 'HOST',
  permission: 'PERMISSION',
  operation: 'OPERATION',
  resource: 'RESOURCE',
  name: 'NAME',
  pattern: 'PATTERN',
}

interface ResourceOptions {
  readonly topic?: readonly string[]
  readonly group?: readonly string[]
  readonly transactionalId?: readonly string[]
  readonly cluster?: boolean
  readonly prefixed?: boolean
}

const withResources = (command: Command): Command =>
  command
    .option('--topic <NAME>', "a topic, or '*' for all; may be given more than once", collect)
    .option('--group <NAME>', 'a group; may be given more than once', collect)
    .option('--transactional-id <ID>', 'a transactional id; may be given more than once', collect)
    .option('--cluster', 'the cluster itself')
    .option('--prefixed', 'all names that begin so')

export function aclCommand(): Command {
  const acl = new Command('acl')
  acl.addCommand(
    withResources(withOutput(withCluster(new Command('list'))))
      .description('Lists ACLs; those that speak of a resource, if one is named.')
      .option('--principal <PRINCIPAL>', 'User:NAME', principalOf)
      .action(list),
  )
  acl.addCommand(
    withResources(withCluster(new Command('add')))
      .description('Allows or denies a principal operations on resources.')
      .option('--allow <PRINCIPAL>', 'User:NAME, or User:* for all; may be given more than once', collectPrincipals)
      .option('--deny <PRINCIPAL>', 'outweighs what is allowed; may be given more than once', collectPrincipals)
      .option('--host <HOST>', "the client's address (default: any)")
      .addOption(operationOption().makeOptionMandatory())
      .addHelpText('after', ADD_HELP)
      .action(add),
  )
  acl.addCommand(
    withConfirmation(withResources(withOutput(withCluster(new Command('remove')))))
      .description('Removes ACLs: all that match what is named.')
      .option('--principal <PRINCIPAL>', 'User:NAME', principalOf)
      .addOption(operationOption())
      .addHelpText('after', '\nExample:\n  tidemark acl remove --principal User:app --topic orders --yes')
      .action(remove),
  )
  return acl
}

const operationOption = (): Option =>
  new Option('--operation <OPERATION,…>', `${OPERATIONS.join(', ')}; may be given more than once`).argParser(collectWords)

const ADD_HELP = `
Examples:
  tidemark acl add --allow User:app --operation read --topic orders --group billing
  tidemark acl add --allow User:app --operation write --topic app. --prefixed
  tidemark acl add --deny User:* --host 10.0.0.7 --operation all --topic secret`

function collectPrincipals(text: string, before: readonly string[] = []): string[] {
  return [...before, principalOf(text)]
}

function principalOf(text: string): string {
  if (!/^[^:]+:./.test(text)) throw usage(`'${text}' is not a principal; write User:${text || 'NAME'}`)
  return text
}

function collectWords(text: string, before: readonly string[] = []): string[] {
  const words = text.split(',').map((word) => word.trim().toLowerCase())
  const wrong = words.find((word) => !OPERATIONS.includes(word))
  if (wrong !== undefined) throw usage(`'${wrong}' is not an operation; it may be ${OPERATIONS.join(', ')}`)
  return [...before, ...words]
}

const operationOf = (word: string): Acl['operation'] =>
  word.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase()) as Acl['operation']

type Named = Pick<Acl, 'resource' | 'name'>

function resourcesOf({ topic = [], group = [], transactionalId = [], cluster }: ResourceOptions): Named[] {
  return [
    ...topic.map((name) => ({ resource: 'topic', name }) as const),
    ...group.map((name) => ({ resource: 'group', name }) as const),
    ...transactionalId.map((name) => ({ resource: 'transactionalId', name }) as const),
    ...(cluster ? [{ resource: 'cluster' } as const] : []),
  ]
}

/** In one order, whatever the cluster's is: by what they speak of, and then by whom. */
function rowsOf(acls: readonly Required<Acl>[]) {
  const keyOf = (acl: Required<Acl>): string =>
    [acl.resource, acl.name, acl.pattern, acl.principal, acl.permission, acl.operation, acl.host].join('\0')
  return acls.map((acl) => ({ ...acl })).sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
}

/** Without a resource: one filter for all of them. */
function filtersOf(
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

async function list(options: ClusterOptions & OutputOptions & ResourceOptions & { principal?: string }): Promise<void> {
  await connected(options, async ({ kafka }) => {
    const { acls } = createAdmin(kafka)
    const found = (await Promise.all(filtersOf(options, 'match').map((filter) => acls.list(filter)))).flat()
    if (found.length === 0 && options.output === 'table') return say('there are no such ACLs')
    await printRows(rowsOf(found), COLUMNS, options.output)
  })
}

interface AddOptions extends ClusterOptions, ResourceOptions {
  readonly allow?: readonly string[]
  readonly deny?: readonly string[]
  readonly host?: string
  readonly operation: readonly string[]
}

async function add(options: AddOptions): Promise<void> {
  const resources = resourcesOf(options)
  const who = [
    ...(options.allow ?? []).map((principal) => ({ principal, permission: 'allow' }) as const),
    ...(options.deny ?? []).map((principal) => ({ principal, permission: 'deny' }) as const),
  ]
  if (who.length === 0) throw usage('name whom: --allow or --deny PRINCIPAL')
  if (resources.length === 0) throw usage('name what: --topic, --group, --transactional-id or --cluster')
  for (const { resource } of resources) {
    const wrong = options.operation.find((operation) => operation !== 'all' && !SENSIBLE[resource].includes(operation))
    if (wrong !== undefined) throw usage(`there is no operation ${wrong} on a ${resource}; there are all, ${SENSIBLE[resource].join(', ')}`)
  }
  const acls = who.flatMap((subject) =>
    resources.flatMap((resource) =>
      options.operation.map((operation) => ({
        ...subject,
        ...resource,
        operation: operationOf(operation),
        ...(options.host !== undefined && { host: options.host }),
        ...(options.prefixed && { pattern: 'prefixed' as const }),
      })),
    ),
  )
  await connectedToChange(options, async ({ kafka }) => {
    await createAdmin(kafka).acls.create(acls)
    say(`added ${counted('ACL', acls.length)}`)
  })
}

async function remove(
  options: ClusterOptions & OutputOptions & ResourceOptions & ConfirmOptions & { principal?: string; operation?: readonly string[] },
): Promise<void> {
  if (resourcesOf(options).length === 0 && options.principal === undefined)
    throw usage('name which: --principal, --topic, --group, --transactional-id or --cluster')
  await connectedToChange(options, async ({ kafka }) => {
    const { acls } = createAdmin(kafka)
    const filters = filtersOf(options, options.prefixed ? 'prefixed' : 'literal')
    const found = (await Promise.all(filters.map((filter) => acls.list(filter)))).flat()
    if (found.length === 0) return say('there are no such ACLs')
    await printRows(rowsOf(found), COLUMNS, options.output)
    if (!(await confirmed(`remove ${counted('ACL', found.length)}?`, options))) return
    for (const filter of filters) await acls.delete(filter)
    say(`removed ${counted('ACL', found.length)}`)
  })
}
