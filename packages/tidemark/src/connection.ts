/**
 * What all commands that talk to a cluster have in common: its addresses, the output format, and closed connections at
 * the end.
 */
import {
  type ClientProperties,
  type ClientPropertiesOptions,
  clientProperties,
  createKafka,
  type Kafka,
  type KafkaOptions,
  readClientProperties,
} from '@tidemark/client'
import { TidemarkError } from '@tidemark/platform'
import { type Command, Option } from 'commander'
import { usage } from './exit.ts'
import { RetryLog } from './print/log.ts'
import { beQuiet, OUTPUTS, type Output, say } from './print/print.ts'
import { NO_PROFILES, type Profile, profileNamed, readProfiles } from './profiles.ts'
import { addressesOf } from './values.ts'

export interface ClusterOptions {
  readonly brokers?: string
  readonly commandConfig?: string
  readonly profile?: string
  readonly quiet?: boolean
}

export interface OutputOptions {
  readonly output: Output
}

export interface Connected {
  readonly kafka: Kafka
  /** Started by commands that go on while requests are tried again. */
  readonly log: RetryLog
}

export const BROKERS_DEFAULT = '127.0.0.1:9092'

export const withCluster = (command: Command): Command =>
  command
    .option(
      '-b, --brokers <HOST:PORT,…>',
      `brokers of the cluster, with no profile unless --profile names it (default: TIDEMARK_BROKERS, those of the profile in use, or ${BROKERS_DEFAULT})`,
    )
    .option('--command-config <FILE>', "Java's client.properties: TLS, SASL, time-outs")
    .option('--profile <NAME>', 'a cluster by its name: see tidemark profile (default: TIDEMARK_PROFILE, or the one in use)')
    .option('-q, --quiet', 'print nothing on stderr but errors')

export const withOutput = (command: Command): Command =>
  command.addOption(new Option('-o, --output <FORMAT>', 'output format').choices(OUTPUTS).default('table'))

/** Connects, acts, and closes, whatever happens. */
export async function connected<T>(options: ClusterOptions, act: (connected: Connected) => Promise<T>): Promise<T> {
  if (options.quiet) beQuiet()
  const log = new RetryLog()
  await using kafka = createKafka({
    clientId: 'tidemark-cli',
    connectTimeoutMs: 4_000,
    requestTimeoutMs: 10_000,
    ...(await clusterOf(options)),
    logger: log,
  })
  return await act({ kafka, log })
}

/** As `connected`, for what changes anything. Rejects with `TidemarkError` PROFILE_READ_ONLY. */
export async function connectedToChange<T>(options: ClusterOptions, act: (connected: Connected) => Promise<T>): Promise<T> {
  const { name, profile } = (await profileInUse(options)) ?? {}
  if (profile?.readOnly === true) {
    throw new TidemarkError('PROFILE_READ_ONLY', `profile '${name}' is read-only: nothing was changed; use another, with --profile`)
  }
  return connected(options, act)
}

/** The profile that a command connects with; undefined: with none. */
export async function profileInUse({
  brokers,
  commandConfig,
  profile,
}: ClusterOptions): Promise<{ name: string; profile: Profile } | undefined> {
  const { TIDEMARK_BROKERS, TIDEMARK_PROFILE } = process.env
  const isElsewhere = commandConfig !== undefined || brokers !== undefined
  const known = profile !== undefined || !isElsewhere ? await readProfiles() : NO_PROFILES
  const name = profile ?? (isElsewhere ? undefined : TIDEMARK_PROFILE || (TIDEMARK_BROKERS ? undefined : known.current))
  return name === undefined ? undefined : { name, profile: profileNamed(name, known) }
}

/**
 * What is typed comes before the environment, the environment before the profile in use. Credentials go to the cluster
 * that they belong to: brokers that are named, and a file, never meet a profile that was not named beside them.
 */
async function clusterOf({ brokers, commandConfig, profile }: ClusterOptions): Promise<KafkaOptions> {
  const { TIDEMARK_BROKERS: variable, TIDEMARK_PROFILE } = process.env
  const typed = brokers === undefined ? {} : { brokers: addressesOf(brokers) }
  const fromEnvironment = variable ? { brokers: addressesOf(variable) } : {}
  if (commandConfig !== undefined) {
    if (profile !== undefined) throw usage('--command-config and --profile exclude each other')
    const { options, ignored } = readClientProperties(commandConfig)
    // A misspelt `security.protocol` must not be plain text without a word.
    const unused = ignored.filter((key) => /^(?:sasl|ssl|security)\./.test(key))
    if (unused.length > 0) say(`warning: ${commandConfig}: nothing is done with ${unused.join(', ')}: see security.protocol`)
    return { brokers: [BROKERS_DEFAULT], ...fromEnvironment, ...options, ...typed }
  }
  if (profile !== undefined) return { brokers: [BROKERS_DEFAULT], ...(await profileOptions(profile)), ...typed }
  if (brokers !== undefined) return { brokers: addressesOf(brokers) }
  if (TIDEMARK_PROFILE) return { brokers: [BROKERS_DEFAULT], ...(await profileOptions(TIDEMARK_PROFILE)), ...fromEnvironment }
  return { brokers: [BROKERS_DEFAULT], ...(variable ? fromEnvironment : await profileOptions(undefined)) }
}

/** What a profile's file or its properties say, by Kafka's names. */
export function propertiesOf({ commandConfig, properties }: Profile, options: ClientPropertiesOptions = {}): ClientProperties {
  return commandConfig === undefined ? clientProperties(propertiesText(properties), options) : readClientProperties(commandConfig, options)
}

/** Of the profile of this name, or of the one in use. */
async function profileOptions(name: string | undefined): Promise<Partial<KafkaOptions>> {
  const known = await readProfiles()
  const wanted = name ?? known.current
  if (wanted === undefined) return {}
  const profile = profileNamed(wanted, known)
  return { ...propertiesOf(profile).options, brokers: profile.brokers }
}

const propertiesText = (properties: Readonly<Record<string, string>> = {}): string =>
  Object.entries(properties)
    .map(([key, value]) => `${key}=${value.replaceAll('\\', '\\\\')}`)
    .join('\n')
