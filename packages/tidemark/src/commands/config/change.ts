/** `config set | unset`. */

import { createAdmin } from '@tidemark/client'
import { counted } from '@tidemark/platform'
import { Command } from 'commander'
import { type ClusterOptions, connectedToChange, withCluster } from '../../connection.ts'
import { say } from '../../print/print.ts'
import { changesOf } from '../config-changes.ts'
import { resourceOf } from './resource.ts'

export const setCommand = (): Command =>
  withCluster(new Command('set'))
    .argument('<RESOURCE>', 'KIND:NAME')
    .argument('<CHANGE...>', 'NAME=VALUE')
    .addHelpText(
      'after',
      '\nExamples:\n  tidemark config set topic:orders retention.ms=86400000\n  tidemark config set broker:all message.max.bytes=2000000',
    )
    .action((resource: string, changes: string[], options: ClusterOptions) => alter(resource, changesOf(changes), options))

export const unsetCommand = (): Command =>
  withCluster(new Command('unset'))
    .argument('<RESOURCE>', 'KIND:NAME')
    .argument('<NAME...>')
    .action((resource: string, names: string[], options: ClusterOptions) => alter(resource, changesOf([], names), options))

async function alter(text: string, changes: ReturnType<typeof changesOf>, options: ClusterOptions): Promise<void> {
  const resource = resourceOf(text)
  await connectedToChange(options, async ({ kafka }) => {
    await createAdmin(kafka).configs.alter(resource, changes)
    say(`altered ${counted(Object.keys(changes).length, 'configuration')} of ${text}`)
  })
}
