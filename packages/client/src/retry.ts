/**
 * How long to wait before the next attempt: exponential with full jitter, so that clients of a broker that came back
 * do not all call at once.
 */
import type { Delays, Random } from '@tidemark/platform'

/** `failures` counts the tries that failed so far, from 1. */
export function backoffMs(random: Random, delays: Delays, failures: number): number {
  const ceiling = Math.min(delays.delayMaxMs, delays.delayMs * 2 ** Math.min(failures - 1, 30))
  return random.next() * ceiling
}
