import { createAdmin } from '@tidemark/client'
import { BookmarkStore, bookmarkGroup } from '@tidemark/offsets'
import { counted } from '@tidemark/platform'
import { Command } from 'commander'
import { type ClusterOptions, connected, type OutputOptions, withCluster, withOutput } from '../../connection.ts'
import { printRows, say } from '../../print/print.ts'
import { timeText } from '../../records/time.ts'

export function bookmarkCommand(): Command {
  const bookmark = new Command('bookmark')
  bookmark.addCommand(
    withCluster(new Command('set'))
      .description('Remembers where a group stands now. A bookmark of the same name is replaced.')
      .argument('<GROUP>')
      .argument('<NAME>')
      .addHelpText('after', HELP)
      .action(set),
  )
  bookmark.addCommand(
    withOutput(withCluster(new Command('list')))
      .description('Lists the bookmarks that are kept on this machine for the cluster.')
      .action(list),
  )
  bookmark.addCommand(
    withCluster(new Command('delete')).description('Forgets a bookmark.').argument('<GROUP>').argument('<NAME>').action(remove),
  )
  return bookmark
}

const HELP = `
Examples:
  tidemark offsets bookmark set billing before-deploy-412
  tidemark offsets move billing --to bookmark:before-deploy-412`

async function set(group: string, name: string, options: ClusterOptions): Promise<void> {
  await connected(options, async ({ kafka }) => {
    const { positions } = await bookmarkGroup(kafka, group, name)
    say(`bookmark ${name} has ${counted(positions.length, 'partition')} of group ${group}`)
  })
}

async function list(options: ClusterOptions & OutputOptions): Promise<void> {
  await connected(options, async ({ kafka }) => {
    const { clusterId } = await createAdmin(kafka).cluster.describe()
    const all = await new BookmarkStore().list((file, why) => say(`warning: ${file} is left out: ${why}`))
    const own = all.filter((it) => it.clusterId === clusterId)
    if (own.length === 0 && options.output === 'table') return say('no bookmarks are kept for this cluster')
    const rows = own.map(({ name, group, atMs, positions }) => ({
      name,
      group,
      // CSV is for programs, which take a time and not a sentence.
      time: options.output === 'table' ? timeText(new Date(atMs)) : new Date(atMs).toISOString(),
      partitions: positions.length,
    }))
    await printRows(rows, { name: 'NAME', group: 'GROUP', partitions: 'PARTITIONS', time: 'TIME' }, options.output, { data: own })
  })
}

async function remove(group: string, name: string, options: ClusterOptions): Promise<void> {
  await connected(options, async ({ kafka }) => {
    const { clusterId } = await createAdmin(kafka).cluster.describe()
    await new BookmarkStore().delete(clusterId, group, name)
    say(`deleted bookmark ${name} of group ${group}`)
  })
}
