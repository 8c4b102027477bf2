/** Looks at groups for what is wrong with their offsets, or will be, and says what mends it. It changes nothing. */
import type { CallLimits, Kafka } from '@tidemark/client'
import { checkedLimits, LIMIT_NAMES } from '@tidemark/client/internal'
import { checkName, checkOptions, describe, TidemarkError } from '@tidemark/platform'
import { shrinking } from '../read/limits.ts'
import type { Finding } from './finding.ts'
import { readFacts } from './read-facts.ts'
import { judged } from './rules.ts'

export interface ExamineOptions extends CallLimits {
  /** Default: all. */
  readonly groups?: readonly string[]
}

/**
 * The worst first. Rejects with `TidemarkError` UNKNOWN_GROUP for a group that is named and does not exist,
 * INVALID_OPTION, INVALID_ARGUMENT, or what the limits bring. What cannot be read is a finding, not an error.
 *
 * ```ts
 * await examine(kafka)   // [{ rule: 'below-start', severity: 'error', group: 'billing', topic: 'orders', partition: 0, … }]
 * ```
 */
export async function examine(kafka: Kafka, options: ExamineOptions = {}): Promise<readonly Finding[]> {
  checkOptions<ExamineOptions>('examine()', options, { ...LIMIT_NAMES, groups: true })
  const { groups } = options
  if (groups !== undefined && !Array.isArray(groups)) {
    throw new TidemarkError('INVALID_OPTION', `option 'groups' is ${describe(groups)}; it must be an array of names`)
  }
  for (const [i, group] of (groups ?? []).entries()) checkName(`groups[${i}]`, group)
  if (groups?.length === 0) return []
  return judged(await readFacts(kafka, groups && [...new Set(groups)].sort(), shrinking(kafka, checkedLimits(options))))
}
