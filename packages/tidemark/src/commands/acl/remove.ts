import { createAdmin } from '@tidemark/client'
import { counted } from '@tidemark/platform'
import { Command } from 'commander'
import { type ConfirmOptions, confirmed, withConfirmation } from '../../confirm.ts'
import { type ClusterOptions, connectedToChange, type OutputOptions, withCluster, withOutput } from '../../connection.ts'
import { usage } from '../../exit.ts'
import { printRows, say } from '../../print/print.ts'
import { principalOf } from '../principals.ts'
import { COLUMNS, filtersOf, operationOption, type ResourceOptions, resourcesOf, rowsOf, withResources } from './acls.ts'

export const removeCommand = (): Command =>
  withConfirmation(withResources(withOutput(withCluster(new Command('remove')))))
    .option('--principal <PRINCIPAL>', 'User:NAME', principalOf)
    .addOption(operationOption())
    .addHelpText('after', '\nExample:\n  tidemark acl remove --principal User:app --topic orders --yes')
    .action(remove)

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
    if (!(await confirmed(`remove ${counted(found.length, 'ACL')}?`, options))) return
    for (const filter of filters) await acls.delete(filter)
    say(`removed ${counted(found.length, 'ACL')}`)
  })
}
