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

/** As for brokers: what is typed comes before the environment, the environment before the profile in use. */
async function settingsOf({ registry, ...options }: ClusterOptions & RegistryFlags): Promise<FoundRegistry | undefined> {
  if (registry === false) return undefined
  if (registry !== undefined) return { settings: { url: registry, ...userOfEnvironment(registry) }, by: '--registry' }
  if (options.commandConfig !== undefined) {
    const { schemaRegistry } = readClientProperties(options.commandConfig)
    if (schemaRegistry !== undefined) return { settings: schemaRegistry, by: `schema.registry.url of ${options.commandConfig}` }
  }
  if (options.profile !== undefined) return ofProfile(options)
  const url = process.env[REGISTRY_VARIABLE]
  return url ? { settings: { url, ...userOfEnvironment(url) }, by: REGISTRY_VARIABLE } : ofProfile(options)
}

async function ofProfile(options: ClusterOptions): Promise<FoundRegistry | undefined> {
  const { name, profile } = (await profileInUse(options)) ?? {}
  if (profile === undefined) return undefined
  const by = `the schema registry of profile '${name}'`
  const { schemaRegistry } = propertiesOf(profile)
  if (profile.schemaRegistry === undefined) return schemaRegistry && { settings: schemaRegistry, by }
  return { settings: { ...schemaRegistry, url: profile.schemaRegistry }, by }
}

/**
 * An argument is seen by everyone on the machine: the password is better there. A name in the URL is the whole of it.
 */
function userOfEnvironment(url: string): { username: string; password: string } | undefined {
  const info = process.env[REGISTRY_USER_VARIABLE]
  if (!info || /^https?:\/\/[^/]*@/.test(url)) return undefined
  const colon = info.indexOf(':')
  if (colon <= 0) throw usage(`${REGISTRY_USER_VARIABLE} must be a name and a password, with a colon between them`)
  return { username: info.slice(0, colon), password: info.slice(colon + 1) }
}
