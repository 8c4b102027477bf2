/** Copies one topic, record by record, and compares both sides afterwards. */
import { createAdmin, createProducer, type Kafka, type ReceivedMessage, read, type SendResult } from '@tidemark/client'
import { TidemarkError } from '@tidemark/platform'
import { fingerprintOf } from '../translate/fingerprint.ts'
import type { GraduatingTopic } from './plan-graduation.ts'

export interface CopiedTopic {
  readonly records: number
  /** By partition and offset: where the record, or the next one that is there, has gone. */
  readonly places: ReadonlyMap<number, ReadonlyMap<number, number>>
}

export interface CopyOptions {
  /** Offsets of each partition whose new place is wanted. */
  readonly wanted: ReadonlyMap<number, readonly number[]>
  readonly replicationFactor?: number
  readonly signal?: AbortSignal
  readonly onRecords: (count: number) => void
}

/** Records that are compared between two reports. */
const TOLD_EVERY = 10_000
/** Records that wait for their acknowledgement. */
const IN_FLIGHT_MAX = 1_000
const BUFFER_BYTES = 16 * 1024 * 1024
/**
 * A cluster that is gone for so long ends the graduation, which begins again with the topics of the attempt deleted.
 */
const DELIVERY_MS = 30_000
/** The other cluster says itself which records are too large for it. */
const RECORD_BYTES_MAX = 32 * 1024 * 1024

/**
 * What of transactions is committed alone: the copy has no transactions. Rejects with GRADUATION_FAILED, TOPIC_EXISTS,
 * …
 */
export async function copyTopic(
  from: Kafka,
  to: Kafka,
  { topic, partitions, configs, ends }: GraduatingTopic,
  options: CopyOptions,
): Promise<CopiedTopic> {
  const { wanted, replicationFactor, signal } = options
  await createAdmin(to).topics.create(topic, { partitions, configs, ...(replicationFactor !== undefined && { replicationFactor }) })
  await using producer = createProducer(to, {
    lingerMs: 5,
    deliveryTimeoutMs: DELIVERY_MS,
    recordBytesMax: RECORD_BYTES_MAX,
    requestBytesMax: 2 * RECORD_BYTES_MAX,
  })
  const counts = Array.from({ length: partitions }, () => 0)
  const open = new Map([...wanted].map(([partition, offsets]) => [partition, [...offsets].sort((a, b) => a - b)]))
  const places = new Map([...wanted.keys()].map((partition) => [partition, new Map<number, number>()]))
  let sending: Promise<SendResult>[] = []
  let failure: { readonly error: unknown } | undefined
  let records = 0
  const settle = async (): Promise<void> => {
    await Promise.all(sending)
    options.onRecords(sending.length)
    sending = []
  }
  const bounds = Object.fromEntries(ends.map((end, partition) => [partition, end]))
  for await (const message of read(from, topic, { to: bounds, isolation: 'read_committed', ...limitsOf(signal) })) {
    const { partition, offset } = message
    const at = counts[partition]!++
    for (let next = open.get(partition)?.[0]; next !== undefined && next <= offset; next = open.get(partition)![0]) {
      places.get(partition)!.set(open.get(partition)!.shift()!, at)
    }
    const result = sent(producer.send(topic, outgoing(message)), at)
    // While more is read nobody waits for it: without this its failure would end the process.
    result.catch((error) => {
      failure ??= { error }
    })
    sending.push(result)
    if (failure !== undefined) throw failure.error
    records++
    if (sending.length === IN_FLIGHT_MAX) await settle()
  }
  await settle()
  for (const [partition, offsets] of open) for (const offset of offsets) places.get(partition)!.set(offset, counts[partition]!)
  return { records, places }
}

/** The other log was empty, and nobody else writes to it: the n-th record has the offset n. */
async function sent(sending: Promise<SendResult>, at: number): Promise<SendResult> {
  const result = await sending
  if (result.offset === at || result.offset === -1) return result
  const { topic, partition, offset } = result
  throw new TidemarkError(
    'GRADUATION_FAILED',
    `${topic}-${partition} gave offset ${offset} where ${at} was next: something else writes to it`,
    { topic, partition },
  )
}

const outgoing = ({ partition, key, value, headers, timestampMs }: ReceivedMessage) => ({ partition, key, value, headers, timestampMs })

const limitsOf = (signal: AbortSignal | undefined) => ({ bufferBytesMax: BUFFER_BYTES, ...(signal !== undefined && { signal }) })

/** Reads both sides again, in step. Rejects with GRADUATION_FAILED at the first record that differs. */
export async function verifyTopic(
  from: Kafka,
  to: Kafka,
  { topic, partitions, ends }: GraduatingTopic,
  { signal, onRecords }: { readonly signal: AbortSignal | undefined; readonly onRecords: (count: number) => void },
): Promise<number> {
  let records = 0
  for (let partition = 0; partition < partitions; partition++) {
    const bounds = { from: { [partition]: 0 }, ...limitsOf(signal) }
    const [begin] = await createAdmin(from).topics.offsets(topic, 'earliest', { partitions: [partition], signal })
    await using source = read(from, topic, {
      ...bounds,
      from: { [partition]: begin!.offset },
      to: { [partition]: ends[partition]! },
      isolation: 'read_committed',
    })
    await using copy = read(to, topic, { ...bounds, to: 'end', partitions: [partition] })
    for (let at = 0; ; at++) {
      const [a, b] = await Promise.all([source.next(), copy.next()])
      if (a.done && b.done) break
      if (a.done || b.done || fingerprintOf(a.value) !== fingerprintOf(b.value)) {
        const what = a.done ? 'has a record more than its source' : b.done ? 'lacks a record of its source' : 'differs from its source'
        throw new TidemarkError('GRADUATION_FAILED', `the copy of ${topic}-${partition} ${what} at offset ${at}`, {
          topic,
          partition,
          offset: at,
        })
      }
      if (++records % TOLD_EVERY === 0) onRecords(TOLD_EVERY)
    }
  }
  if (records % TOLD_EVERY > 0) onRecords(records % TOLD_EVERY)
  return records
}
