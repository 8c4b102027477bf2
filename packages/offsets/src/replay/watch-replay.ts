/** How far a replay has come, until it has reached its end. */
import type { Kafka } from '@tidemark/client'
import { handleOf, keyOf } from '@tidemark/client/internal'
import { checkOptions, checkSignal, durationOption, sleep, TidemarkError } from '@tidemark/platform'
import { committedBy, groupFacts } from '../plan/gather.ts'
import type { Replay } from './plan-replay.ts'

export interface WatchReplayOptions {
  /** How often the group is looked at, in milliseconds. Default: 1,000. */
  readonly everyMs?: number
  /** Makes the iteration throw `TidemarkError` ABORTED. */
  readonly signal?: AbortSignal
}

export interface ReplayProgress {
  /** Offsets that are committed, of `Replay.records`. */
  readonly done: number
  readonly members: number
  /** Everything up to the end is committed: the consumers can be stopped. The last one. */
  readonly reached: boolean
}

/**
 * Yields at once, then whenever something changed, until the end is reached. Nothing stops the consumers there: they
 * read on until they are stopped.
 */
export async function* watchReplay(kafka: Kafka, replay: Replay, options: WatchReplayOptions = {}): AsyncGenerator<ReplayProgress, void> {
  checkOptions<WatchReplayOptions>('watchReplay()', options, { everyMs: true, signal: true })
  const everyMs = durationOption('everyMs', options.everyMs ?? 1_000)
  const signal = checkSignal(options.signal)
  let last = ''
  for (;;) {
    const committed = await committedBy(kafka, replay.fork, { signal })
    const { members } = await groupFacts(kafka, replay.fork, { signal })
    const done = replay.ranges.reduce((sum, { from, to, ...where }) => {
      const offset = committed.get(keyOf(where))?.offset ?? from
      return sum + Math.min(Math.max(offset, from), to) - from
    }, 0)
    const progress = { done, members, reached: done === replay.records }
    const text = JSON.stringify(progress)
    if (text !== last) yield progress
    last = text
    if (progress.reached) return
    await sleep(handleOf(kafka).platform.clock, everyMs, signal).catch((cause: unknown) => {
      throw new TidemarkError('ABORTED', `watching group '${replay.fork}' was aborted`, { cause })
    })
  }
}
