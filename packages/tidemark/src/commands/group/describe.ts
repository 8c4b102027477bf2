import { groupPositions } from '@tidemark/offsets'
import { counted } from '@tidemark/platform'
import { Command } from 'commander'
import { type ClusterOptions, connected, type OutputOptions, withCluster, withOutput } from '../../connection.ts'
import { POSITION_FIELDS, positionColumns, positionRows } from '../../print/group-table.ts'
import { printRows, say } from '../../print/print.ts'

export const describeCommand = (): Command =>
  withOutput(withCluster(new Command('describe')))
    .argument('<GROUP>')
    .addHelpText('after', HELP)
    .action(describe)

const HELP = `
LAG counts the offsets from the committed one to the end of the log, of those that
are still in the log; '-' where nothing is committed. DONE ABOVE counts records
above the committed offset that are finished already: consumers of Tidemark note
them in their commits and do not handle them again. OPEN is the lag without them.
A group whose name begins with '-' is named after '--'.

Examples:
  tidemark group describe billing
  tidemark group describe billing -o json
  tidemark group describe -- -x`

async function describe(name: string, options: ClusterOptions & OutputOptions): Promise<void> {
  await connected(options, async ({ kafka }) => {
    const found = await groupPositions(kafka, name)
    const { state, kind, members, positions } = found
    say(`group ${name}: ${state}, ${kind}, ${counted(members.length, 'member')}`)
    await printRows(positionRows(positions, members), positionColumns(positions), options.output, { data: found, fields: POSITION_FIELDS })
  })
}
