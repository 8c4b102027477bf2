/** `config list | describe`. */
import { createAdmin } from '@tidemark/client'
import { Command, Option } from 'commander'
import { type ClusterOptions, connected, type OutputOptions, withCluster, withOutput } from '../../connection.ts'
import { printRows, say } from '../../print/print.ts'
import { KINDS, type Kind, resourceOf } from './resource.ts'

export const listCommand = (): Command =>
  withOutput(withCluster(new Command('list')))
    .addOption(new Option('--kind <KIND>', 'one kind of resource').choices(Object.keys(KINDS)))
    .action(list)

export const describeCommand = (): Command =>
  withOutput(withCluster(new Command('describe')))
    .argument('<RESOURCE>', 'KIND:NAME, such as topic:orders or broker:1')
    .option('--all', 'also what has its default')
    .addHelpText('after', '\nExamples:\n  tidemark config describe topic:orders\n  tidemark config describe broker:1 --all')
    .action(describe)

async function list(options: ClusterOptions & OutputOptions & { kind?: Kind }): Promise<void> {
  await connected(options, async ({ kafka }) => {
    const found = await createAdmin(kafka).configs.list(options.kind === undefined ? undefined : [KINDS[options.kind]])
    const rows = found.map(({ type, name }) => ({ kind: Object.entries(KINDS).find(([, it]) => it === type)?.[0] ?? type, name }))
    await printRows(rows, { kind: 'KIND', name: 'NAME' }, options.output)
  })
}

async function describe(text: string, options: ClusterOptions & OutputOptions & { all?: boolean }): Promise<void> {
  const resource = resourceOf(text)
  await connected(options, async ({ kafka }) => {
    const configs = await createAdmin(kafka).configs.describe(resource)
    const shown = configs.filter(({ isDefault }) => options.all || !isDefault)
    if (shown.length === 0 && options.output === 'table') return say(`${text} has no configuration of its own; --all shows the defaults`)
    await printRows(
      shown.map(({ name, value, source }) => ({ name, value, source })),
      { name: 'CONFIG', value: 'VALUE', source: 'SOURCE' },
      options.output,
    )
  })
}
