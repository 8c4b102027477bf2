import { createAdmin, TidemarkError } from '@tidemark/client'
import { Command, Option } from 'commander'
import { type ConfirmOptions, confirmed, withConfirmation } from '../../confirm.ts'
import { type ClusterOptions, connectedToChange, withCluster } from '../../connection.ts'
import { say } from '../../print/print.ts'
import { MECHANISMS, type Mechanism } from './mechanisms.ts'

export const removeCommand = (): Command =>
  withConfirmation(withCluster(new Command('remove')))
    .argument('<USER>')
    .addOption(new Option('--mechanism <NAME>', 'one mechanism (default: all that the user has)').choices(MECHANISMS))
    .action(remove)

async function remove(name: string, options: ClusterOptions & ConfirmOptions & { mechanism?: Mechanism }): Promise<void> {
  await connectedToChange(options, async ({ kafka }) => {
    const { users } = createAdmin(kafka)
    const { mechanism } = options
    const known = (await users.list()).find((user) => user.name === name)?.credentials.map((it) => it.mechanism) ?? []
    const gone = mechanism === undefined ? known : known.filter((it) => it === mechanism)
    if (gone.length === 0)
      throw new TidemarkError('RESOURCE_NOT_FOUND', `user ${name} has no credentials${mechanism === undefined ? '' : ` for ${mechanism}`}`)
    const left = known.filter((it) => !gone.includes(it))
    say(`user ${name}: ${gone.join(' and ')} will be removed${left.length === 0 ? '' : `; ${left.join(', ')} stays`}`)
    if (!(await confirmed(`remove ${gone.join(' and ')} of user ${name}?`, options, name))) return
    await users.remove(name, mechanism === undefined ? {} : { mechanism })
    say(`removed ${gone.join(' and ')} of user ${name}`)
  })
}
