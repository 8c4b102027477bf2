import type { Kafka } from '@tidemark/client'
import { handleOf } from '@tidemark/client/internal'
import type { SchemaRegistry } from '@tidemark/offsets'
import {
  checkFunction,
  checkOptions,
  countOption,
  describe,
  durationOption,
  flagOption,
  formatAddress,
  isLoopback,
  nameOption,
  type OptionNames,
  TidemarkError,
} from '@tidemark/platform'

export interface ConsoleOptions {
  /**
   * Where to listen; port 0 takes a free one. Other addresses than loopback need a token. Default: 127.0.0.1, port 0.
   */
  readonly listen?: { readonly host: string; readonly port: number }
  /** What a browser has to present, 16 characters or more. Default: none. */
  readonly token?: string
  /** Names under which a browser may reach the console, besides addresses and `localhost`. Default: none. */
  readonly hosts?: readonly string[]
  /** Pause between two samples of the groups that are looked at. Default: 2,000 ms. */
  readonly intervalMs?: number
  /** Live connections of all browsers together. Default: 64. */
  readonly viewersMax?: number
  /** Nothing can be moved. Default: false. */
  readonly readOnly?: boolean
  /** A plan is applied only with the name of its group typed beside it. Default: false. */
  readonly protected?: boolean
  /** Who moves offsets, for the record. Default: who is logged in. */
  readonly user?: string
  /** Where moves and bookmarks are kept. Default: the folder of the user's state, as for the command line. */
  readonly stateFolder?: string
  /** Decodes keys and values that name a schema: `createSchemaRegistry` of `@tidemark/offsets`. Default: none. */
  readonly registry?: SchemaRegistry
  /** The cluster as its people call it. Default: its addresses. */
  readonly clusterName?: string
  /**
   * What the commands that the page shows need to reach the cluster, such as `--profile prod`. Default: `-b` with its
   * addresses.
   */
  readonly commandFlags?: string
}

export interface ResolvedConsoleOptions extends Required<Omit<ConsoleOptions, 'token' | 'user' | 'stateFolder' | 'registry'>> {
  readonly token: string | undefined
  readonly user: string | undefined
  readonly stateFolder: string | undefined
  readonly registry: SchemaRegistry | undefined
}

const NAMES: OptionNames<ConsoleOptions> = {
  listen: true,
  token: true,
  hosts: true,
  intervalMs: true,
  viewersMax: true,
  readOnly: true,
  protected: true,
  user: true,
  stateFolder: true,
  registry: true,
  clusterName: true,
  commandFlags: true,
}

const TOKEN_LENGTH_MIN = 16
const PORT_MAX = 65_535

/** Throws `TidemarkError` INVALID_OPTION. */
export function resolveConsoleOptions(kafka: Kafka, options: ConsoleOptions): ResolvedConsoleOptions {
  checkOptions<ConsoleOptions>('startConsole()', options, NAMES)
  const listen = checkedListen(options.listen ?? { host: '127.0.0.1', port: 0 })
  const { token } = options
  if (token !== undefined && (typeof token !== 'string' || token.length < TOKEN_LENGTH_MIN)) {
    throw new TidemarkError('INVALID_OPTION', `option 'token' must be text of ${TOKEN_LENGTH_MIN} characters or more`)
  }
  if (token === undefined && !isLoopback(listen.host)) {
    throw new TidemarkError('INVALID_OPTION', `option 'token' is missing: ${listen.host} can be reached from other machines`)
  }
  const { registry } = options
  if (registry !== undefined) checkFunction("'decode' of option 'registry'", registry?.decode)
  const addresses = handleOf(kafka).options.brokers.map(formatAddress).join(',')
  return {
    listen,
    token,
    hosts: checkedHosts(options.hosts ?? []),
    intervalMs: durationOption('intervalMs', options.intervalMs ?? 2_000),
    viewersMax: countOption('viewersMax', options.viewersMax ?? 64, 1, 10_000),
    readOnly: flagOption('readOnly', options.readOnly ?? false),
    protected: flagOption('protected', options.protected ?? false),
    user: options.user === undefined ? undefined : nameOption('user', options.user),
    stateFolder: options.stateFolder === undefined ? undefined : nameOption('stateFolder', options.stateFolder),
    registry,
    clusterName: nameOption('clusterName', options.clusterName ?? addresses),
    commandFlags: nameOption('commandFlags', options.commandFlags ?? `-b ${addresses}`),
  }
}

function checkedListen(listen: unknown): { host: string; port: number } {
  checkOptions<{ host: string; port: number }>('listen', listen, { host: true, port: true })
  return { host: nameOption('listen.host', listen.host), port: countOption('listen.port', listen.port, 0, PORT_MAX) }
}

function checkedHosts(hosts: unknown): readonly string[] {
  if (!Array.isArray(hosts)) throw new TidemarkError('INVALID_OPTION', `option 'hosts' is ${describe(hosts)}; it must be an array of names`)
  return hosts.map((host, i) => nameOption(`hosts[${i}]`, host).toLowerCase())
}
