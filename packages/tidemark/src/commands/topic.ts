import { createAdmin } from '@tidemark/client'
import { Command } from 'commander'
import { type ClusterOptions, connected, type OutputOptions, wholeNumber, withCluster, withOutput } from '../connection.ts'
import { printRows, say } from '../print/print.ts'

export function topicCommand(): Command {
  const topic = new Command('topic').description('Topics: list them, create one.')
  topic.addCommand(
    withOutput(withCluster(new Command('list')))
      .description('Lists the topics.')
      .option('--internal', "also those of the broker's own")
      .action(list),
  )
  topic.addCommand(
    withCluster(new Command('create'))
      .description('Creates a topic.')
      .argument('<TOPIC>')
      .option('-p, --partitions <N>', 'how many partitions', wholeNumber('--partitions', 1), 1)
      .option(
        '-r, --replication-factor <N>',
        "how many replicas; the broker's default unless given",
        wholeNumber('--replication-factor', 1),
      )
      .action(create),
  )
  return topic
}

async function list(options: ClusterOptions & OutputOptions & { internal?: boolean }): Promise<void> {
  await connected(options, async (kafka) => {
    const topics = await createAdmin(kafka).topics.list()
    const rows = topics
      .filter((t) => options.internal || !t.internal)
      .map((t) => ({ topic: t.name, partitions: t.partitions.length }))
      .sort((a, b) => (a.topic < b.topic ? -1 : 1))
    if (rows.length === 0 && options.output === 'table') return say('no topics yet; create one with: tidemark topic create NAME')
    printRows(rows, { topic: 'TOPIC', partitions: 'PARTITIONS' }, options.output)
  })
}

async function create(name: string, options: ClusterOptions & { partitions: number; replicationFactor?: number }): Promise<void> {
  await connected(options, async (kafka) => {
    const { partitions, replicationFactor } = options
    await createAdmin(kafka).topics.create(name, { partitions, ...(replicationFactor !== undefined && { replicationFactor }) })
    say(`created ${name} with ${partitions} ${partitions === 1 ? 'partition' : 'partitions'}`)
  })
}
