/** What a group had committed at a time, as far as the log of commits still says. */
import type { CallLimits, Kafka, TopicPartition } from '@tidemark/client'
import { compareTopicPartitions, handleOf, keyOf, limitsOf, retrying } from '@tidemark/client/internal'
import { checkName, checkTime } from '@tidemark/platform'
import { newFolds } from './commit-history.ts'
import type { FoldedOffset } from './group-fold.ts'
import { groupRecords, type LoggedRecord } from './offsets-topic.ts'

export interface PositionAt extends TopicPartition {
  /** Null: nothing was committed then. */
  readonly offset: number | null
  readonly leaderEpoch: number | null
  readonly metadata: string | null
  /** When it was committed, in milliseconds since 1970. */
  readonly committedAtMs: number | null
  /**
   * `bounded`: compaction took out what was committed then; `offset` is the first that was committed after the time,
   * and null where nothing is left.
   */
  readonly certainty: 'exact' | 'bounded'
}

export interface PositionsAt {
  readonly group: string
  readonly atMs: number
  /** By topic and partition. */
  readonly positions: readonly PositionAt[]
}

/**
 * Rejects with `TidemarkError` HISTORY_UNREADABLE, INVALID_OPTION, INVALID_ARGUMENT, or what the limits bring. Kafka
 * compacts `__consumer_offsets` and never its newest segment (`LogCleanerManager`): what was committed lately is exact.
 */
export async function positionsAt(kafka: Kafka, group: string, at: Date, options: CallLimits = {}): Promise<PositionsAt> {
  checkName('the name of the group', group)
  const atMs = checkTime('the time', at).getTime()
  const limits = limitsOf('positionsAt()', options)
  const { cluster } = handleOf(kafka)
  const what = `reading the history of group '${group}'`
  return retrying(cluster, { what, retries: () => false, ...limits }, async (signal) => {
    const fold = (await newFolds(kafka, signal))(group)
    const found = new Map<string, PositionAt>()
    const seen = new Map<string, TopicPartition>()
    let isWhole = true
    for await (const { records, holed } of groupRecords(cluster, { groups: [group], follow: false, signal })) {
      if (holed.size > 0) isWhole = false
      for (const logged of records) {
        const isLater = timeOf(logged) > atMs
        const { record } = logged
        if (!isLater) {
          fold.apply(logged)
          if (record.kind === 'offset') seen.set(keyOf(record.key), record.key)
        } else if (record.kind === 'offset' && !seen.has(keyOf(record.key))) keepLater(found, record, isWhole)
      }
    }
    for (const [key, where] of seen) found.set(key, positionThen(where, fold.offsets.get(key)))
    return { group, atMs, positions: [...found.values()].sort(compareTopicPartitions) }
  })
}

const timeOf = ({ record, timestampMs }: LoggedRecord): number =>
  record.kind === 'offset' && record.value !== null ? record.value.commitTimestamp : timestampMs

/** Undefined: it was forgotten before the time. */
function positionThen({ topic, partition }: TopicPartition, committed: FoldedOffset | undefined): PositionAt {
  if (committed === undefined) return { topic, partition, ...NOTHING, certainty: 'exact' }
  const { offset, leaderEpoch, metadata, commitTimestamp } = committed
  return { topic, partition, offset, leaderEpoch, metadata, committedAtMs: commitTimestamp, certainty: 'exact' }
}

const NOTHING = { offset: null, leaderEpoch: null, metadata: null, committedAtMs: null }

/**
 * The first commit after the time, where none before it is left: nothing was committed then if the log is whole; else
 * compaction may have taken it out.
 */
function keepLater(
  found: Map<string, PositionAt>,
  { key, value }: Extract<LoggedRecord['record'], { kind: 'offset' }>,
  isWhole: boolean,
): void {
  const name = keyOf(key)
  if (found.has(name)) return
  const { topic, partition } = key
  if (isWhole) found.set(name, { topic, partition, ...NOTHING, certainty: 'exact' })
  else if (value === null) found.set(name, { topic, partition, ...NOTHING, certainty: 'bounded' })
  else {
    const { offset, leaderEpoch, metadata, commitTimestamp } = value
    found.set(name, { topic, partition, offset, leaderEpoch, metadata, committedAtMs: commitTimestamp, certainty: 'bounded' })
  }
}
