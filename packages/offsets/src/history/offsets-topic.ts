/** `__consumer_offsets`: which partitions keep a group, and each record of them, decoded, in the order of the log. */
import { type Cluster, mayPass, retrying } from '@tidemark/client/internal'
import { TidemarkError } from '@tidemark/platform'
import {
  decodeGroupKey,
  decodeGroupValue,
  decodeMemberRecord,
  decodeOffsetKey,
  decodeOffsetValue,
  isGroupKey,
  isOffsetKey,
  isTransactional,
  type MemberRecord,
  type OffsetKey,
  partitionOfGroup,
  Reader,
  type RecordCursor,
  type StoredGroup,
  type StoredOffset,
  WireError,
} from '@tidemark/protocol'
import { corrupt, recordsOf } from '../log/fetch-log.ts'
import { readLog } from '../log/follow-log.ts'

export const OFFSETS_TOPIC = '__consumer_offsets'

/** `value` null: a tombstone. */
export type GroupRecord =
  | { readonly kind: 'offset'; readonly key: OffsetKey; readonly value: StoredOffset | null }
  | { readonly kind: 'group'; readonly group: string; readonly value: StoredGroup | null }
  | MemberRecord

export interface LoggedRecord {
  readonly partition: number
  readonly record: GroupRecord
  /** When the coordinator wrote it, in milliseconds since 1970. */
  readonly timestampMs: number
  readonly isTransactional: boolean
}

export interface LoggedChunk {
  readonly records: readonly LoggedRecord[]
  /** Partitions of which something was taken out before one of these records, by compaction. */
  readonly holed: ReadonlySet<number>
}

/** What a reader without the right to the topic, or whose provider hides it, is told. */
const STILL_WORKS = 'what is committed now, lag and moves do not need it'
const UNREADABLE: ReadonlySet<string> = new Set([
  'UNKNOWN_TOPIC',
  'TOPIC_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'INVALID_TOPIC_EXCEPTION',
])

/** The error of a topic that this client must not read, or cannot see; any other as it is. */
export function unreadable(error: unknown): unknown {
  if (!(error instanceof TidemarkError) || !UNREADABLE.has(error.code)) return error
  const why =
    error.code === 'UNKNOWN_TOPIC' ? `the topic ${OFFSETS_TOPIC} is not shown to this client, or nothing was ever committed` : error.message
  return new TidemarkError(
    'HISTORY_UNREADABLE',
    `the history of commits cannot be read: ${why}; it needs the right to READ ${OFFSETS_TOPIC}; ${STILL_WORKS}`,
    {
      cause: error,
    },
  )
}

/** Of these groups, or of all. Rejects with HISTORY_UNREADABLE. */
export async function partitionsOf(
  cluster: Cluster,
  groups: readonly string[] | undefined,
  signal: AbortSignal | undefined,
): Promise<number[]> {
  try {
    cluster.invalidate(OFFSETS_TOPIC)
    const what = `looking up ${OFFSETS_TOPIC}`
    const count = await retrying(cluster, { what, retries: mayPass, signal }, async (limit) => {
      const view = (await cluster.topics([OFFSETS_TOPIC], { signal: limit })).get(OFFSETS_TOPIC)!
      return view.partitions.length
    })
    if (count === 0) throw new TidemarkError('UNKNOWN_TOPIC', `topic '${OFFSETS_TOPIC}' does not exist`)
    if (groups === undefined) return Array.from({ length: count }, (_, i) => i)
    return [...new Set(groups.map((group) => partitionOfGroup(group, count)))]
  } catch (error) {
    throw unreadable(error)
  }
}

export interface LogReading {
  readonly groups: readonly string[] | undefined
  readonly follow: boolean
  readonly signal: AbortSignal | undefined
}

/** Committed records alone. Rejects with HISTORY_UNREADABLE, CORRUPT_BATCH, or as `readLog` does. */
export async function* groupRecords(cluster: Cluster, { groups, follow, signal }: LogReading): AsyncGenerator<LoggedChunk, undefined> {
  const wanted = groups && new Set(groups)
  const partitions = await partitionsOf(cluster, groups, signal)
  try {
    for await (const batches of readLog(cluster, OFFSETS_TOPIC, partitions, { follow, signal })) {
      const records: LoggedRecord[] = []
      const holed = new Set<number>()
      for (const { partition, batch, isNext } of batches) {
        const { recordCount, lastOffsetDelta, attributes } = batch.header
        if (!isNext || recordCount !== lastOffsetDelta + 1) holed.add(partition)
        try {
          for (const cursor of recordsOf(batch)) {
            const record = decoded(cursor)
            if (record === undefined || (wanted !== undefined && !wanted.has(groupOf(record)))) continue
            records.push({ partition, record, timestampMs: cursor.timestampMs, isTransactional: isTransactional(attributes) })
          }
        } catch (error) {
          if (!(error instanceof WireError)) throw error
          throw corrupt({ topic: OFFSETS_TOPIC, partition }, error)
        }
      }
      yield { records, holed }
    }
  } catch (error) {
    throw unreadable(error)
  }
}

export const groupOf = (record: GroupRecord): string => (record.kind === 'offset' ? record.key.group : record.group)

/** Undefined for kinds that say nothing of commits or members, and for those of later versions. */
function decoded({ key, value }: RecordCursor): GroupRecord | undefined {
  if (key === null) return undefined
  const reader = new Reader(key)
  const version = reader.int16()
  if (isOffsetKey(version)) return { kind: 'offset', key: decodeOffsetKey(reader), value: value && decodeOffsetValue(value) }
  if (isGroupKey(version)) return { kind: 'group', group: decodeGroupKey(reader), value: value && decodeGroupValue(value) }
  return decodeMemberRecord(version, reader, value)
}
