/**
 * What can be set, under the names that Go programs know; every default is Sarama's, except that marking out of order
 * loses nothing.
 */
import { checkOptions, countOption, durationOption, flagOption, type OptionNames, TidemarkError, wordOption } from '@tidemark/platform'
import type { ConsumerOptions } from '../options.ts'

/** Where to begin in a partition for which the group has no offset: at its end. Sarama's default. */
export const offsetNewest = -1
/** Where to begin in a partition for which the group has no offset: at its beginning. */
export const offsetOldest = -2

export type InitialOffset = typeof offsetNewest | typeof offsetOldest

export interface Config {
  readonly offsets?: {
    /** Sarama: `Consumer.Offsets.Initial`. Default: `offsetNewest`. */
    readonly initial?: InitialOffset
    readonly autoCommit?: {
      /** False: only `session.commit()` commits. Sarama: `Consumer.Offsets.AutoCommit.Enable`. Default: true. */
      readonly enable?: boolean
      /** Sarama: `Consumer.Offsets.AutoCommit.Interval`. Default: 1,000. */
      readonly intervalMs?: number
    }
  }
  readonly group?: {
    /** Sarama: `Consumer.Group.Rebalance.GroupStrategies`. Default: `'range'`. */
    readonly strategy?: 'range' | 'roundrobin'
    /**
     * How long `consumeClaim` and `cleanup` may take to end. Sarama: `Consumer.Group.Rebalance.Timeout`. Default:
     * 60,000.
     */
    readonly rebalanceTimeoutMs?: number
    /** Sarama: `Consumer.Group.Session.Timeout`. Default: 10,000. */
    readonly sessionTimeoutMs?: number
    /** Sarama: `Consumer.Group.Heartbeat.Interval`. Default: 3,000. */
    readonly heartbeatIntervalMs?: number
    /** Sarama: `Consumer.Group.InstanceId`. Default: none. */
    readonly instanceId?: string
  }
  /** Sarama: `Consumer.IsolationLevel`. Default: `'read_uncommitted'`. */
  readonly isolationLevel?: 'read_uncommitted' | 'read_committed'
  /**
   * How many messages of a claim may be handed out and not marked; then `messages()` waits for a mark, and `errors()`
   * says so. Sarama has no such limit. Default: 100,000.
   */
  readonly unmarkedMax?: number
}

type Of<K extends keyof Config> = NonNullable<Config[K]>
const NAMES: OptionNames<Config> = { offsets: true, group: true, isolationLevel: true, unmarkedMax: true }
const OFFSETS: OptionNames<Of<'offsets'>> = { initial: true, autoCommit: true }
const AUTO_COMMIT: OptionNames<NonNullable<Of<'offsets'>['autoCommit']>> = { enable: true, intervalMs: true }
const GROUP: OptionNames<Of<'group'>> = {
  strategy: true,
  rebalanceTimeoutMs: true,
  sessionTimeoutMs: true,
  heartbeatIntervalMs: true,
  instanceId: true,
}

export interface ResolvedConfig {
  readonly options: ConsumerOptions
  readonly unmarkedMax: number
}

/** Throws `TidemarkError` INVALID_OPTION. */
export function resolveConfig(groupId: string, config: Config): ResolvedConfig {
  checkOptions<Config>('newConsumerGroup()', config, NAMES)
  const { offsets = {}, group = {} } = config
  checkOptions<Of<'offsets'>>("the option 'offsets'", offsets, OFFSETS)
  checkOptions<Of<'group'>>("the option 'group'", group, GROUP)
  const { autoCommit = {}, initial = offsetNewest } = offsets
  checkOptions("the option 'offsets.autoCommit'", autoCommit, AUTO_COMMIT)
  if (initial !== offsetNewest && initial !== offsetOldest) {
    throw new TidemarkError('INVALID_OPTION', `option 'offsets.initial' is ${initial}; it must be offsetNewest or offsetOldest`)
  }
  const isAutomatic = flagOption('offsets.autoCommit.enable', autoCommit.enable ?? true)
  return {
    unmarkedMax: countOption('unmarkedMax', config.unmarkedMax ?? 100_000),
    options: {
      group: groupId,
      startFrom: initial === offsetNewest ? 'latest' : 'earliest',
      outOfRange: initial === offsetNewest ? 'latest' : 'earliest',
      isolation: wordOption('isolationLevel', config.isolationLevel ?? 'read_uncommitted', ['read_uncommitted', 'read_committed']),
      commit: {
        mode: isAutomatic ? 'processed' : 'manual',
        intervalMs: durationOption('offsets.autoCommit.intervalMs', autoCommit.intervalMs ?? 1_000),
      },
      assignors: [wordOption('group.strategy', group.strategy ?? 'range', ['range', 'roundrobin'])],
      rebalanceTimeoutMs: durationOption('group.rebalanceTimeoutMs', group.rebalanceTimeoutMs ?? 60_000),
      sessionTimeoutMs: durationOption('group.sessionTimeoutMs', group.sessionTimeoutMs ?? 10_000),
      heartbeatIntervalMs: durationOption('group.heartbeatIntervalMs', group.heartbeatIntervalMs ?? 3_000),
      ...(group.instanceId !== undefined && { instanceId: group.instanceId }),
    },
  }
}
