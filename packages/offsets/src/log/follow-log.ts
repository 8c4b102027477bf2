/**
 * Reads partitions of one topic from offsets on, committed records alone, batch by batch in the order of each log: up
 * to the last stable offset as it was when the reading began, or for ever.
 */
import { AbortedFilter, type Cluster, isLost, keyOf, mayPass, refusedTopic } from '@tidemark/client/internal'
import { TidemarkError } from '@tidemark/platform'
import { boundsOf } from '../read/log-bounds.ts'
import { endOf, fetchLog, type LogBatch, type LogPart } from './fetch-log.ts'

export interface FollowOptions {
  readonly follow: boolean
  readonly signal?: AbortSignal | undefined
}

export interface ReadBatch {
  readonly partition: number
  readonly batch: LogBatch
  /** Offsets before it that were read are followed by it without a hole. */
  readonly isNext: boolean
}

interface Cursor {
  readonly partition: number
  offset: number
  /** Behind the last offset that was read; what compaction has taken out lies between it and the next batch. */
  readTo: number
  /** Where it is finished; Infinity: never. */
  to: number
}

const PARTITION_BYTES_MAX = 1024 * 1024
const BYTES_MAX = 8 * 1024 * 1024
const WAIT_MS = 500

/**
 * From the beginning of each log on. A partition that cannot be read now is tried again for `requestTimeoutMs`, and for
 * ever while it is followed. Rejects with `TidemarkError` UNKNOWN_TOPIC, Kafka's name of a refusal, CORRUPT_BATCH,
 * OFFSET_OUT_OF_RANGE (what stood there was deleted meanwhile), ABORTED, CLOSED.
 */
export async function* readLog(
  cluster: Cluster,
  topic: string,
  partitions: readonly number[],
  { follow, signal }: FollowOptions,
): AsyncGenerator<readonly ReadBatch[], undefined> {
  const { clock } = cluster.options.platform
  const owner = {}
  let open = await placed(cluster, topic, partitions, follow, signal)
  let failures = 0
  let failingSinceMs: number | undefined
  try {
    while ((open = open.filter(({ offset, to }) => offset < to)).length > 0) {
      const { answers, error } = await askAll(cluster, topic, open, { follow, signal, owner })
      for (const cursor of open) {
        const part = answers.get(cursor.partition)
        if (part !== undefined) yield take(cursor, part)
      }
      if (error === undefined) {
        failures = 0
        failingSinceMs = undefined
        // Others come first the next time: the first of a request always brings something.
        open.push(...open.splice(0, 1))
        continue
      }
      failingSinceMs ??= clock.monotonic()
      if (!follow && clock.monotonic() - failingSinceMs >= cluster.options.requestTimeoutMs) throw error
      await cluster.backOff({ what: `reading ${topic}`, failures: ++failures, error, signal })
    }
  } finally {
    cluster.release(owner)
  }
}

interface Asking extends FollowOptions {
  readonly owner: object
}

/** One request to each leader. `error`: why some could not be asked, where another attempt may help. */
async function askAll(
  cluster: Cluster,
  topic: string,
  cursors: readonly Cursor[],
  { follow, signal, owner }: Asking,
): Promise<{ answers: Map<number, LogPart>; error: TidemarkError | undefined }> {
  const view = (await cluster.topics([topic], { signal, timeoutMs: 0 })).get(topic)!
  const answers = new Map<number, LogPart>()
  let error = view.errorCode === 0 ? undefined : refusedTopic(topic, view.errorCode)
  if (error !== undefined && !mayPass(error)) throw error
  const byLeader = Map.groupBy(cursors, ({ partition }) => cluster.leader(topic, partition)?.nodeId)
  if (byLeader.has(undefined)) error ??= new TidemarkError('LEADER_NOT_AVAILABLE', `a partition of ${topic} has no leader now`)
  byLeader.delete(undefined)
  await Promise.all(
    [...byLeader].map(async ([node, list]) => {
      const places = list.map(({ partition, offset }) => ({ topic, partition, offset }))
      const waitMs = follow ? WAIT_MS : 0
      const options = { partitionBytesMax: PARTITION_BYTES_MAX, bytesMax: BYTES_MAX, isolation: 'read_committed', waitMs } as const
      try {
        const parts = await fetchLog(cluster, places, { ...options, node: node!, owner, signal })
        for (const { partition } of list) {
          const part = parts.get(keyOf({ topic, partition }))
          if (part !== undefined) answers.set(partition, part)
        }
      } catch (cause) {
        if (!isLost(cause)) throw cause
        error ??= cause
      }
    }),
  )
  for (const [partition, part] of answers) {
    if (part.error === undefined) continue
    if (!mayPass(part.error)) throw part.error
    error ??= part.error
    answers.delete(partition)
  }
  if (error !== undefined) cluster.invalidate(topic)
  return { answers, error }
}

/** Where each log begins, and ends now. */
async function placed(
  cluster: Cluster,
  topic: string,
  partitions: readonly number[],
  follow: boolean,
  signal: AbortSignal | undefined,
): Promise<Cursor[]> {
  const where = partitions.map((partition) => ({ topic, partition }))
  const bounds = await boundsOf(cluster, where, { signal })
  return where.map((it) => {
    const { start, stable, error } = bounds.get(keyOf(it))!
    if (error !== null) throw new TidemarkError(error.code, error.message, it)
    return { partition: it.partition, offset: start!, readTo: 0, to: follow ? Number.POSITIVE_INFINITY : stable! }
  })
}

function take(cursor: Cursor, part: LogPart): ReadBatch[] {
  const { partition } = cursor
  const filter = new AbortedFilter(part.aborted)
  const read: ReadBatch[] = []
  for (const batch of part.batches) {
    const end = endOf(batch)
    if (end <= cursor.offset) continue
    const isNext = batch.header.baseOffset <= cursor.readTo
    if (!filter.leavesOut(batch.header, batch.bytes)) read.push({ partition, batch, isNext })
    cursor.offset = end
    cursor.readTo = end
  }
  return read
}
