import { createAdmin } from '@tidemark/client'
import { Command } from 'commander'
import { type ClusterOptions, connected, type OutputOptions, withCluster, withOutput } from '../../connection.ts'
import { printRows, say } from '../../print/print.ts'

export const listCommand = (): Command => withOutput(withCluster(new Command('list'))).action(list)

async function list(options: ClusterOptions & OutputOptions): Promise<void> {
  await connected(options, async ({ kafka }) => {
    const users = await createAdmin(kafka).users.list()
    const rows = users.flatMap(({ name, credentials }) =>
      credentials.map(({ mechanism, iterations }) => ({ user: name, mechanism, iterations })),
    )
    if (rows.length === 0 && options.output === 'table') return say('there are no users of SCRAM')
    await printRows(rows, { user: 'USER', mechanism: 'MECHANISM', iterations: 'ITERATIONS' }, options.output)
  })
}
