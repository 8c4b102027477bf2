/** What a replay is asked for, and what it tells at its end. */
import type { Bytes, Isolation, ReceivedMessage } from '@tidemark/client'
import {
  checkFunction,
  checkOptions,
  checkSignal,
  describe,
  flagOption,
  type OptionNames,
  TidemarkError,
  wordOption,
} from '@tidemark/platform'

export interface ReplayOptions {
  /**
   * Where to begin: the beginning of the log, the first record at or after a Date, an offset for all partitions, or one
   * for each partition that is to be read. Default: `'earliest'`.
   */
  readonly from?: 'earliest' | Date | number | Readonly<Record<number, number>>
  /**
   * Where to stop, exclusive. `'committed'` is what the group has on record, so that live work and the replay never
   * handle the same record at the same time; `'end'` the end of the log as it is when the replay begins. Default:
   * `'committed'`.
   */
  readonly to?: 'committed' | 'end' | Date | number | Readonly<Record<number, number>>
  /** Only records with one of these keys. Text is UTF-8. */
  readonly keys?: readonly Bytes[]
  /** Only records for which this returns true; it is given the bytes. */
  readonly filter?: (message: ReceivedMessage) => boolean
  /** Counts what would be handled, and handles nothing. Default: false. */
  readonly dryRun?: boolean
  /**
   * Whether records of transactions that are not committed are handled. Kafka: `isolation.level`. Default: that of the
   * consumer.
   */
  readonly isolation?: Isolation
  /** Starts nothing more; what runs may finish; then the replay rejects with ABORTED. */
  readonly signal?: AbortSignal
}

export interface ReplayResult {
  readonly dryRun: boolean
  /** Records in the range. */
  readonly records: number
  /** Those with one of the keys, that the filter let through. */
  readonly matched: number
  /** Those whose handler succeeded. */
  readonly handled: number
  /** Those that counted as done without that: `context.skip()`, exhausted and skipped, or a dead letter. */
  readonly skipped: number
  /** By number; partitions without a record in the range are left out. */
  readonly partitions: readonly ReplayedPartition[]
}

export interface ReplayedPartition {
  readonly partition: number
  readonly records: number
  readonly matched: number
  /** Of those that matched. */
  readonly firstOffset: number | undefined
  readonly lastOffset: number | undefined
  readonly firstTimestampMs: number | undefined
  readonly lastTimestampMs: number | undefined
}

export const REPLAY_OPTIONS: OptionNames<ReplayOptions> = {
  from: true,
  to: true,
  keys: true,
  filter: true,
  dryRun: true,
  isolation: true,
  signal: true,
}

export interface ResolvedReplay {
  readonly from: NonNullable<ReplayOptions['from']>
  readonly to: NonNullable<ReplayOptions['to']>
  readonly isolation: Isolation
  readonly dryRun: boolean
  readonly signal: AbortSignal | undefined
  wants(message: ReceivedMessage): boolean
}

/** Throws `TidemarkError` INVALID_OPTION. The places are checked when they are read. */
export function resolveReplay(options: ReplayOptions, isolation: Isolation): ResolvedReplay {
  checkOptions<ReplayOptions>('replay()', options, REPLAY_OPTIONS)
  const { from = 'earliest', to = 'committed', filter } = options
  if (typeof from === 'string') wordOption('from', from, ['earliest'])
  if (typeof to === 'string') wordOption('to', to, ['committed', 'end'])
  if (filter !== undefined) checkFunction("option 'filter'", filter)
  const keys = keysOption(options.keys)
  return {
    from,
    to,
    isolation: wordOption('isolation', options.isolation ?? isolation, ['read_committed', 'read_uncommitted']),
    dryRun: flagOption('dryRun', options.dryRun ?? false),
    signal: checkSignal(options.signal),
    wants(message) {
      if (keys !== undefined && (message.key === null || !keys.has(message.key.toString('latin1')))) return false
      return filter === undefined || verdictOf(filter(message))
    },
  }
}

/** A promise is always something: a filter that is asynchronous would choose nothing. */
function verdictOf(verdict: unknown): boolean {
  if (typeof verdict === 'boolean') return verdict
  const kind = typeof (verdict as PromiseLike<unknown> | null | undefined)?.then === 'function' ? 'a promise' : describe(verdict)
  throw new TidemarkError('INVALID_ARGUMENT', `option 'filter' of replay() returned ${kind}; it must return true or false, at once`)
}

/** Keys are compared by content: latin1 spells every byte sequence as one string. */
function keysOption(keys: unknown): ReadonlySet<string> | undefined {
  if (keys === undefined) return undefined
  const isKey = (key: unknown): key is Bytes => typeof key === 'string' || key instanceof Uint8Array
  if (Array.isArray(keys) && keys.every(isKey)) return new Set(keys.map((key) => Buffer.from(key as string).toString('latin1')))
  throw new TidemarkError('INVALID_OPTION', `option 'keys' is ${describe(keys)}; it must be an array of texts or Uint8Arrays`)
}
