/** How long a user's commit may take. */
import { checkOptions, checkSignal, durationOption } from '@tidemark/platform'

export interface CommitLimits {
  /** How long to wait for the acknowledgement. Default: the option `commit.timeoutMs`. */
  readonly timeoutMs: number
  /** Ends the wait: ABORTED. */
  readonly signal?: AbortSignal | undefined
}

/** Throws `TidemarkError` INVALID_OPTION. */
export function commitLimits(given: Partial<CommitLimits>, timeoutMs: number): CommitLimits {
  checkOptions<CommitLimits>('commit()', given, { timeoutMs: true, signal: true })
  return { timeoutMs: durationOption('timeoutMs', given.timeoutMs ?? timeoutMs), signal: checkSignal(given.signal) }
}
