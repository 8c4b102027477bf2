import { createAdmin } from '@tidemark/client'
import { Command, Option } from 'commander'
import { type ClusterOptions, connectedToChange, withCluster } from '../../connection.ts'
import { say } from '../../print/print.ts'
import { passwordOf, withPassword } from '../../secret.ts'
import { wholeNumber } from '../../values.ts'
import { MECHANISMS, type Mechanism } from './mechanisms.ts'

export const addCommand = (): Command =>
  withPassword(withCluster(new Command('add')))
    .argument('<USER>')
    .addOption(new Option('--mechanism <NAME>', 'SCRAM mechanism').choices(MECHANISMS).default('scram-sha-512'))
    .option('--iterations <N>', 'iterations of the hash', wholeNumber('--iterations', 4096, 16_384))
    .addHelpText('after', HELP)
    .action(add)

const HELP = `
The password is asked for at the terminal, read from stdin with --password-stdin, or
taken from TIDEMARK_PASSWORD.

Example:
  tidemark user add billing --password-stdin < secret`

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
