/** The schema registry that a command decodes with: typed, of the environment, or of the cluster's profile. */
import { readClientProperties } from '@tidemark/client'
import type { SchemaRegistry, SchemaRegistryOptions } from '@tidemark/offsets'
import { TidemarkError } from '@tidemark/platform'
import type { Command } from 'commander'
import { type ClusterOptions, profileInUse, propertiesOf } from './connection.ts'
import { usage } from './exit.ts'
import { REGISTRY_USER_VARIABLE, REGISTRY_VARIABLE } from './variables.ts'

export interface RegistryFlags {
  /** False: --no-registry. */
  readonly registry?: string | false
}

export const withRegistry = (command: Command): Command =>
  command
    .option(
      '--registry <URL>',
      `schema registry that decodes Avro, Protobuf and JSON Schema (default: that of --command-config or --profile, ${REGISTRY_VARIABLE}, or that of the profile in use)`,
    )
    .option('--no-registry', 'decode nothing')

/** Undefined: none is named. Throws `TidemarkError` USAGE or INVALID_OPTION. */
export async function registryOf(options: ClusterOptions & RegistryFlags): Promise<SchemaRegistry | undefined> {
  const found = await settingsOf(options)
  if (found === undefined) return undefined
  // Loaded when it is needed: most commands decode nothing.
  const { createSchemaRegistry } = await import('@tidemark/offsets')
  return asNamed(found.by, 'url', () => createSchemaRegistry(found.settings))
}

/** The library names its own option: the user named the value by a flag, a variable, or in a file. */
export function asNamed<T>(by: string, option: string, act: () => T): T {
  try {
    return act()
  } catch (error) {
    if (!(error instanceof TidemarkError) || !error.message.startsWith(`option '${option}' `)) throw error
    throw new TidemarkError(error.code, error.message.replace(`option '${option}'`, by), { cause: error })
  }
}

interface FoundRegistry {
  readonly settings: SchemaRegistryOptions
  /** What named it. */
  readonly by: string
}

/**
 * As for brokers: what is typed comes before the environment, the environment before the profile in use. A URL says
 * where the registry is; how it is reached is said by the file or the profile that was named beside it.
 */
async function settingsOf({ registry, ...options }: ClusterOptions & RegistryFlags): Promise<FoundRegistry | undefined> {
  if (registry === false) return undefined
  if (registry !== undefined) return { settings: await settingsAt(registry, options), by: '--registry' }
  if (options.commandConfig !== undefined) {
    const { schemaRegistry } = readClientProperties(options.commandConfig)
    if (schemaRegistry !== undefined) return { settings: schemaRegistry, by: `schema.registry.url of ${options.commandConfig}` }
  }
  if (options.profile !== undefined) return ofProfile(options)
  const url = process.env[REGISTRY_VARIABLE]
  return url ? { settings: await settingsAt(url, options), by: REGISTRY_VARIABLE } : ofProfile(options)
}

async function settingsAt(url: string, options: ClusterOptions): Promise<SchemaRegistryOptions> {
  const { username, password, token, ...settings } = await propertiesAt(url, options)
  // A name in the URL is the whole of it.
  if (/^https?:\/\/[^/]*@/.test(url)) return settings
  if (token !== undefined) return { ...settings, token }
  return { ...settings, ...(username !== undefined ? { username, password: password ?? '' } : userOfEnvironment()) }
}

async function propertiesAt(url: string, options: ClusterOptions): Promise<SchemaRegistryOptions> {
  const at = { schemaRegistryUrl: url }
  if (options.commandConfig !== undefined) return readClientProperties(options.commandConfig, at).schemaRegistry!
  // The profile in use was not named: what it says is for its own registry.
  const named = options.profile === undefined ? undefined : await profileInUse(options)
  return named === undefined ? { url } : propertiesOf(named.profile, at).schemaRegistry!
}

async function ofProfile(options: ClusterOptions): Promise<FoundRegistry | undefined> {
  const { name, profile } = (await profileInUse(options)) ?? {}
  if (profile === undefined) return undefined
  const at = profile.schemaRegistry === undefined ? {} : { schemaRegistryUrl: profile.schemaRegistry }
  const { schemaRegistry } = propertiesOf(profile, at)
  return schemaRegistry && { settings: schemaRegistry, by: `the schema registry of profile '${name}'` }
}

/** An argument is seen by everyone on the machine: the password is better there. */
function userOfEnvironment(): { username: string; password: string } | undefined {
  const info = process.env[REGISTRY_USER_VARIABLE]
  if (!info) return undefined
  const colon = info.indexOf(':')
  if (colon <= 0) throw usage(`${REGISTRY_USER_VARIABLE} must be a name and a password, with a colon between them`)
  return { username: info.slice(0, colon), password: info.slice(colon + 1) }
}
