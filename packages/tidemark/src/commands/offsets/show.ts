import { groupPositions } from '@tidemark/offsets'
import { Command } from 'commander'
import { type ClusterOptions, connected, type OutputOptions, withCluster, withOutput } from '../../connection.ts'
import { POSITION_FIELDS, positionColumns, positionRows } from '../../print/group-table.ts'
import { printRows } from '../../print/print.ts'

export function showCommand(): Command {
  return withOutput(withCluster(new Command('show')))
    .description('Shows what a group has committed, partition by partition.')
    .argument('<GROUP>')
    .addHelpText('after', HELP)
    .action(show)
}

const HELP = `
Each row has what was committed: the offset, the leader epoch (-1: the client did not
say) and the metadata, as it is.

Examples:
  tidemark offsets show billing
  tidemark offsets show billing -o csv`

async function show(group: string, options: ClusterOptions & OutputOptions): Promise<void> {
  await connected(options, async ({ kafka }) => {
    const { members, positions } = await groupPositions(kafka, group)
    const columns = { ...positionColumns(positions), leaderEpoch: 'EPOCH', metadata: 'METADATA' }
    await printRows(positionRows(positions, members), columns, options.output, { data: positions, fields: POSITION_FIELDS })
  })
}
