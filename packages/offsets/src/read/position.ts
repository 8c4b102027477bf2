/** One partition of a group: what was read of it, put together. Pure. */
import type { CommittedOffset, TopicPartition } from '@tidemark/client'
import { readCompletionMap } from '@tidemark/client/internal'
import type { PositionError } from './limits.ts'
import type { LogBounds } from './log-bounds.ts'

export interface Owner {
  readonly memberId: string
  readonly clientId: string
  readonly host: string
}

/**
 * What stands behind a lag: nothing is committed (lag null), the log cannot be read (null; see `error`), the committed
 * offset is below the start of the log (what lies between is lost, and not counted), or beyond its end (0).
 */
export type PositionReason = 'nothing-committed' | 'unreadable' | 'below-start' | 'beyond-end'

/** Plain data, so that it is whole in JSON. */
export interface GroupPosition extends TopicPartition {
  /** In Kafka's spelling; null: the topic does not exist, or the broker is too old to tell. */
  readonly topicId: string | null
  /** Null: the group has nothing on record here. */
  readonly committed: number | null
  /** -1: it was committed without one. */
  readonly leaderEpoch: number | null
  /** As it was committed, by any client. */
  readonly metadata: string | null
  /** The first offset that is still in the log; null: see `error`. */
  readonly start: number | null
  /** The last stable offset, to which readers of committed records read; null: see `error`. */
  readonly stable: number | null
  /** The high watermark: the offset that the next record gets; null: see `error`. */
  readonly end: number | null
  /**
   * Offsets from the committed one to the end, of those that are still in the log. Never below 0; null: see `reason`.
   */
  readonly lag: number | null
  /** Records above the committed offset that the commit's completion map says are done. */
  readonly doneAbove: number
  /** `lag` without those that are done. */
  readonly open: number | null
  readonly reason: PositionReason | null
  readonly owner: Owner | null
  /** Why the log's bounds are not known: the topic was deleted, its leader cannot be reached, … */
  readonly error: PositionError | null
}

export function positionOf(
  { topic, partition }: TopicPartition,
  committed: CommittedOffset | undefined,
  bounds: LogBounds,
  owner: Owner | null,
  /** Records that are not done yet, where the cluster itself counts them: of share groups. */
  counted?: number,
): GroupPosition {
  const { topicId, start, stable, end, error } = bounds
  const offset = committed?.offset ?? null
  const reason = reasonOf(offset, start, end)
  const lag = offset === null || start === null || end === null ? null : Math.max(0, end - Math.max(offset, start))
  const doneAbove =
    lag !== null && counted !== undefined
      ? Math.max(0, lag - counted)
      : committed === undefined || end === null
        ? 0
        : doneBetween(committed, topicId, Math.max(offset!, start!), end)
  return {
    topic,
    partition,
    topicId,
    committed: offset,
    leaderEpoch: committed?.leaderEpoch ?? null,
    metadata: committed?.metadata ?? null,
    start,
    stable,
    end,
    lag,
    doneAbove,
    open: lag === null ? null : lag - doneAbove,
    reason,
    owner,
    error,
  }
}

function reasonOf(committed: number | null, start: number | null, end: number | null): PositionReason | null {
  if (committed === null) return 'nothing-committed'
  if (start === null || end === null) return 'unreadable'
  if (committed < start) return 'below-start'
  return committed > end ? 'beyond-end' : null
}

/**
 * How many of the records in [from, to) the completion map calls done. It counts for its own offset and topic alone: a
 * commit may have been copied, and a topic deleted and created again.
 */
function doneBetween({ offset, metadata }: CommittedOffset, topicId: string | null, from: number, to: number): number {
  const map = readCompletionMap(metadata)
  if (map === undefined || map.base !== offset || (topicId !== null && map.topicId !== topicId)) return 0
  const top = Math.min(map.top, to)
  const open = map.open.filter((it) => it >= from && it < top).length
  return Math.max(0, top - from - open)
}
