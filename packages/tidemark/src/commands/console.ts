import type { Kafka } from '@tidemark/client'
import type { SchemaRegistry } from '@tidemark/offsets'
import { isLoopback, secretBytes } from '@tidemark/platform'
import { shellWord } from '@tidemark/platform/shell-word'
import { Command } from 'commander'
import { type ClusterOptions, connected, profileInUse, withCluster } from '../connection.ts'
import { interrupts } from '../interrupts.ts'
import { write } from '../print/output.ts'
import { say } from '../print/print.ts'
import { type RegistryFlags, registryOf, withRegistry } from '../registry.ts'
import { addressOf } from '../values.ts'
import { collect } from './config-changes.ts'

export interface ConsoleFlags {
  readonly token?: string
  readonly allowHost?: readonly string[]
  readonly readOnly?: boolean
  readonly isProtected?: boolean
  readonly clusterName?: string
  readonly commandFlags?: string
  readonly registry?: SchemaRegistry
  /** Also where other machines cannot reach the address. */
  readonly needsToken?: boolean
}

interface Options extends ClusterOptions, RegistryFlags, Omit<ConsoleFlags, 'registry' | 'needsToken'> {
  readonly listen: string
}

export const CONSOLE_TOKEN_VARIABLE = 'TIDEMARK_CONSOLE_TOKEN'
const TOKEN_BYTES = 18

export function consoleCommand(): Command {
  return withRegistry(withCluster(new Command('console')))
    .option('--listen <HOST:PORT>', 'address to listen on; port 0 takes a free one', '127.0.0.1:8080')
    .option(
      '--token <TOKEN>',
      `what a browser has to present (default: ${CONSOLE_TOKEN_VARIABLE}, or a new one where other machines can reach the address)`,
    )
    .option(
      '--allow-host <NAME>',
      'a name under which a browser may reach it, besides addresses and localhost; may be given more than once',
      collect,
    )
    .option('--read-only', 'nothing can be moved, as with a profile that is read-only')
    .addHelpText('after', HELP)
    .action(run)
}

const HELP = `
The address to open is the one line on stdout, with the token if there is one.
Everyone on the machine sees an argument: a token that is to last is better set in
the environment, as ${CONSOLE_TOKEN_VARIABLE}. Without TLS a token can be read on
the way: on a network, put a proxy with TLS before the console.

Examples:
  tidemark console
  tidemark console -b kafka.example.org:9092 --read-only
  tidemark console --registry http://127.0.0.1:8081
  tidemark console --listen 0.0.0.0:8080 --allow-host kafka.example.org`

async function run(options: Options): Promise<void> {
  const { signal } = interrupts({ isUsualEnd: true })
  const { name, profile } = (await profileInUse(options)) ?? {}
  const { registry: _, ...given } = options
  const registry = await registryOf(options)
  const flags = {
    ...given,
    readOnly: options.readOnly === true || profile?.readOnly === true,
    isProtected: profile?.protected === true,
    ...(name !== undefined && { clusterName: name, commandFlags: `--profile ${shellWord(name)}` }),
    ...(options.commandConfig !== undefined && { commandFlags: flagsOf(options.commandConfig, options.brokers) }),
    ...(registry !== undefined && { registry }),
  }
  await connected(options, async ({ kafka, log }) => {
    log.start()
    await using opened = await openConsole(kafka, options.listen, flags)
    await announceConsole(opened)
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
  })
}

/** The page shows commands, which reach the cluster only as this one does. */
const flagsOf = (file: string, brokers: string | undefined): string =>
  `${brokers === undefined ? '' : `-b ${shellWord(brokers)} `}--command-config ${shellWord(file)}`

export interface OpenConsole extends AsyncDisposable {
  /** With the token, where there is one. */
  readonly address: string
  close(): Promise<void>
}

export async function openConsole(kafka: Kafka, listenText: string, flags: ConsoleFlags): Promise<OpenConsole> {
  const { token: given, allowHost, readOnly = false, isProtected = false, clusterName, commandFlags, registry, needsToken = false } = flags
  const listen = addressOf(listenText)
  const token =
    given ??
    process.env[CONSOLE_TOKEN_VARIABLE] ??
    (isLoopback(listen.host) && !needsToken ? undefined : secretBytes(TOKEN_BYTES).toString('base64url'))
  // Loaded when it is needed: it is the largest part of the program.
  const { startConsole } = await import('@tidemark/console')
  const started = await startConsole(kafka, {
    listen,
    ...(token !== undefined && { token }),
    ...(allowHost !== undefined && { hosts: allowHost }),
    readOnly,
    protected: isProtected,
    ...(clusterName !== undefined && { clusterName }),
    ...(commandFlags !== undefined && { commandFlags }),
    ...(registry !== undefined && { registry }),
  })
  const address = token === undefined ? started.url : `${started.url}#token=${encodeURIComponent(token)}`
  return { address, close: started.close, [Symbol.asyncDispose]: started.close }
}

async function announceConsole({ address }: OpenConsole): Promise<void> {
  // The console runs on when the reader of its address has gone.
  await write(`${address}\n`).catch(() => {})
  say('open the address in a browser; Ctrl-C ends the console')
}
