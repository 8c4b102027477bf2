import type { Random } from '@tidemark/platform'
import type { Claim } from '../claims/claim.ts'

export interface Retry {
  /** How often a record is tried, the first time included. Default: 5. */
  readonly attempts: number
  /** The pause before the second attempt; it doubles from attempt to attempt, with jitter. Default: 200. */
  readonly delayMs: number
  /** The longest pause. Default: 30,000. */
  readonly delayMaxMs: number
}

/**
 * The pause after attempt `attempt` failed: doubling, bounded, its upper half random so that failures do not march in
 * step.
 */
export function retryDelay(retry: Pick<Retry, 'delayMs' | 'delayMaxMs'>, attempt: number, random: Random): number {
  const full = Math.min(retry.delayMaxMs, retry.delayMs * 2 ** (attempt - 1))
  return Math.round(full / 2 + random.next() * (full / 2))
}

/**
 * The number of a record's next attempt: those that were made before, in other processes too, are noted with the
 * commit. There is always one more, also for what was to become a dead letter when its process ended (T26).
 */
export function nextAttempt({ tracker: { notes } }: Claim, offset: number, { attempts }: Retry): number {
  if (notes.size === 0) return 1
  return Math.min(1 + (notes.get(offset)?.attempts ?? 0), attempts)
}
