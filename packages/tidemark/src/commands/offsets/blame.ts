import { keyOf } from '@tidemark/client/internal'
import { type CommitEvent, commitHistory, groupPositions } from '@tidemark/offsets'
import { Command } from 'commander'
import { type ClusterOptions, connected, type OutputOptions, withCluster, withOutput } from '../../connection.ts'
import { EVENT_FIELDS, eventRow, whoText } from '../../history/lines.ts'
import { printRows } from '../../print/print.ts'

export function blameCommand(): Command {
  return withOutput(withCluster(new Command('blame')))
    .argument('<GROUP>')
    .addHelpText('after', '\nReads __consumer_offsets: see tidemark offsets log --help.\n\nExample:\n  tidemark offsets blame billing')
    .action(blame)
}

async function blame(group: string, options: ClusterOptions & OutputOptions): Promise<void> {
  await connected(options, async ({ kafka }) => {
    const { positions } = await groupPositions(kafka, group)
    const latest = new Map<string, CommitEvent>()
    for await (const event of commitHistory(kafka, { groups: [group] })) latest.set(keyOf(event), event)
    const events = positions.flatMap(({ topic, partition, committed }) => {
      const event = latest.get(keyOf({ topic, partition }))
      return committed === null || event === undefined ? [] : [event]
    })
    await printRows(
      events.map((event) => ({ ...eventRow(event), by: whoText(event) })),
      { topic: 'TOPIC', partition: 'PARTITION', to: 'COMMITTED', from: 'BEFORE', at: 'AT', by: 'BY' },
      options.output,
      { data: events, fields: EVENT_FIELDS },
    )
  })
}
