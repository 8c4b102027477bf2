import { type ConfigResource, createAdmin } from '@tidemark/client'
import { Command, Option } from 'commander'
import { type ClusterOptions, connected, connectedToChange, type OutputOptions, withCluster, withOutput } from '../connection.ts'
import { usage } from '../exit.ts'
import { counted, printRows, say } from '../print/print.ts'
import { changesOf } from './config-changes.ts'

const KINDS = { topic: 'topic', broker: 'broker', logger: 'brokerLogger', group: 'group', metrics: 'clientMetrics' } as const
type Kind = keyof typeof KINDS

export function configCommand(): Command {
  const config = new Command('config')
  config.addCommand(
    withOutput(withCluster(new Command('list')))
      .description('Lists the resources that have configurations.')
      .addOption(new Option('--kind <KIND>', 'one kind of resource').choices(Object.keys(KINDS)))
      .action(list),
  )
  config.addCommand(
    withOutput(withCluster(new Command('describe')))
      .description(
        "Shows the configuration of a resource: its own values, or all of it. A broker is named by its id, all of them by 'all'.",
      )
      .argument('<RESOURCE>', 'KIND:NAME, such as topic:orders or broker:1')
      .option('--all', 'also what has its default')
      .addHelpText('after', '\nExamples:\n  tidemark config describe topic:orders\n  tidemark config describe broker:1 --all')
      .action(describe),
  )
  config.addCommand(
    withCluster(new Command('set'))
      .description('Sets configurations of a resource: NAME=VALUE, NAME+=ITEM, NAME-=ITEM.')
      .argument('<RESOURCE>', 'KIND:NAME')
      .argument('<CHANGE...>', 'NAME=VALUE')
      .addHelpText(
        'after',
        '\nExamples:\n  tidemark config set topic:orders retention.ms=86400000\n  tidemark config set broker:all message.max.bytes=2000000',
      )
      .action((resource: string, changes: string[], options: ClusterOptions) => alter(resource, changesOf(changes), options)),
  )
  config.addCommand(
    withCluster(new Command('unset'))
      .description('Puts configurations of a resource back to their defaults.')
      .argument('<RESOURCE>', 'KIND:NAME')
      .argument('<NAME...>')
      .action((resource: string, names: string[], options: ClusterOptions) => alter(resource, changesOf([], names), options)),
  )
  return config
}

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

async function alter(text: string, changes: ReturnType<typeof changesOf>, options: ClusterOptions): Promise<void> {
  const resource = resourceOf(text)
  await connectedToChange(options, async ({ kafka }) => {
    await createAdmin(kafka).configs.alter(resource, changes)
    say(`altered ${counted('configuration', Object.keys(changes).length)} of ${text}`)
  })
}

function resourceOf(text: string): ConfigResource {
  const [, kind, name] = /^(\w+):(.+)$/s.exec(text) ?? []
  if (kind === undefined || !Object.hasOwn(KINDS, kind))
    throw usage(`'${text}' is not a resource; write KIND:NAME, the kind being ${Object.keys(KINDS).join(', ')}`)
  return { type: KINDS[kind as Kind], name: kind === 'broker' && name === 'all' ? '' : name! }
}
