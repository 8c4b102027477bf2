import type { Random } from '@tidemark/platform'
import type { Retry } from './work.ts'

/** The pause after attempt `attempt` failed: doubling, bounded, its upper half by chance so that failures do not march in step. */
export function retryDelay(retry: Retry, attempt: number, random: Random): number {
  const full = Math.min(retry.delayMaxMs, retry.delayMs * 2 ** (attempt - 1))
  return full / 2 + random.next() * (full / 2)
}
