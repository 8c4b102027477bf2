/** `topic list | create`. */

import { createAdmin } from '@tidemark/client'
import { counted } from '@tidemark/platform'
import { Command } from 'commander'
import { type ClusterOptions, connected, connectedToChange, type OutputOptions, withCluster, withOutput } from '../../connection.ts'
import { printRows, say } from '../../print/print.ts'
import { INT16_MAX, INT32_MAX, wholeNumber } from '../../values.ts'
import { collect, valuesOf } from '../config-changes.ts'

export const listCommand = (): Command =>
  withOutput(withCluster(new Command('list')))
    .option('--internal', 'include the internal topics of the brokers')
    .action(list)

export const createCommand = (): Command =>
  withCluster(new Command('create'))
    .argument('<TOPIC>')
    .option('-p, --partitions <N>', 'number of partitions', wholeNumber('--partitions', 1, INT32_MAX), 1)
    .option(
      '-r, --replication-factor <N>',
      "number of replicas (default: the broker's default)",
      wholeNumber('--replication-factor', 1, INT16_MAX),
    )
    .option('-c, --config <NAME=VALUE>', 'a configuration of the topic; may be given more than once', collect)
    .addHelpText('after', CREATE_HELP)
    .action(create)

const CREATE_HELP = `
Examples:
  tidemark topic create orders --partitions 6
  tidemark topic create profiles -c cleanup.policy=compact -c retention.ms=86400000`

async function list(options: ClusterOptions & OutputOptions & { internal?: boolean }): Promise<void> {
  await connected(options, async ({ kafka }) => {
    const topics = await createAdmin(kafka).topics.list()
    const rows = topics
      .filter((t) => options.internal || !t.internal)
      .map((t) => ({ topic: t.name, partitions: t.partitions.length }))
      .sort((a, b) => (a.topic < b.topic ? -1 : 1))
    if (rows.length === 0 && options.output === 'table')
      return say('there are no topics, or none that you may see; create one with: tidemark topic create NAME')
    await printRows(rows, { topic: 'TOPIC', partitions: 'PARTITIONS' }, options.output)
  })
}

interface CreateOptions extends ClusterOptions {
  readonly partitions: number
  readonly replicationFactor?: number
  readonly config?: readonly string[]
}

async function create(name: string, { partitions, replicationFactor, config, ...options }: CreateOptions): Promise<void> {
  const configs = valuesOf(config)
  await connectedToChange(options, async ({ kafka }) => {
    await createAdmin(kafka).topics.create(name, { partitions, configs, ...(replicationFactor !== undefined && { replicationFactor }) })
    say(`created ${name} with ${counted(partitions, 'partition')}`)
  })
}
