import { createAdmin } from '@tidemark/client'
import { Command } from 'commander'
import { type ClusterOptions, connected, type OutputOptions, withCluster, withOutput } from '../../connection.ts'
import { printRows, say } from '../../print/print.ts'
import { principalOf } from '../principals.ts'
import { COLUMNS, filtersOf, type ResourceOptions, rowsOf, withResources } from './acls.ts'

export const listCommand = (): Command =>
  withResources(withOutput(withCluster(new Command('list'))))
    .option('--principal <PRINCIPAL>', 'User:NAME', principalOf)
    .action(list)

async function list(options: ClusterOptions & OutputOptions & ResourceOptions & { principal?: string }): Promise<void> {
  await connected(options, async ({ kafka }) => {
    const { acls } = createAdmin(kafka)
    const found = (await Promise.all(filtersOf(options, 'match').map((filter) => acls.list(filter)))).flat()
    if (found.length === 0 && options.output === 'table') return say('there are no such ACLs')
    await printRows(rowsOf(found), COLUMNS, options.output)
  })
}
