import type { Random } from '@tidemark/platform'

export interface Retry {
  /** How often a record is tried, the first time included. */
  readonly attempts: number
  /** The pause before the second attempt; it doubles from attempt to attempt, with jitter. */
  readonly delayMs: number
  readonly delayMaxMs: number
}

/**
 * The pause after attempt `attempt` failed: doubling, bounded, its upper half random so that failures do not march in
 * step.
 */
export function retryDelay(retry: Retry, attempt: number, random: Random): number {
  const full = Math.min(retry.delayMaxMs, retry.delayMs * 2 ** (attempt - 1))
  return Math.round(full / 2 + random.next() * (full / 2))
}
