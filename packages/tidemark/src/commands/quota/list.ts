import { createAdmin } from '@tidemark/client'
import { Command } from 'commander'
import { type ClusterOptions, connected, type OutputOptions, withCluster, withOutput } from '../../connection.ts'
import { printRows, say } from '../../print/print.ts'
import { COLUMNS, type EntityOptions, entityOf, limitsIn, rowOf, speaksOf, withEntity } from './entities.ts'

export const listCommand = (): Command =>
  withEntity(withOutput(withCluster(new Command('list'))))
    .addHelpText('after', HELP)
    .action(list)

const HELP = `
Examples:
  tidemark quota list
  tidemark quota list --user app -o json`

async function list(options: ClusterOptions & OutputOptions & EntityOptions): Promise<void> {
  const named = entityOf(options)
  await connected(options, async ({ kafka }) => {
    const quotas = await createAdmin(kafka).quotas.list()
    const limits = limitsIn(quotas.filter(({ entity }) => speaksOf(entity, named)))
    if (limits.length === 0 && options.output === 'table') return say('there are no such quotas')
    await printRows(limits.map(rowOf), COLUMNS, options.output, { data: limits })
  })
}
