import { groupPositions, listGroups, planMove } from '@tidemark/offsets'
import { Command } from 'commander'
import { type ClusterOptions, connected, connectedToChange, type OutputOptions, withCluster, withOutput } from '../connection.ts'
import { type MoveOptions, withMove } from '../move/apply-options.ts'
import { perform } from '../move/perform.ts'
import { NO_GROUPS, POSITION_FIELDS, positionColumns, positionRows } from '../print/group-table.ts'
import { counted, printRows, say } from '../print/print.ts'

export function groupCommand(): Command {
  const group = new Command('group')
  group.addCommand(
    withOutput(withCluster(new Command('list')))
      .description('Lists the groups of the cluster.')
      .action(list),
  )
  group.addCommand(
    withOutput(withCluster(new Command('describe')))
      .description('Shows the committed offset, the lag and the owner of each partition of a group.')
      .argument('<GROUP>')
      .addHelpText('after', DESCRIBE_HELP)
      .action(describe),
  )
  group.addCommand(
    withMove(new Command('delete'))
      .description('Deletes a group without members, with all that it has committed. offsets undo brings it back.')
      .argument('<GROUP>')
      .addHelpText('after', '\nExample:\n  tidemark group delete billing --yes')
      .action(remove),
  )
  return group
}

const DESCRIBE_HELP = `
LAG counts the offsets from the committed one to the end of the log, of those that
are still in the log; '-' where nothing is committed. DONE ABOVE counts records
above the committed offset that are finished already: consumers of Tidemark note
them in their commits and do not handle them again. OPEN is the lag without them.
A group whose name begins with '-' is named after '--'.

Examples:
  tidemark group describe billing
  tidemark group describe billing -o json
  tidemark group describe -- -x`

async function list(options: ClusterOptions & OutputOptions): Promise<void> {
  await connected(options, async ({ kafka }) => {
    const rows = (await listGroups(kafka)).map((it) => ({ ...it }))
    if (rows.length === 0 && options.output === 'table') {
      return say(NO_GROUPS)
    }
    const fields = ['group', 'kind', 'state', 'protocolType', 'coordinator']
    await printRows(rows, { group: 'GROUP', state: 'STATE', kind: 'KIND' }, options.output, { fields })
  })
}

async function remove(group: string, options: MoveOptions): Promise<void> {
  const connect = options.dryRun ? connected : connectedToChange
  await connect(options, async ({ kafka }) => {
    const plan = await planMove(kafka, { group, scope: 'all', target: { kind: 'delete', group: true } })
    const record = await perform(kafka, plan, `delete group ${group}?`, options)
    if (record !== undefined) say(`deleted group ${group}`)
  })
}

async function describe(name: string, options: ClusterOptions & OutputOptions): Promise<void> {
  await connected(options, async ({ kafka }) => {
    const found = await groupPositions(kafka, name)
    const { state, kind, members, positions } = found
    say(`group ${name}: ${state}, ${kind}, ${counted('member', members.length)}`)
    await printRows(positionRows(positions, members), positionColumns(positions), options.output, { data: found, fields: POSITION_FIELDS })
  })
}
