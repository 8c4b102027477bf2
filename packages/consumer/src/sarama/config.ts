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
    /** `Consumer.Offsets.Initial`: `offsetNewest` unless given. */
    readonly initial?: InitialOffset
    readonly autoCommit?: {
      /** `Consumer.Offsets.AutoCommit.Enable`: true unless given. False: only `session.commit()` commits. */
      readonly enable?: boolean
      /** `Consumer.Offsets.AutoCommit.Interval`: 1,000 unless given. */
      readonly intervalMs?: number
    }
  }
  readonly group?: {
    /** `Consumer.Group.Rebalance.GroupStrategies`: 'range' unless given. */
    readonly strategy?: 'range' | 'roundrobin'
    /** `Consumer.Group.Rebalance.Timeout`: how long `consumeClaim` and `cleanup` may take to end. 60,000 unless given. */
    readonly rebalanceTimeoutMs?: number
    /** `Consumer.Group.Session.Timeout`: 10,000 unless given. */
    readonly sessionTimeoutMs?: number
    /** `Consumer.Group.Heartbeat.Interval`: 3,000 unless given. */
    readonly heartbeatIntervalMs?: number
    /** `Consumer.Group.InstanceId`: none unless given. */
    readonly instanceId?: string
  }
  /** `Consumer.IsolationLevel`: 'read_uncommitted' unless given. */
  readonly isolationLevel?: 'read_uncommitted' | 'read_committed'
  /**
   * How many messages of a claim may be handed out and not marked; then `messages()` waits for a mark, and `errors()`
   * says so. 100,000 unless given. Sarama has no such limit.
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
