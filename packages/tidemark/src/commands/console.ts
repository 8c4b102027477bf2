import type { Console } from '@tidemark/console'
import { secretBytes } from '@tidemark/platform'
import { type Command as Built, Command } from 'commander'
import { addressOf, type ClusterOptions, connected, withCluster } from '../connection.ts'
import { usage } from '../exit.ts'
import { interrupts } from '../interrupts.ts'
import { write } from '../print/output.ts'
import { say } from '../print/print.ts'

export interface ConsoleFlags {
  readonly token?: string
  readonly allowHost?: readonly string[]
  readonly readOnly?: boolean
}

interface Options extends ClusterOptions, ConsoleFlags {
  readonly listen: string
}

export const CONSOLE_TOKEN_VARIABLE = 'TIDEMARK_CONSOLE_TOKEN'
const TOKEN_BYTES = 18

export function consoleCommand(): Built {
  return withConsole(withCluster(new Command('console')))
    .description('Serves the console: groups, moves, topics and the cluster in a browser.')
    .option('--listen <HOST:PORT>', 'address to listen on; port 0 takes a free one', '127.0.0.1:8080')
    .addHelpText('after', HELP)
    .action(run)
}

export const withConsole = (command: Built): Built =>
  command
    .option('--token <TOKEN>', `what a browser has to present (default: ${CONSOLE_TOKEN_VARIABLE}; on other addresses than loopback, a new one)`)
    .option('--allow-host <NAME…>', 'names under which a browser may reach the console, besides addresses and localhost')
    .option('--read-only', 'nothing can be moved in the console')

const HELP = `
The address to open is the one line on stdout, with the token if there is one.
An argument is seen by everyone on the machine: give a token that is to last in
the environment, as ${CONSOLE_TOKEN_VARIABLE}. Without TLS a token can be read on
the way: on a network, put a proxy with TLS before the console.

Examples:
  tidemark console
  tidemark console -b kafka.example.org:9092 --read-only
  tidemark console --listen 0.0.0.0:8080 --allow-host kafka.example.org`

async function run(options: Options): Promise<void> {
  const { signal } = interrupts({ isUsualEnd: true })
  await connected(options, async ({ kafka, log }) => {
    log.begin?.()
    await using console = await openConsole(kafka, options.listen, options)
    say('Ctrl-C ends the console')
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
    void console
  })
}
