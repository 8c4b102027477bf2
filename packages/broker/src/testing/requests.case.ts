/**
 * Brokers and raw requests, as the tests of handlers and of the whole broker use them. What is started ends with its
 * test.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { apis, batchesIn, crc32c, errorOf, ZERO_UUID } from '@tidemark/protocol'
import { expect, onTestFinished } from 'vitest'
import { type Broker, startBroker } from '../broker.ts'
import type { StartOptions } from '../options.ts'
import { type BatchWish, batchOf, RawClient, temporaryFolder } from './index.ts'

export async function start(options: Partial<StartOptions> = {}): Promise<Broker> {
  const broker = await startBroker({ data: ':memory:', ...options })
  onTestFinished(() => broker.close().catch(() => {}))
  return broker
}

export async function connect(broker: Broker): Promise<RawClient> {
  const client = await RawClient.connect(broker)
  onTestFinished(() => client.end())
  return client
}

export async function setUp(options: Partial<StartOptions> = {}): Promise<{ broker: Broker; client: RawClient }> {
  const broker = await start(options)
  return { broker, client: await connect(broker) }
}

export const folder = (): string => temporaryFolder(onTestFinished)
export const nameOf = (code: number): string => errorOf(code).name

export async function create(client: RawClient, name: string, configs: Record<string, string> = {}, numPartitions = 1): Promise<string> {
  const topic = {
    name,
    numPartitions,
    replicationFactor: 1,
    assignments: [],
    configs: Object.entries(configs).map(([key, value]) => ({ name: key, value })),
  }
  const { topics } = await client.call(apis.CreateTopics, 7, { topics: [topic] })
  expect(nameOf(topics[0]!.errorCode)).toBe('NONE')
  return topics[0]!.topicId
}

export interface ProduceWish {
  readonly version?: number
  readonly acks?: number
  readonly topicId?: string
  readonly partition?: number
}

export function produceRequest(topic: string, records: Uint8Array, { acks = -1, topicId = ZERO_UUID, partition = 0 }: ProduceWish = {}) {
  return { acks, timeoutMs: 1000, topicData: [{ name: topic, topicId, partitionData: [{ index: partition, records }] }] }
}

export async function produce(client: RawClient, topic: string, wish: BatchWish | Buffer = {}, how: ProduceWish = {}) {
  const records = Buffer.isBuffer(wish) ? wish : batchOf(wish)
  const { responses } = await client.call(apis.Produce, how.version ?? 9, produceRequest(topic, records, how))
  const [answer] = responses[0]!.partitionResponses
  return { ...answer!, error: nameOf(answer!.errorCode) }
}

export interface FetchWish {
  readonly version?: number
  readonly topicId?: string
  readonly partition?: number
  readonly maxWaitMs?: number
  readonly minBytes?: number
  readonly maxBytes?: number
  readonly partitionMaxBytes?: number
  readonly currentLeaderEpoch?: number
  readonly lastFetchedEpoch?: number
}

export function fetchRequest(topic: string, fetchOffset: number, wish: FetchWish = {}) {
  const { topicId = ZERO_UUID, partition = 0, maxWaitMs = 0, minBytes = 1, maxBytes = 1e6, partitionMaxBytes = 1e6, ...epochs } = wish
  return {
    maxWaitMs,
    minBytes,
    maxBytes,
    topics: [{ topic, topicId, partitions: [{ partition, fetchOffset, partitionMaxBytes, ...epochs }] }],
  }
}

export async function fetch(client: RawClient, topic: string, fetchOffset: number, { version = 12, ...wish }: FetchWish = {}) {
  const { responses } = await client.call(apis.Fetch, version, fetchRequest(topic, fetchOffset, wish))
  const [answer] = responses[0]!.partitions
  return { ...answer!, error: nameOf(answer!.errorCode), offsets: baseOffsets(answer!.records) }
}

export const baseOffsets = (records: Buffer | null): number[] =>
  records === null ? [] : [...batchesIn(records)].map((b) => b.header.baseOffset)

export async function offsetAt(client: RawClient, topic: string, timestamp: number, version = 9) {
  const request = { replicaId: -1, topics: [{ name: topic, partitions: [{ partitionIndex: 0, timestamp, maxNumOffsets: 10 }] }] }
  const { topics } = await client.call(apis.ListOffsets, version, request)
  const [answer] = topics[0]!.partitions
  return { ...answer!, error: nameOf(answer!.errorCode) }
}

export const metadataOf = (client: RawClient, names: string[] | null, version = 12, allowAutoTopicCreation = false) =>
  client.call(apis.Metadata, version, { topics: names?.map((name) => ({ name })) ?? null, allowAutoTopicCreation })

/** The batch after an edit, with a CRC that is right again. */
export function edited(batch: Buffer, edit: (batch: Buffer) => void): Buffer {
  edit(batch)
  batch.writeUInt32BE(crc32c(batch.subarray(21)), 17)
  return batch
}

/** A frame as bytes: API key, version, correlation id, and whatever follows. */
export function rawFrame(apiKey: number, version: number, ...rest: number[]): Buffer {
  const frame = Buffer.alloc(12 + rest.length)
  frame.writeInt32BE(8 + rest.length, 0)
  frame.writeInt16BE(apiKey, 4)
  frame.writeInt16BE(version, 6)
  frame.writeInt32BE(99, 8)
  Buffer.from(rest).copy(frame, 12)
  return frame
}

export function notables(): { readonly kind: string }[] {
  const seen: { readonly kind: string }[] = []
  const listen = (message: unknown): void => void seen.push(message as { kind: string })
  subscribe('tidemark:broker', listen)
  onTestFinished(() => void unsubscribe('tidemark:broker', listen))
  return seen
}
