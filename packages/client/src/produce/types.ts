/** What a producer takes and gives. */
import type { Compression } from '@tidemark/protocol'
import type { Offset } from '../messages/offset.ts'
import type { Bytes } from '../messages/topic.ts'

export type Acks = 'all' | 'leader' | 'none'

export interface OutgoingMessage<K = Bytes | null, V = Bytes | null> {
  /** Text is written as UTF-8. Messages of one key go to one partition, in order. */
  readonly key?: K
  /** null is a tombstone: in a compacted topic it deletes the key. */
  readonly value: V
  /** In an array a name may come twice. Text is written as UTF-8. */
  readonly headers?: Readonly<Record<string, Bytes | null>> | readonly { readonly key: string; readonly value: Bytes | null }[]
  /** Instead of the one that the partitioner chooses. */
  readonly partition?: number
  /** Milliseconds since 1970. Default: now. */
  readonly timestampMs?: number
}

export interface SendResult {
  readonly topic: string
  readonly partition: number
  /** -1 where the broker does not say: `acks: 'none'`, or a record that was found to be written already. */
  readonly offset: Offset
  /** The record's time: the broker's if the topic says LogAppendTime, else as it was sent. */
  readonly timestampMs: number
}

export interface PartitionerInput {
  readonly topic: string
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  /** How many partitions there are. */
  readonly partitions: number
}

/** Returns the number of a partition. */
export type Partitioner = (input: PartitionerInput) => number

export interface ProducerOptions {
  /**
   * Whose acknowledgement is waited for: `'all'` replicas in sync, the `'leader'`, or `'none'`. Kafka: `acks`. Default:
   * `'all'`.
   */
  readonly acks?: Acks
  /** `'gzip'`, `'snappy'`, `'lz4'`, `'zstd'` or `'none'`. Kafka: `compression.type`. Default: `'none'`. */
  readonly compression?: Compression
  /**
   * How long a batch waits for more records; batches also form while earlier ones are in flight. Kafka: `linger.ms`.
   * Default: 0.
   */
  readonly lingerMs?: number
  /** The size of a batch of one partition, before compression. Kafka: `batch.size`. Default: 1 MiB. */
  readonly batchBytesMax?: number
  /** A record larger than this is refused before it is sent. Kafka: `max.request.size`. Default: 1 MiB. */
  readonly recordBytesMax?: number
  /** What one Produce request may hold. Default: 8 MiB. */
  readonly requestBytesMax?: number
  /** Records that are not acknowledged yet; beyond it `send` waits. Kafka: `buffer.memory`. Default: 32 MiB. */
  readonly bufferBytesMax?: number
  /** Calls of `send` that may wait for buffer space or for metadata. Default: 100,000. */
  readonly sendsWaitingMax?: number
  /** How long a `send` waits for buffer space or for metadata. Kafka: `max.block.ms`. Default: 60,000. */
  readonly maxBlockMs?: number
  /**
   * Ask the broker to create a topic that does not exist; it does so if `auto.create.topics.enable`. Default: true.
   */
  readonly autoCreate?: boolean
  /**
   * How long a topic that no broker knows is waited for: one that is just being created is not known everywhere at
   * once. librdkafka: `topic.metadata.propagation.max.ms`. Default: 5,000.
   */
  readonly topicWaitMs?: number
  /**
   * How long a record is tried, from when it was accepted; an answer that is due then is still awaited, for
   * `requestTimeoutMs`. Kafka: `delivery.timeout.ms`. Default: 120,000.
   */
  readonly deliveryTimeoutMs?: number
  /**
   * No record twice, none out of order, whatever is tried again. Kafka: `enable.idempotence`. Default: true if acks
   * is `all`.
   */
  readonly idempotent?: boolean
  /**
   * Which partition a message goes to. Kafka: `partitioner.class`. Default: murmur2 of the key, as Kafka's own client
   * does it; without a key one partition for a batch (KIP-480).
   */
  readonly partitioner?: Partitioner
}

export type ResolvedProducerOptions = Required<Omit<ProducerOptions, 'partitioner'>> & Pick<ProducerOptions, 'partitioner'>
