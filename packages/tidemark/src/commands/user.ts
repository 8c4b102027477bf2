import { createAdmin, TidemarkError } from '@tidemark/client'
import { Command, Option } from 'commander'
import { type ConfirmOptions, confirmed, withConfirmation } from '../confirm.ts'
import {
  type ClusterOptions,
  connected,
  connectedToChange,
  type OutputOptions,
  wholeNumber,
  withCluster,
  withOutput,
} from '../connection.ts'
import { printRows, say } from '../print/print.ts'
import { passwordOf, withPassword } from '../secret.ts'

const MECHANISMS = ['scram-sha-256', 'scram-sha-512'] as const
type Mechanism = (typeof MECHANISMS)[number]

export function userCommand(): Command {
  const user = new Command('user')
  user.addCommand(
    withOutput(withCluster(new Command('list')))
      .description('Lists the users that the cluster keeps for SCRAM; those that a broker was started with are not among them.')
      .action(list),
  )
  user.addCommand(
    withPassword(withCluster(new Command('add')))
      .description('Adds a user, or changes its password.')
      .argument('<USER>')
      .addOption(new Option('--mechanism <NAME>', 'SCRAM mechanism').choices(MECHANISMS).default('scram-sha-512'))
      .option('--iterations <N>', 'iterations of the hash', wholeNumber('--iterations', 4096, 16_384))
      .addHelpText('after', ADD_HELP)
      .action(add),
  )
  user.addCommand(
    withConfirmation(withCluster(new Command('remove')))
      .description('Removes a user. Connections that it has live on.')
      .argument('<USER>')
      .addOption(new Option('--mechanism <NAME>', 'one mechanism (default: all that the user has)').choices(MECHANISMS))
      .action(remove),
  )
  return user
}

const ADD_HELP = `
The password is asked for at the terminal, read from stdin with --password-stdin, or
taken from TIDEMARK_PASSWORD.

Example:
  tidemark user add billing --password-stdin < secret`

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

interface AddOptions extends ClusterOptions {
  readonly mechanism: Mechanism
  readonly iterations?: number
  readonly passwordStdin?: boolean
}

async function add(name: string, options: AddOptions): Promise<void> {
  const password = await passwordOf(`password of ${name}`, options)
  await connectedToChange(options, async ({ kafka }) => {
    const { mechanism, iterations } = options
    await createAdmin(kafka).users.setPassword(name, password, { mechanism, ...(iterations !== undefined && { iterations }) })
    say(`user ${name} can log in with ${mechanism}`)
  })
}

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
