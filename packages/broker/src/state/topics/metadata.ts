/**
 * What the cluster knows of itself: a fold over the records of `__cluster_metadata`.
 *
 * `apply` alone changes it, live and when the log is read back. A record is one value without a key:
 * `kind int16, version int16, fields`.
 */
import { codecOf, fields, type Infer, type Message, message, Reader, type RecordToWrite, Writer } from '@tidemark/protocol'
import type { LogPoint } from '../log/point.ts'
import { collisionKey } from './names.ts'

const { array, bool, int32, int64, offset, string, uuid } = fields

const topicFields = {
  id: uuid(),
  name: string(),
  partitions: int32(),
  internal: bool(),
  createdMs: offset(),
  configs: array({ name: string(), value: string() }),
}

const TopicRecord = message('TopicRecord', { versions: '0', flexible: '0+' }, topicFields)
const RemoveTopicRecord = message('RemoveTopicRecord', { versions: '0', flexible: '0+' }, { id: uuid() })
/** A start of the broker: from here on every partition is led in this epoch. */
const StartRecord = message('StartRecord', { versions: '0', flexible: '0+' }, { leaderEpoch: int32(), startedMs: offset() })
/** Producer ids below this one may have been assigned. */
const ProducerIdsRecord = message('ProducerIdsRecord', { versions: '0', flexible: '0+' }, { nextProducerId: int64() })

const MetadataCheckpoint = message(
  'MetadataCheckpoint',
  { versions: '0', flexible: '0+' },
  {
    reaches: offset(),
    /** Of the last batch below that. */
    lastCrc: int32(),
    leaderEpoch: int32(),
    nextProducerId: int64(),
    topics: array(topicFields),
  },
)

export type Topic = Readonly<Infer<typeof TopicRecord>>

/** Whether the topic has the partition: the one check of a partition number from the wire. */
export const hasPartition = ({ partitions }: Topic, index: number): boolean => Number.isInteger(index) && index >= 0 && index < partitions

export type MetadataRecord =
  | ({ readonly kind: 'topic' } & Topic)
  | { readonly kind: 'removeTopic'; readonly id: string }
  | { readonly kind: 'start'; readonly leaderEpoch: number; readonly startedMs: number }
  | { readonly kind: 'producerIds'; readonly nextProducerId: bigint }

const kinds: Record<MetadataRecord['kind'], { readonly number: number; readonly message: Message<any> }> = {
  start: { number: 1, message: StartRecord },
  topic: { number: 2, message: TopicRecord },
  removeTopic: { number: 3, message: RemoveTopicRecord },
  producerIds: { number: 4, message: ProducerIdsRecord },
}
const VERSION = 0

export class Metadata {
  /** -1 before the first start. */
  leaderEpoch = -1
  nextProducerId = 0n
  partitions = 0
  readonly byId = new Map<string, Topic>()
  readonly byName = new Map<string, Topic>()
  /** Names as metrics would write them: two topics may not share one. */
  readonly #byCollisionKey = new Map<string, string>()

  apply(record: MetadataRecord): void {
    switch (record.kind) {
      case 'start':
        this.leaderEpoch = record.leaderEpoch
        return
      case 'producerIds':
        this.nextProducerId = record.nextProducerId
        return
      case 'topic': {
        const { kind: _, ...topic } = record
        this.#add(topic)
        return
      }
      case 'removeTopic': {
        const topic = this.byId.get(record.id)
        if (topic === undefined) return
        this.byId.delete(topic.id)
        this.byName.delete(topic.name)
        this.#byCollisionKey.delete(collisionKey(topic.name))
        this.partitions -= topic.partitions
      }
    }
  }

  #add(topic: Topic): void {
    this.byId.set(topic.id, topic)
    this.byName.set(topic.name, topic)
    this.#byCollisionKey.set(collisionKey(topic.name), topic.name)
    this.partitions += topic.partitions
  }

  /** The topic whose name has this collision key. */
  collidingWith(key: string): string | undefined {
    return this.#byCollisionKey.get(key)
  }

  /** The records that make this state of an empty one. */
  records(): MetadataRecord[] {
    const { leaderEpoch, nextProducerId } = this
    const topics = Array.from(this.byId.values(), (topic) => ({ kind: 'topic', ...topic }) as const)
    return [{ kind: 'start', leaderEpoch, startedMs: -1 }, { kind: 'producerIds', nextProducerId }, ...topics]
  }

  /** All of it, and the offset it reaches: what a restart begins with. */
  checkpoint({ reaches, lastCrc }: LogPoint): Buffer {
    const { leaderEpoch, nextProducerId } = this
    const w = new Writer()
    codecOf(MetadataCheckpoint, VERSION).encode(w, { reaches, lastCrc, leaderEpoch, nextProducerId, topics: [...this.byId.values()] })
    return Buffer.from(w.written())
  }

  /** Returns the point of the log that the checkpoint reaches. */
  restore(bytes: Buffer): LogPoint {
    const { reaches, lastCrc, leaderEpoch, nextProducerId, topics } = codecOf(MetadataCheckpoint, VERSION).decode(new Reader(bytes))
    this.leaderEpoch = leaderEpoch
    this.nextProducerId = nextProducerId
    for (const topic of topics) this.#add(topic)
    return { reaches, lastCrc }
  }
}

export function encodeMetadata(record: MetadataRecord, timestampMs: number): RecordToWrite {
  const { number, message: declared } = kinds[record.kind]
  const w = new Writer(128)
  w.int16(number)
  w.int16(VERSION)
  codecOf(declared, VERSION).encode(w, record as never)
  return { key: null, value: Buffer.from(w.written()), timestampMs }
}

/** Throws `WireError` for a record that is not one of ours. */
export function decodeMetadata(value: Buffer): MetadataRecord {
  const r = new Reader(value)
  const number = r.int16()
  const version = r.int16()
  for (const [kind, row] of Object.entries(kinds)) {
    if (row.number === number) return { kind, ...codecOf(row.message, version).decode(r) } as MetadataRecord
  }
  throw new RangeError(`__cluster_metadata has a record of kind ${number}, which this version does not know`)
}
