import { listGroups } from '@tidemark/offsets'
import { Command } from 'commander'
import { type ClusterOptions, connected, type OutputOptions, withCluster, withOutput } from '../../connection.ts'
import { NO_GROUPS } from '../../print/group-table.ts'
import { printRows, say } from '../../print/print.ts'

export const listCommand = (): Command => withOutput(withCluster(new Command('list'))).action(list)

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
