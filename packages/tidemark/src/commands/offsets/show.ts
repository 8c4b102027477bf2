import { groupPositions } from '@tidemark/offsets'
import { Command } from 'commander'
import { type ClusterOptions, connected, type OutputOptions, withCluster, withOutput } from '../../connection.ts'
import { columnsFor, doneAhead, rowOf } from '../../print/group-table.ts'
import { printJson, printRows } from '../../print/print.ts'

export function showCommand(): Command {
  return withOutput(withCluster(new Command('show')))
    .description('Shows what a group has committed, partition by partition.')
    .argument('<GROUP>')
    .addHelpText('after', '\nExample:\n  tidemark offsets show billing')
    .action(show)
}

async function show(group: string, options: ClusterOptions & OutputOptions): Promise<void> {
  await connected(options, async ({ kafka }) => {
    const { members, positions } = await groupPositions(kafka, group)
    const rows = positions.map((p) => ({ ...p, doneAhead: doneAhead(p) }))
    if (options.output === 'json') return printJson(rows)
    await printRows(
      rows.map((position) => rowOf(position, members)),
      columnsFor(rows),
      'table',
    )
  })
}
