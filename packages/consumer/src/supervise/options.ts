/** What `supervise` takes. */
import type { Logger } from '@tidemark/client'
import { loggerOf } from '@tidemark/client/internal'
import {
  type Clock,
  checkOptions,
  countOption,
  delaysOption,
  describe,
  durationOption,
  flagOption,
  nodePlatform,
  type OptionNames,
  type Random,
  TidemarkError,
} from '@tidemark/platform'
import type { RestartPolicy } from './policy.ts'

export interface SuperviseOptions {
  /**
   * The pause before the first restart; it doubles with each failure within the window, with jitter. Default: 1,000.
   */
  readonly delayMs?: number
  /** The longest pause. Default: 60,000. */
  readonly delayMaxMs?: number
  /** So many failures within `windowMs` end it. Default: 10. */
  readonly failuresMax?: number
  /** For how long a failure counts. Default: 600,000. */
  readonly windowMs?: number
  /** Stop cleanly on SIGTERM and SIGINT; a second one ends the process, as without it. Default: false. */
  readonly signals?: boolean
  /**
   * A partition that has work and makes no progress for so long counts as stuck; set it longer than any call of a
   * handler may take. Infinity: never. Default: 300,000.
   */
  readonly stuckAfterMs?: number
  /**
   * Whether a consumer with a stuck partition is closed and started again; that counts as a failure. Default: false.
   */
  readonly restartStuck?: boolean
  /** How long `make` may take. Default: 60,000. */
  readonly makeTimeoutMs?: number
  /** Where failures are reported. Default: a line on stderr. */
  readonly logger?: Logger
  /** Time and chance. Default: the machine's. */
  readonly platform?: { readonly clock: Clock; readonly random: Random }
}

export interface ResolvedSupervision extends RestartPolicy {
  readonly signals: boolean
  readonly stuckAfterMs: number
  readonly restartStuck: boolean
  readonly makeTimeoutMs: number
  readonly logger: Logger | undefined
  readonly clock: Clock
  readonly random: Random
}

const NAMES: OptionNames<SuperviseOptions> = {
  delayMs: true,
  delayMaxMs: true,
  failuresMax: true,
  windowMs: true,
  signals: true,
  stuckAfterMs: true,
  restartStuck: true,
  makeTimeoutMs: true,
  logger: true,
  platform: true,
}

/** Throws `TidemarkError` INVALID_OPTION. */
export function resolveSupervision(options: SuperviseOptions): ResolvedSupervision {
  checkOptions<SuperviseOptions>('supervise()', options, NAMES)
  const { logger, platform = nodePlatform } = options
  if (typeof platform?.clock?.schedule !== 'function' || typeof platform.random?.next !== 'function') {
    throw new TidemarkError('INVALID_OPTION', `option 'platform' is ${describe(platform)}; it must have a clock and a random`)
  }
  return {
    ...delaysOption('', options, { delayMs: 1_000, delayMaxMs: 60_000 }),
    failuresMax: countOption('failuresMax', options.failuresMax ?? 10),
    windowMs: durationOption('windowMs', options.windowMs ?? 600_000),
    signals: flagOption('signals', options.signals ?? false),
    stuckAfterMs: durationOption('stuckAfterMs', options.stuckAfterMs ?? 300_000, { infinite: true }),
    restartStuck: flagOption('restartStuck', options.restartStuck ?? false),
    makeTimeoutMs: durationOption('makeTimeoutMs', options.makeTimeoutMs ?? 60_000),
    logger: loggerOf(logger),
    clock: platform.clock,
    random: platform.random,
  }
}
