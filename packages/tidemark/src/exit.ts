import { constants } from 'node:os'
import { TidemarkError } from '@tidemark/platform'

/** Exit codes, as the design lists them. */
export const EXIT = { done: 0, failed: 1, usage: 2, notApplied: 3, groupActive: 4, changed: 5, overThreshold: 6 } as const

/** What a shell reports for a process that a signal ended: SIGHUP 129, SIGINT 130, SIGTERM 143. */
export const exitCodeOf = (signal: NodeJS.Signals): number => 128 + constants.signals[signal]

/** Wrong use of the command line: exit code 2. */
export const usage = (message: string): TidemarkError => new TidemarkError('USAGE', message)

/** Errors of a value that the user gave on the command line. */
const USAGE_CODES: ReadonlySet<string> = new Set(['USAGE', 'INVALID_ADDRESS', 'INVALID_ARGUMENT', 'INVALID_OPTION'])

/** By the code of the error. What is not named here failed. */
const EXIT_CODES: Readonly<Record<string, number>> = {
  FALLBACK_NOT_ACCEPTED: EXIT.notApplied,
  GHOST_CONSUMER: EXIT.groupActive,
  GROUP_ACTIVE: EXIT.groupActive,
  GROUP_SUBSCRIBED_TO_TOPIC: EXIT.groupActive,
  NON_EMPTY_GROUP: EXIT.groupActive,
  PLAN_EXPIRED: EXIT.changed,
  PLAN_STALE: EXIT.changed,
}

export const exitCodeFor = (code: string): number => (USAGE_CODES.has(code) ? EXIT.usage : (EXIT_CODES[code] ?? EXIT.failed))
