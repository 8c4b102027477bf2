import { constants } from 'node:os'
import { TidemarkError } from '@tidemark/platform'

/** Exit codes, as the design lists them; those of moves come with the moves. */
export const EXIT = { done: 0, failed: 1, usage: 2, notApplied: 3, overThreshold: 6 } as const

/** What a shell reports for a process that a signal ended: SIGHUP 129, SIGINT 130, SIGTERM 143. */
export const exitCodeOf = (signal: NodeJS.Signals): number => 128 + constants.signals[signal]

/** Wrong use of the command line: exit code 2. */
export const usage = (message: string): TidemarkError => new TidemarkError('USAGE', message)

/** Errors of a value that the user gave on the command line. */
export const USAGE_CODES: ReadonlySet<string> = new Set(['USAGE', 'INVALID_ADDRESS', 'INVALID_ARGUMENT', 'INVALID_OPTION'])
