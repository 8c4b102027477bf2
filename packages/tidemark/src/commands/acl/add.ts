import { type Acl, createAdmin } from '@tidemark/client'
import { counted } from '@tidemark/platform'
import { Command } from 'commander'
import { type ClusterOptions, connectedToChange, withCluster } from '../../connection.ts'
import { usage } from '../../exit.ts'
import { say } from '../../print/print.ts'
import { collectPrincipals } from '../principals.ts'
import { operationOf, operationOption, type ResourceOptions, resourcesOf, withResources } from './acls.ts'

export const addCommand = (): Command =>
  withResources(withCluster(new Command('add')))
    .option('--allow <PRINCIPAL>', 'User:NAME, or User:* for all; may be given more than once', collectPrincipals)
    .option('--deny <PRINCIPAL>', 'outweighs what is allowed; may be given more than once', collectPrincipals)
    .option('--host <HOST>', "the client's address (default: any)")
    .addOption(operationOption().makeOptionMandatory())
    .addHelpText('after', HELP)
    .action(add)

const HELP = `
Examples:
  tidemark acl add --allow User:app --operation read --topic orders --group billing
  tidemark acl add --allow User:app --operation write --topic app. --prefixed
  tidemark acl add --deny User:* --host 10.0.0.7 --operation all --topic secret`

/** What an operation can mean on a resource (Kafka's `AclEntry.supportedOperations`); `all` always does. */
const SENSIBLE: Readonly<Record<Acl['resource'], readonly string[]>> = {
  topic: ['read', 'write', 'create', 'delete', 'alter', 'describe', 'describe-configs', 'alter-configs'],
  group: ['read', 'delete', 'describe', 'describe-configs', 'alter-configs'],
  cluster: ['create', 'alter', 'describe', 'cluster-action', 'describe-configs', 'alter-configs', 'idempotent-write'],
  transactionalId: ['write', 'describe', 'two-phase-commit'],
  delegationToken: ['describe'],
  user: ['create-tokens', 'describe-tokens'],
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
    say(`added ${counted(acls.length, 'ACL')}`)
  })
}
