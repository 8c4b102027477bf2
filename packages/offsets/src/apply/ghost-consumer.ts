/**
 * A consumer with assigned partitions (Kafka's `assign()`) commits without being a member: the group looks empty, and
 * what is set for it is overwritten by its next commit. Two readings of a group without members that differ prove it.
 */
import type { Kafka } from '@tidemark/client'
import { handleOf } from '@tidemark/client/internal'
import { numberText, sleep, TidemarkError } from '@tidemark/platform'
import { samePlace } from '../moves/place.ts'
import { committedBy, placeOf } from '../plan/gather.ts'
import type { NextLimits } from '../read/limits.ts'
import type { Committed } from './check-unchanged.ts'

/** Resolves with the second reading. Rejects with GHOST_CONSUMER. */
export async function watchForGhosts(
  kafka: Kafka,
  group: string,
  first: Committed,
  watchMs: number,
  limits: NextLimits,
): Promise<Committed> {
  if (watchMs === 0) return first
  const { signal } = limits()
  await sleep(handleOf(kafka).platform.clock, watchMs, signal).catch((cause: unknown) => {
    throw new TidemarkError('ABORTED', `watching group '${group}' was aborted`, { cause })
  })
  const second = await committedBy(kafka, group, limits())
  const moving = [...new Map([...first, ...second])].filter(([key]) => !samePlace(placeOf(first.get(key)), placeOf(second.get(key))))
  if (moving.length === 0) return second
  const names = moving.slice(0, 5).map(([, { topic, partition }]) => `${topic}-${partition}`)
  const text = `${names.join(', ')}${moving.length > 5 ? ` and ${numberText(moving.length - 5)} more` : ''}`
  throw new TidemarkError(
    'GHOST_CONSUMER',
    `group '${group}' has no members, and yet its offsets move (${text}): a consumer that is not a member commits for it; nothing was changed`,
  )
}
