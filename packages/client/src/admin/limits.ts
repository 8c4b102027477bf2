/** The options that every admin call has. */
import { checkOptions, checkSignal, durationOption, type OptionNames } from '@tidemark/platform'
import type { CallLimits } from '../cluster/retrying.ts'

export const LIMIT_NAMES: OptionNames<CallLimits> = { timeoutMs: true, signal: true }

/** For a call that has no other options. Throws `TidemarkError` INVALID_OPTION. */
export function limitsOf(owner: string, options: CallLimits): CallLimits {
  checkOptions<CallLimits>(owner, options, LIMIT_NAMES)
  return checkedLimits(options)
}

/** The values of both, once the names were checked. Throws `TidemarkError` INVALID_OPTION. */
export function checkedLimits({ timeoutMs, signal }: CallLimits): CallLimits {
  if (timeoutMs !== undefined) durationOption('timeoutMs', timeoutMs)
  checkSignal(signal)
  return { timeoutMs, signal }
}
