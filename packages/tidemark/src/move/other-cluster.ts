/** The other cluster of commands that have two. */
import type { Command } from 'commander'
import type { ClusterOptions } from '../connection.ts'
import { usage } from '../exit.ts'

export interface OtherClusterOptions {
  readonly toBrokers?: string
  readonly toProfile?: string
  readonly toCommandConfig?: string
  readonly quiet?: boolean
}

export const withOtherCluster = (command: Command): Command =>
  command
    .option('--to-brokers <HOST:PORT,…>', 'the other cluster')
    .option('--to-profile <NAME>', 'the other cluster, by its name')
    .option('--to-command-config <FILE>', "the other cluster: Java's client.properties")

/** As the options of a command that has this cluster alone. Throws `TidemarkError` USAGE. */
export function otherCluster({ toBrokers, toProfile, toCommandConfig, quiet }: OtherClusterOptions): ClusterOptions {
  if (toBrokers === undefined && toProfile === undefined && toCommandConfig === undefined) {
    throw usage('name the other cluster: --to-brokers, --to-profile or --to-command-config')
  }
  if (toProfile !== undefined && toCommandConfig !== undefined) throw usage('--to-profile and --to-command-config exclude each other')
  return {
    ...(toBrokers !== undefined && { brokers: toBrokers }),
    ...(toProfile !== undefined && { profile: toProfile }),
    ...(toCommandConfig !== undefined && { commandConfig: toCommandConfig }),
    ...(quiet !== undefined && { quiet }),
  }
}

/** Without what names the first cluster. */
export function withoutCluster<T extends ClusterOptions>({ brokers: _brokers, profile: _profile, commandConfig: _file, ...rest }: T) {
  return rest
}
