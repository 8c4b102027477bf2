/** Copies the records of one topic that are not there yet. */
import { createAdmin, createProducer, type Kafka, type ReceivedMessage, read, type SendResult } from '@tidemark/client'
import { TidemarkError } from '@tidemark/platform'
import { BUFFER_BYTES, type ComparedTo } from './compare.ts'
import type { GraduatingTopic } from './plan-graduation.ts'

export interface CopyOptions {
  /** By partition: what is before it is there, and was compared. */
  readonly after: readonly ComparedTo[]
  readonly replicationFactor?: number
  readonly signal?: AbortSignal
  readonly onRecords: (count: number) => void
}

/** Records that wait for their acknowledgement. */
const IN_FLIGHT_MAX = 1_000
/** A cluster that is gone for so long ends the graduation, which goes on when it is called again. */
const DELIVERY_MS = 30_000
/** The other cluster says itself which records are too large for it. */
const RECORD_BYTES_MAX = 32 * 1024 * 1024

/**
 * What of transactions is committed alone: the copy has no transactions. Resolves with the number of records that were
 * copied. Rejects with GRADUATION_FAILED, TOPIC_EXISTS, …
 */
export async function copyTopic(
  from: Kafka,
  to: Kafka,
  { topic, partitions, configs, ends, exists }: GraduatingTopic,
  options: CopyOptions,
): Promise<number> {
  const { after, replicationFactor, signal } = options
  if (exists) await checkEnds(to, topic, after, signal)
  else await createAdmin(to).topics.create(topic, { partitions, configs, ...(replicationFactor !== undefined && { replicationFactor }) })
  await using producer = createProducer(to, {
    lingerMs: 5,
    deliveryTimeoutMs: DELIVERY_MS,
    recordBytesMax: RECORD_BYTES_MAX,
    requestBytesMax: 2 * RECORD_BYTES_MAX,
  })
  const counts = after.map(({ copy }) => copy)
  let sending: Promise<SendResult>[] = []
  let failure: { readonly error: unknown } | undefined
  let records = 0
  const settle = async (): Promise<void> => {
    await Promise.all(sending)
    if (sending.length > 0) options.onRecords(sending.length)
    sending = []
  }
  const bounds = {
    from: Object.fromEntries(after.map(({ source }, partition) => [partition, source])),
    to: Object.fromEntries(ends.map((end, partition) => [partition, end])),
  }
  for await (const message of read(from, topic, { ...bounds, isolation: 'read_committed', ...limitsOf(signal) })) {
    const result = sent(producer.send(topic, outgoing(message)), counts[message.partition]!++)
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
  return records
}

/** Requests of an attempt that was killed can arrive while what it copied is compared. */
async function checkEnds(to: Kafka, topic: string, after: readonly ComparedTo[], signal: AbortSignal | undefined): Promise<void> {
  const grown = (await createAdmin(to).topics.offsets(topic, 'latest', { signal })).find((it) => it.offset !== after[it.partition]!.copy)
  if (grown === undefined) return
  throw new TidemarkError(
    'PLAN_STALE',
    `${topic}-${grown.partition} on the other cluster was written to while it was compared: stop what writes to it, and begin again`,
    { topic, partition: grown.partition },
  )
}

/** Nobody else writes to the other log: the n-th record has the offset n. */
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
