import { TidemarkError } from '@tidemark/platform'

/** Exit codes, as the design lists them; those of moves come with the moves. */
export const EXIT = { done: 0, failed: 1, usage: 2 } as const

/** Wrong use of the command line: exit code 2. */
export const usage = (message: string): TidemarkError => new TidemarkError('USAGE', message)
