/** How often, and when, what failed is tried again: records, dead letters, whole consumers. */
import type { Delays } from '@tidemark/platform'
import type { Claim } from '../claims/claim.ts'

export interface Retry {
  /** How often a record is tried, the first time included. Default: 5. */
  readonly attempts: number
  /** The pause before the second attempt; it doubles from attempt to attempt, with jitter. Default: 200. */
  readonly delayMs: number
  /** The longest pause. Default: 30,000. */
  readonly delayMaxMs: number
}

/** Of a pause that doubles: 0 ms stay 0 however often it does. */
const DOUBLINGS_MAX = 30

/**
 * The pause after `failures` attempts failed, from 1 on: doubling, bounded, its upper half random so that failures do
 * not march in step. `chance` is in [0, 1).
 */
export function retryDelayMs({ delayMs, delayMaxMs }: Delays, failures: number, chance: number): number {
  const fullMs = Math.min(delayMaxMs, delayMs * 2 ** Math.min(failures - 1, DOUBLINGS_MAX))
  return Math.round(fullMs / 2 + chance * (fullMs / 2))
}

/**
 * The number of a record's next attempt: those that were made before, in other processes too, are noted with the
 * commit. There is always one more, also for what was to become a dead letter when its process ended (T26).
 */
export function nextAttempt({ tracker: { notes } }: Claim, offset: number, { attempts }: Retry): number {
  if (notes.size === 0) return 1
  return Math.min(1 + (notes.get(offset)?.attempts ?? 0), attempts)
}
