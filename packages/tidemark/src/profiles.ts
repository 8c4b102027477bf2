/**
 * Clusters by name: `config.yaml` in the folder of the user's configuration. It may hold passwords, so that nobody
 * else may read it.
 *
 * ```yaml
 * current: staging
 * profiles:
 *   staging:
 *     brokers: [kafka-1:9092, kafka-2:9092]
 *     commandConfig: /home/me/staging.properties      # or properties, by Kafka's names:
 *     properties: { security.protocol: SASL_SSL }
 *     schemaRegistry: https://registry.example.org:8081
 *     protected: true                                 # or readOnly
 * ```
 */
import { chmodSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import path from 'node:path'
import { lockWithin, makeFolder, nodeClock, nodeDisk, TidemarkError } from '@tidemark/platform'

export interface Profile {
  readonly brokers: readonly string[]
  /** A file of Java's client properties. */
  readonly commandConfig?: string
  readonly properties?: Readonly<Record<string, string>>
  /** Where the schemas of keys and values are; before what the file or the properties say. */
  readonly schemaRegistry?: string
  /** What moves or deletes asks for the name of what it changes. */
  readonly protected?: boolean
  /** Commands that change anything are refused. */
  readonly readOnly?: boolean
}

export interface Profiles {
  readonly current?: string
  readonly profiles: Readonly<Record<string, Profile>>
}

export const NO_PROFILES: Profiles = { profiles: {} }

export function profilesFile(): string {
  const base = process.env.XDG_CONFIG_HOME || path.join(homedir(), '.config')
  return path.join(base, 'tidemark', 'config.yaml')
}

const invalid = (why: string): TidemarkError => new TidemarkError('INVALID_OPTION', `${profilesFile()} ${why}`)

/** YAML is a tenth of the start of a small command: it is loaded where there is a file of it. */
export async function readProfiles(): Promise<Profiles> {
  const file = profilesFile()
  if (!existsSync(file)) return NO_PROFILES
  const { parse } = await import('yaml')
  let found: unknown
  try {
    found = parse(readFileSync(file, 'utf8')) ?? {}
  } catch (cause) {
    throw invalid(`cannot be read: ${(cause as Error).message.split('\n')[0]}`)
  }
  // As no profiles it would be replaced by the next `profile add`.
  if (typeof found !== 'object' || Array.isArray(found)) throw invalid("must have 'profiles', by their names: mend it, or remove it")
  const { current, profiles = {} } = found as Partial<Profiles>
  if (typeof profiles !== 'object' || profiles === null) throw invalid("must have 'profiles', by their names")
  for (const [name, profile] of Object.entries(profiles)) {
    const { brokers } = (profile ?? {}) as Partial<Profile>
    if (!Array.isArray(brokers) || !brokers.every((broker) => typeof broker === 'string'))
      throw invalid(`has no brokers for profile '${name}'`)
  }
  return { ...(typeof current === 'string' && { current }), profiles }
}

/** How long another process may write. */
const LOCK_MAX_MS = 10_000

/**
 * Replaces the profiles by what `change` makes of those that are there. Processes that change them at once wait for one
 * another, so that none takes back what another did. Rejects with `TidemarkError` FOLDER_IN_USE.
 */
export async function changeProfiles(change: (known: Profiles) => Profiles): Promise<void> {
  const file = profilesFile()
  makeFolder(path.dirname(file), 0o700)
  const lock = await lockWithin(nodeClock, () => nodeDisk.lock(`${file}.lock`), LOCK_MAX_MS)
  if (lock === undefined) throw new TidemarkError('FOLDER_IN_USE', `${file} is being changed by another process: nothing was changed`)
  try {
    await writeProfiles(file, change(await readProfiles()))
  } finally {
    lock.release()
  }
}

/** Whole or not at all, and for nobody else to read. */
async function writeProfiles(file: string, profiles: Profiles): Promise<void> {
  const { stringify } = await import('yaml')
  const temporary = `${file}.new`
  writeFileSync(temporary, stringify(profiles), { mode: 0o600 })
  chmodSync(temporary, 0o600)
  renameSync(temporary, file)
}

/** Throws `TidemarkError` INVALID_OPTION for a name that no profile has. */
export function profileNamed(name: string, { profiles }: Profiles): Profile {
  const profile = Object.hasOwn(profiles, name) ? profiles[name] : undefined
  if (profile !== undefined) return profile
  const known = Object.keys(profiles)
  throw new TidemarkError(
    'INVALID_OPTION',
    `there is no profile '${name}'; ${known.length === 0 ? 'make one with: tidemark profile add' : `there are ${known.join(', ')}`}`,
  )
}
