/** Parts of logs, as batches: one Fetch, to one leader, for one part of each of many partitions. Nothing is parked. */
import type { Isolation, TopicPartition } from '@tidemark/client'
import { type Cluster, keyOf } from '@tidemark/client/internal'
import { TidemarkError } from '@tidemark/platform'
import {
  apis,
  type BatchHeader,
  batchesIn,
  errorOf,
  type FetchResponse,
  isControl,
  lastOffsetOf,
  RecordCursor,
  WireError,
} from '@tidemark/protocol'

export interface LogPlace extends TopicPartition {
  readonly offset: number
}

export interface FetchLogOptions {
  readonly node: number
  /** What one partition brings, in bytes: the first of the request brings at least a batch, if it has one (KIP-74). */
  readonly partitionBytesMax: number
  readonly bytesMax: number
  readonly isolation?: Isolation
  /** How long the leader may wait for a first byte. Default: 0. */
  readonly waitMs?: number
  /** Whose connection it goes over, where it waits. */
  readonly owner?: object
  readonly signal?: AbortSignal | undefined
}

export interface LogPart {
  /** Whole batches; the first ends at or after the requested offset. */
  readonly batches: readonly LogBatch[]
  readonly start: number
  readonly stable: number
  readonly end: number
  readonly aborted: readonly { readonly producerId: bigint; readonly firstOffset: number }[]
  /** Kafka's error for the partition. */
  readonly error: TidemarkError | undefined
}

export interface LogBatch {
  readonly header: BatchHeader
  readonly bytes: Buffer
}

/** Up to here a Fetch names topics; from the next version on it takes their ids. */
const NAMES_UNTIL = 12

/** By key of the partition; a partition once at most. Rejects as `cluster.send` does. */
export async function fetchLog(cluster: Cluster, places: readonly LogPlace[], options: FetchLogOptions): Promise<Map<string, LogPart>> {
  const { node, partitionBytesMax, bytesMax, isolation, waitMs = 0, owner, signal } = options
  const topics = [...Map.groupBy(places, ({ topic }) => topic)].map(([topic, list]) => ({
    topic,
    partitions: list.map(({ partition, offset }) => ({
      partition,
      fetchOffset: offset,
      partitionMaxBytes: partitionBytesMax,
      currentLeaderEpoch: cluster.leader(topic, partition)?.epoch ?? -1,
    })),
  }))
  const request = {
    maxWaitMs: waitMs,
    minBytes: waitMs === 0 ? 0 : 1,
    maxBytes: bytesMax,
    isolationLevel: isolation === 'read_committed' ? 1 : 0,
    topics,
  }
  const to = { node, purpose: 'fetch', signal, versionMax: NAMES_UNTIL, ...(owner === undefined ? {} : { owner }) } as const
  const { body } = await cluster.send(apis.Fetch, request, to)
  if (body.errorCode !== 0)
    throw new TidemarkError(errorOf(body.errorCode).name, `reading from node ${node} failed: ${errorOf(body.errorCode).name}`)
  return new Map(
    body.responses.flatMap(({ topic, partitions }) =>
      partitions.map((p) => [keyOf({ topic, partition: p.partitionIndex }), partOf(topic, p)]),
    ),
  )
}

function partOf(topic: string, answer: FetchResponse['responses'][number]['partitions'][number]): LogPart {
  const { partitionIndex: partition, errorCode, logStartOffset: start, lastStableOffset: stable, highWatermark: end } = answer
  const bounds = { start, stable, end, aborted: answer.abortedTransactions ?? [] }
  const where = { topic, partition }
  if (errorCode !== 0) {
    const { name, text } = errorOf(errorCode)
    return { ...bounds, batches: [], error: new TidemarkError(name, `${topic}-${partition} cannot be read: ${name} (${text})`, where) }
  }
  const records = answer.records ?? Buffer.alloc(0)
  try {
    const batches = Array.from(batchesIn(records), ({ at, header }) => ({ header, bytes: records.subarray(at, at + header.size) }))
    return { ...bounds, batches, error: undefined }
  } catch (cause) {
    if (!(cause instanceof WireError)) throw cause
    return { ...bounds, batches: [], error: corrupt(where, cause) }
  }
}

export const corrupt = ({ topic, partition }: TopicPartition, cause: WireError): TidemarkError =>
  new TidemarkError('CORRUPT_BATCH', `a batch of ${topic}-${partition} is corrupt: ${cause.message}`, { topic, partition, cause })

/** The records of a batch, in order; none of one that a transaction's marker fills. Throws `WireError`. */
export function* recordsOf({ header, bytes }: LogBatch): Generator<RecordCursor> {
  if (isControl(header.attributes)) return
  const cursor = new RecordCursor(bytes, header)
  while (cursor.next()) yield cursor
}

/** Behind the batch's last offset, which may belong to a record that compaction took out. */
export const endOf = ({ header }: LogBatch): number => lastOffsetOf(header) + 1
