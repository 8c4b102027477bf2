import { createAdmin } from '@tidemark/client'
import { groupPositions } from '@tidemark/offsets'
import { Command } from 'commander'
import { type ClusterOptions, connected, type OutputOptions, withCluster, withOutput } from '../connection.ts'
import { printJson, printRows, say } from '../print/print.ts'

export function groupCommand(): Command {
  const group = new Command('group').description('Consumer groups: list them, see where one stands.')
  group.addCommand(
    withOutput(withCluster(new Command('list')))
      .description('Lists the groups.')
      .action(list),
  )
  group.addCommand(
    withOutput(withCluster(new Command('describe')))
      .description('Shows where a group stands: committed offset, end, lag and owner by partition.')
      .argument('<GROUP>')
      .action(describe),
  )
  return group
}

async function list(options: ClusterOptions & OutputOptions): Promise<void> {
  await connected(options, async (kafka) => {
    const groups = await createAdmin(kafka).groups.list()
    const rows = groups.map((g) => ({ group: g.groupId, state: g.state, type: g.type }))
    rows.sort((a, b) => (a.group < b.group ? -1 : 1))
    if (rows.length === 0 && options.output === 'table')
      return say('no groups yet; consume in one with: tidemark consume TOPIC --group NAME')
    printRows(rows, { group: 'GROUP', state: 'STATE', type: 'TYPE' }, options.output)
  })
}

async function describe(name: string, options: ClusterOptions & OutputOptions): Promise<void> {
  await connected(options, async (kafka) => {
    const { state, members, positions } = await groupPositions(kafka, name)
    if (options.output === 'json') return printJson({ group: name, state, members, positions })
    say(`group ${name}: ${state}, ${members.length} ${members.length === 1 ? 'member' : 'members'}`)
    const rows = positions.map((p) => ({ ...p, owner: p.owner?.memberId, error: p.error?.code }))
    const columns = { topic: 'TOPIC', partition: 'PARTITION', committed: 'COMMITTED', end: 'END', lag: 'LAG', owner: 'OWNER' }
    printRows(rows, columns, 'table')
  })
}
