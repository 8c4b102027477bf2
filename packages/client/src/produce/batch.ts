/**
 * A batch that is being produced: its records, the sends they belong to, and the sequence number that it keeps
 * through all retries.
 */
import type { TidemarkError } from '@tidemark/platform'
import {
  BATCH_HEADER_BYTES,
  BatchBuilder,
  type Compression,
  crc32c,
  RecordCursor,
  readBatchHeader,
  recordBytesMax,
} from '@tidemark/protocol'
import type { Offset } from '../messages/offset.ts'
import type { OutgoingRecord } from './encode.ts'
import type { PendingSend } from './pending-send.ts'

export interface ProducerIdentity {
  readonly producerId: bigint
  readonly epoch: number
}

/** Sequence numbers go round at 2^31. */
export const sequenceAfter = (sequence: number, count: number): number => (sequence + count) % 2 ** 31
/** Whether `a` was assigned before `b`; both are among the few that are in flight. */
export const isSequenceBefore = (a: number, b: number): boolean => a !== b && (b - a + 2 ** 31) % 2 ** 31 < 2 ** 30

export class ProduceBatch {
  readonly topic: string
  readonly partition: number
  readonly deadlineMs: number
  readonly createdMs: number
  /** Bytes that the batch takes of the producer's buffer. */
  bufferedBytes = 0
  baseSequence = -1
  identity: ProducerIdentity | undefined
  attempts = 0
  lastError: TidemarkError | undefined
  #builder: BatchBuilder | undefined
  #bytes: Buffer | undefined
  readonly #sends: PendingSend[] = []
  readonly #indexes: number[] = []
  readonly #timestampsMs: number[] = []

  constructor(topic: string, partition: number, createdMs: number, deadlineMs: number, bytesExpected: number) {
    this.topic = topic
    this.partition = partition
    this.createdMs = createdMs
    this.deadlineMs = deadlineMs
    this.#builder = new BatchBuilder(bytesExpected)
  }

  get count(): number {
    return this.#sends.length
  }

  /** The batch as it is now; before compression, while it grows. */
  get size(): number {
    return this.#bytes?.length ?? this.#builder!.size
  }

  get isBuilt(): boolean {
    return this.#bytes !== undefined
  }

  hasRoom(record: OutgoingRecord, bytesMax: number): boolean {
    return this.count === 0 || this.size + recordBytesMax(record) <= bytesMax
  }

  add(record: OutgoingRecord, send: PendingSend, index: number): void {
    this.#builder!.add(record)
    this.#sends.push(send)
    this.#indexes.push(index)
    this.#timestampsMs.push(record.timestampMs)
  }

  /** The bytes to send. The first call ends the batch's growth. */
  bytes(compression: Compression): Buffer {
    if (this.#bytes === undefined) {
      const { producerId, epoch: producerEpoch } = this.identity ?? { producerId: -1n, epoch: -1 }
      this.#bytes = this.#builder!.build({ compression, producerId, producerEpoch, baseSequence: this.baseSequence })
      this.#builder = undefined
    }
    return this.#bytes
  }

  /** Gives it another identity and sequence; only for a batch that is known not to be in the log. */
  renumber(identity: ProducerIdentity, baseSequence: number): void {
    this.identity = identity
    this.baseSequence = baseSequence
    if (this.#bytes === undefined) return
    const bytes = Buffer.from(this.#bytes) // bytes that a connection was given may not change
    bytes.writeBigInt64BE(identity.producerId, 43)
    bytes.writeInt16BE(identity.epoch, 51)
    bytes.writeInt32BE(baseSequence, 53)
    bytes.writeUInt32BE(crc32c(bytes.subarray(21)), 17)
    this.#bytes = bytes
  }

  /** Two halves that together have the sequence numbers of the whole. */
  split(compression: Compression): [ProduceBatch, ProduceBatch] {
    const bytes = this.bytes(compression)
    const half = this.count >> 1
    const make = (): ProduceBatch => new ProduceBatch(this.topic, this.partition, this.createdMs, this.deadlineMs, BATCH_HEADER_BYTES)
    const halves: [ProduceBatch, ProduceBatch] = [make(), make()]
    const cursor = new RecordCursor(bytes, readBatchHeader(bytes))
    for (let i = 0; cursor.next(); i++) {
      const headers = cursor.headers()
      const own = headers.length > 0 ? { headers } : {}
      const record = { key: cursor.key, value: cursor.value, timestampMs: cursor.timestampMs, partition: undefined, ...own }
      halves[i < half ? 0 : 1].add(record, this.#sends[i]!, this.#indexes[i]!)
    }
    halves[0].bufferedBytes = this.bufferedBytes >> 1
    halves[1].bufferedBytes = this.bufferedBytes - halves[0].bufferedBytes
    if (this.identity !== undefined) {
      halves[0].renumber(this.identity, this.baseSequence)
      halves[1].renumber(this.identity, sequenceAfter(this.baseSequence, half))
    }
    return halves
  }

  /** `logAppendTimeMs` of -1: the records keep their own times. */
  written(baseOffset: number, logAppendTimeMs: number): void {
    const { topic, partition } = this
    for (let i = 0; i < this.count; i++) {
      const offset = (baseOffset < 0 ? -1 : baseOffset + i) as Offset
      const timestampMs = logAppendTimeMs >= 0 ? logAppendTimeMs : this.#timestampsMs[i]!
      this.#sends[i]!.written(this.#indexes[i]!, { topic, partition, offset, timestampMs })
    }
  }

  failed(errorOf: (index: number) => TidemarkError): void {
    for (let i = 0; i < this.count; i++) this.#sends[i]!.failed(errorOf(i))
  }
}
