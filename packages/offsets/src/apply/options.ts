import type { CallLimits } from '@tidemark/client'
import { checkedLimits, LIMIT_NAMES } from '@tidemark/client/internal'
import {
  checkFunction,
  checkName,
  checkOptions,
  describe,
  durationOption,
  flagOption,
  type OptionNames,
  TidemarkError,
} from '@tidemark/platform'
import { MoveStore } from '../moves/move-store.ts'
import { userName } from '../moves/user.ts'
import type { Fallback } from '../plan/types.ts'

/**
 * `checked`: nothing changed since the plan. `recorded`: what will be replaced is on disk. `committed`: the cluster has
 * answered. `verified`: it was read back. `closed`: the record says how it ended.
 */
export type ApplyStep = 'waiting' | 'checked' | 'recorded' | 'committed' | 'verified' | 'closed'

/** `progressed`: offsets that the group's members moved forward since the plan was made. */
export type Acceptable = Fallback | 'progressed'

/** The limits are those of all steps after the wait, together. */
export interface ApplyOptions extends CallLimits {
  /**
   * What may be done although it is not exactly what the wish names; `all`: every fallback of a plan, but not
   * `progressed`. Default: nothing.
   */
  readonly accept?: readonly Acceptable[] | 'all'
  /** How long to wait until the group has no members, in milliseconds. Default: 0. */
  readonly waitEmptyMs?: number
  /**
   * How long committed offsets are watched before they are moved, in milliseconds, for a consumer that commits without
   * being a member. It is noticed only if it commits something new meanwhile; Kafka's consumers commit every 5 s unless
   * told otherwise. Default: 1,000; 0: not at all.
   */
  readonly ghostCheckMs?: number
  /**
   * Takes the members out of a group that works, sets the offsets, and lets them join again: what they have in hand is
   * handled once more. For classic groups of consumers without static members; `accept` has to name `progressed`, or
   * be `all`. Default: false.
   */
  readonly eject?: boolean
  /** Why, for the record. */
  readonly reason?: string
  /** Who, for the record. Default: who is logged in. */
  readonly user?: string
  /** Default: the folder of the user's state. */
  readonly store?: MoveStore
  /** Told of each step when it is over. What it throws ends the call there. */
  readonly onProgress?: (step: ApplyStep) => void
}

export interface ResolvedApplyOptions {
  readonly accept: ReadonlySet<string> | 'all'
  readonly waitEmptyMs: number
  readonly ghostCheckMs: number
  readonly eject: boolean
  readonly reason: string | null
  readonly user: string
  readonly store: MoveStore
  readonly onProgress: (step: ApplyStep) => void
  readonly limits: CallLimits
}

const GHOST_CHECK_MS = 1_000
const NAMES: OptionNames<ApplyOptions> = {
  ...LIMIT_NAMES,
  accept: true,
  waitEmptyMs: true,
  ghostCheckMs: true,
  eject: true,
  reason: true,
  user: true,
  store: true,
  onProgress: true,
}

/** All that can be accepted, and how each is written. */
export const ACCEPTABLE: readonly Acceptable[] = [
  'clamped-to-start',
  'clamped-to-end',
  'no-record-after-time',
  'nothing-committed',
  'topic-recreated',
  'not-exact',
  'unreadable',
  'progressed',
]

export function resolveApplyOptions(options: ApplyOptions): ResolvedApplyOptions {
  checkOptions<ApplyOptions>('applyPlan()', options, NAMES)
  const { accept = [], reason, user = userName(), onProgress = () => {} } = options
  checkFunction('onProgress', onProgress)
  if (reason !== undefined) checkName('the reason', reason)
  return {
    accept: checkedAccept(accept),
    waitEmptyMs: durationOption('waitEmptyMs', options.waitEmptyMs ?? 0, { zero: true }),
    ghostCheckMs: durationOption('ghostCheckMs', options.ghostCheckMs ?? GHOST_CHECK_MS, { zero: true }),
    eject: flagOption('eject', options.eject ?? false),
    reason: reason ?? null,
    user: checkName('the user', user),
    store: options.store ?? new MoveStore(),
    onProgress,
    limits: checkedLimits(options),
  }
}

function checkedAccept(accept: readonly string[] | 'all'): ReadonlySet<string> | 'all' {
  if (accept === 'all') return 'all'
  const wrong = Array.isArray(accept) ? accept.find((it) => !ACCEPTABLE.includes(it as Acceptable)) : accept
  if (wrong === undefined) return new Set(accept)
  throw new TidemarkError('INVALID_OPTION', `option 'accept' has ${describe(wrong)}; it may have ${ACCEPTABLE.join(', ')}, or be 'all'`)
}
