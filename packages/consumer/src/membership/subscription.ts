/** The bytes that members exchange through the group: what they want and hold, and what the leader gives them (ConsumerProtocol). */
import { ConsumerProtocolAssignment, ConsumerProtocolSubscription, codecOf, type Message, Reader, Writer } from '@tidemark/protocol'
import type { MemberSubscription, TopicPartition } from './assignors/assignor.ts'

/** Newest version written; a reader of any version reads a newer one as far as it knows it. */
const SUBSCRIPTION_VERSION = 2
const ASSIGNMENT_VERSION = 1

function versioned(message: Message<any>, version: number, value: unknown): Buffer {
  const w = new Writer(256)
  w.int16(version)
  codecOf(message, version).encode(w, value as never)
  return Buffer.from(w.written())
}

/** A version that is newer than ours begins with the fields of ours: bytes behind them are left unread (as in Kafka's ConsumerProtocol). */
function readVersioned<T>(message: Message<any>, bytes: Uint8Array): T {
  const r = new Reader(bytes)
  const version = Math.max(0, Math.min(r.int16(), message.versions[1]))
  return codecOf(message, version).decode(r) as T
}

export function encodeSubscription(topics: readonly string[], owned: readonly TopicPartition[], generation: number): Buffer {
  return versioned(ConsumerProtocolSubscription, SUBSCRIPTION_VERSION, {
    topics: [...topics].sort(),
    userData: null,
    ownedPartitions: byTopic(owned),
    generationId: generation,
  })
}

export function decodeSubscription(memberId: string, groupInstanceId: string | null, bytes: Uint8Array): MemberSubscription {
  const s = readVersioned<ConsumerProtocolSubscription>(ConsumerProtocolSubscription, bytes)
  return {
    memberId,
    groupInstanceId: groupInstanceId ?? undefined,
    topics: s.topics,
    owned: s.ownedPartitions.flatMap((t) => t.partitions.map((partition) => ({ topic: t.topic, partition }))),
    generation: s.generationId,
  }
}

export function encodeAssignment(partitions: readonly TopicPartition[]): Buffer {
  return versioned(ConsumerProtocolAssignment, ASSIGNMENT_VERSION, { assignedPartitions: byTopic(partitions), userData: null })
}

/** No bytes are no partitions: what a member gets whose leader did not know it. */
export function decodeAssignment(bytes: Uint8Array): TopicPartition[] {
  if (bytes.length === 0) return []
  const a = readVersioned<ConsumerProtocolAssignment>(ConsumerProtocolAssignment, bytes)
  return a.assignedPartitions.flatMap((t) => t.partitions.map((partition) => ({ topic: t.topic, partition })))
}

function byTopic(partitions: readonly TopicPartition[]): { topic: string; partitions: number[] }[] {
  const topics = new Map<string, number[]>()
  for (const { topic, partition } of partitions) {
    const known = topics.get(topic)
    if (known === undefined) topics.set(topic, [partition])
    else known.push(partition)
  }
  return [...topics].map(([topic, list]) => ({ topic, partitions: list }))
}
