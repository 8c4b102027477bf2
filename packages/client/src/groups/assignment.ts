/**
 * The bytes that members of a group of consumers exchange through it: what they subscribe to and own, and what the
 * leader assigns to them (ConsumerProtocol). Each is an int16 version and the embedded message.
 *
 * A version that is newer than ours begins with the fields of ours: bytes behind them are left unread, as Kafka's
 * ConsumerProtocol does.
 */
import {
  ConsumerProtocolAssignment,
  ConsumerProtocolSubscription,
  codecOf,
  type Message,
  Reader,
  WireError,
  Writer,
} from '@tidemark/protocol'
import type { TopicPartition } from '../messages/topic-partition.ts'

/** The newest versions that are written; a reader of any version reads a newer one as far as it knows it. */
const SUBSCRIPTION_VERSION = 2
/** The first version that says where the member is (KIP-881); written only by a member that says it. */
const RACK_SINCE = 3
const ASSIGNMENT_VERSION = 1

export interface Subscription {
  readonly topics: readonly string[]
  /** What the member owns; empty where its version cannot say. */
  readonly owned: readonly TopicPartition[]
  /** The generation in which it owned that; -1: its version cannot say. */
  readonly generation: number
  /** Where the member is; undefined: it does not say. */
  readonly rack?: string | undefined
}

/** The topics are written in the order of their names. */
export function encodeSubscription({ topics, owned, generation, rack }: Subscription): Buffer {
  return encodeVersioned(ConsumerProtocolSubscription, rack === undefined ? SUBSCRIPTION_VERSION : RACK_SINCE, {
    topics: [...topics].sort(),
    userData: null,
    ownedPartitions: byTopic(owned),
    generationId: generation,
    rackId: rack ?? null,
  })
}

/** Throws `WireError` for bytes that are not a subscription. */
export function decodeSubscription(bytes: Uint8Array): Subscription {
  const decoded = decodeVersioned<ConsumerProtocolSubscription>(ConsumerProtocolSubscription, bytes)
  const { topics, ownedPartitions, generationId, rackId } = decoded
  return { topics, owned: flat(ownedPartitions), generation: generationId, ...(rackId && { rack: rackId }) }
}

export function encodeAssignment(partitions: readonly TopicPartition[]): Buffer {
  return encodeVersioned(ConsumerProtocolAssignment, ASSIGNMENT_VERSION, { assignedPartitions: byTopic(partitions), userData: null })
}

/**
 * Empty bytes mean no partitions: a member whose leader did not know it gets them. Throws `WireError` for bytes that
 * are not an assignment.
 */
export function decodeAssignment(bytes: Uint8Array): TopicPartition[] {
  if (bytes.length === 0) return []
  return flat(decodeVersioned<ConsumerProtocolAssignment>(ConsumerProtocolAssignment, bytes).assignedPartitions)
}

function encodeVersioned(message: Message<any>, version: number, value: unknown): Buffer {
  const w = new Writer(256)
  w.int16(version)
  codecOf(message, version).encode(w, value as never)
  return Buffer.from(w.written())
}

function decodeVersioned<T>(message: Message<any>, bytes: Uint8Array): T {
  const r = new Reader(bytes)
  const version = r.int16()
  if (version < 0) throw new WireError(`version ${version} does not exist`)
  return codecOf(message, Math.min(version, message.versions[1])).decode(r) as T
}

const flat = (topics: readonly { topic: string; partitions: readonly number[] }[]): TopicPartition[] =>
  topics.flatMap(({ topic, partitions }) => partitions.map((partition) => ({ topic, partition })))

function byTopic(partitions: readonly TopicPartition[]): { topic: string; partitions: number[] }[] {
  const topics = new Map<string, number[]>()
  for (const { topic, partition } of partitions) {
    const known = topics.get(topic)
    if (known === undefined) topics.set(topic, [partition])
    else known.push(partition)
  }
  return [...topics].map(([topic, list]) => ({ topic, partitions: list }))
}
