/** The records under a group's committed offsets, and around them: what it reads next, and what it has read. */
import { type CallLimits, type Header, type Kafka, type ReceivedMessage, read, TidemarkError, type TopicPartition } from '@tidemark/client'
import { checkedLimits, handleOf, LIMIT_NAMES, retrying } from '@tidemark/client/internal'
import { checkFunction, checkName, checkOptions, checkPartition, countOption } from '@tidemark/platform'
import { groupPositions } from '../read/group-positions.ts'
import { inLanes, shrinking } from '../read/limits.ts'
import type { GroupPosition } from '../read/position.ts'
import type { DecodedRecord, SchemaRegistry } from '../registry/schema-registry.ts'

export interface PeekedRecord extends TopicPartition {
  readonly offset: number
  readonly timestampMs: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly Header[]
  /** `at`: the next one that the group reads. */
  readonly place: 'before' | 'at' | 'after'
  /** What the schema registry makes of the key and the value, where one is given. */
  readonly decoded?: DecodedRecord
}

export interface PeekOptions extends CallLimits {
  /** Records below the committed offset, of each partition. Default: 0. */
  readonly before?: number
  /** Records above the one at the committed offset. Default: 0. */
  readonly after?: number
  /** Default: all topics of which something is committed. */
  readonly topic?: string
  /** Default: all of them. */
  readonly partition?: number
  /** Decodes keys and values that name a schema: see `createSchemaRegistry`. Default: none. */
  readonly registry?: SchemaRegistry
}

const AROUND_MAX = 1_000
const PARTITIONS_AT_ONCE = 4
const BUFFER_BYTES = 1024 * 1024
/** How far below the committed offset records are looked for: compaction and transactions leave holes. */
const TAILS: readonly number[] = [1, 20, 400]

/**
 * By topic, partition and offset, in memory of their own. Reads uncommitted records too. Rejects with `TidemarkError`
 * UNKNOWN_GROUP, NOTHING_TO_DO (nothing is committed there), INVALID_OPTION, INVALID_ARGUMENT, what reading a topic
 * brings (TOPIC_AUTHORIZATION_FAILED, CORRUPT_BATCH, …), or what the limits bring.
 */
export async function peek(kafka: Kafka, group: string, options: PeekOptions = {}): Promise<readonly PeekedRecord[]> {
  checkName('the name of the group', group)
  checkOptions<PeekOptions>('peek()', options, { ...LIMIT_NAMES, before: true, after: true, topic: true, partition: true, registry: true })
  const before = countOption('before', options.before ?? 0, 0, AROUND_MAX)
  const after = countOption('after', options.after ?? 0, 0, AROUND_MAX)
  const { topic, partition, registry } = options
  if (topic !== undefined) checkName('the name of the topic', topic)
  if (partition !== undefined) checkPartition('the partition', partition)
  if (registry !== undefined) checkFunction("'decode' of option 'registry'", registry?.decode)
  const limits = shrinking(kafka, checkedLimits(options))
  const { positions } = await groupPositions(kafka, group, limits())
  const wanted = positions.filter(
    (it) => it.committed !== null && (topic === undefined || it.topic === topic) && (partition === undefined || it.partition === partition),
  )
  if (wanted.length === 0) throw new TidemarkError('NOTHING_TO_DO', `group '${group}' has committed nothing${whereText(topic, partition)}`)
  const readable = wanted.filter(({ error }) => error === null)
  if (readable.length === 0) throw new TidemarkError(wanted[0]!.error!.code, wanted[0]!.error!.message)
  const what = `reading records around the offsets of group '${group}'`
  const found = await retrying(handleOf(kafka).cluster, { what, retries: () => false, ...limits() }, (signal) =>
    inLanes(readable, PARTITIONS_AT_ONCE, async (position) => {
      const records = await around(kafka, position, before, after, signal)
      return registry === undefined ? records : await decodedWith(registry, records, signal)
    }),
  )
  return found.flat()
}

function whereText(topic: string | undefined, partition: number | undefined): string {
  if (topic === undefined) return partition === undefined ? '' : ` in a partition ${partition}`
  return ` in ${topic}${partition === undefined ? '' : `-${partition}`}`
}

/** One after the other: most name the same schema. */
async function decodedWith(registry: SchemaRegistry, records: readonly PeekedRecord[], signal: AbortSignal): Promise<PeekedRecord[]> {
  const done: PeekedRecord[] = []
  for (const record of records) done.push({ ...record, decoded: await registry.decode(record, { signal }) })
  return done
}

async function around(kafka: Kafka, position: GroupPosition, before: number, after: number, signal: AbortSignal): Promise<PeekedRecord[]> {
  const { start, end } = position as { start: number; end: number }
  const committed = Math.min(Math.max(position.committed!, start), end)
  const next = committed < end ? await recordsOf(kafka, position, committed, end, after + 1, signal) : []
  const earlier = await recordsBefore(kafka, position, start, committed, before, signal)
  return [...earlier.map((message) => peeked(message, 'before')), ...next.map((message, i) => peeked(message, i === 0 ? 'at' : 'after'))]
}

/** The last `count` records below `committed`. */
async function recordsBefore(
  kafka: Kafka,
  position: TopicPartition,
  start: number,
  committed: number,
  count: number,
  signal: AbortSignal,
): Promise<ReceivedMessage[]> {
  if (count === 0 || committed <= start) return []
  for (const times of TAILS) {
    const from = Math.max(start, committed - count * times)
    const found = await recordsOf(kafka, position, from, committed, Number.POSITIVE_INFINITY, signal, count)
    if (found.length >= count || from === start || times === TAILS.at(-1)) return found
  }
  return []
}

/** From `from` to below `to`: the first `max` of them, of which the last `keep` are kept. */
async function recordsOf(
  kafka: Kafka,
  { topic, partition }: TopicPartition,
  from: number,
  to: number,
  max: number,
  signal: AbortSignal,
  keep = max,
): Promise<ReceivedMessage[]> {
  const found: ReceivedMessage[] = []
  let count = 0
  const range = { partitions: [partition], from: { [partition]: from }, to: { [partition]: to } }
  for await (const message of read(kafka, topic, { ...range, bufferBytesMax: BUFFER_BYTES, signal })) {
    found.push(message.copy())
    if (found.length > keep) found.shift()
    if (++count >= max) break
  }
  return found
}

const peeked = (
  { topic, partition, offset, timestampMs, key, value, headers }: ReceivedMessage,
  place: PeekedRecord['place'],
): PeekedRecord => ({
  topic,
  partition,
  offset,
  timestampMs,
  key,
  value,
  headers,
  place,
})
