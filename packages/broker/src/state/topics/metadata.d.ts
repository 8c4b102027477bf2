/**
 * What the cluster knows of itself: a fold over the records of `__cluster_metadata`.
 *
 * `apply` alone changes it, live and when the log is read back. A record is one value without a key:
 * `kind int16, version int16, fields`.
 */
import { fields, type Infer, type Message, type RecordToWrite } from '@tidemark/protocol'
export declare const TopicRecord: Message<{
  id: fields.Field<string, 'required'>
  name: fields.Field<string, 'required'>
  partitions: fields.Field<number, 'required'>
  internal: fields.Field<boolean, 'required'>
  createdMs: fields.Field<number, 'required'>
  configs: fields.Field<
    import('@tidemark/protocol').Rows<{
      readonly name: fields.Field<string, 'required'>
      readonly value: fields.Field<string, 'required'>
    }>,
    'required'
  >
}>
export declare const RemoveTopicRecord: Message<{
  readonly id: fields.Field<string, 'required'>
}>
/** A start of the broker: from here on every partition is led in this epoch. */
export declare const StartRecord: Message<{
  readonly leaderEpoch: fields.Field<number, 'required'>
  readonly startedMs: fields.Field<number, 'required'>
}>
/** Producer ids below this one may have been given away. */
export declare const ProducerIdsRecord: Message<{
  readonly nextProducerId: fields.Field<bigint, 'required'>
}>
export declare const MetadataCheckpoint: Message<{
  readonly reaches: fields.Field<number, 'required'>
  readonly leaderEpoch: fields.Field<number, 'required'>
  readonly nextProducerId: fields.Field<bigint, 'required'>
  readonly topics: fields.Field<
    import('@tidemark/protocol').Rows<{
      id: fields.Field<string, 'required'>
      name: fields.Field<string, 'required'>
      partitions: fields.Field<number, 'required'>
      internal: fields.Field<boolean, 'required'>
      createdMs: fields.Field<number, 'required'>
      configs: fields.Field<
        import('@tidemark/protocol').Rows<{
          readonly name: fields.Field<string, 'required'>
          readonly value: fields.Field<string, 'required'>
        }>,
        'required'
      >
    }>,
    'required'
  >
}>
export type Topic = Readonly<Infer<typeof TopicRecord>>
export type MetadataRecord =
  | ({
      readonly kind: 'topic'
    } & Topic)
  | {
      readonly kind: 'removeTopic'
      readonly id: string
    }
  | {
      readonly kind: 'start'
      readonly leaderEpoch: number
      readonly startedMs: number
    }
  | {
      readonly kind: 'producerIds'
      readonly nextProducerId: bigint
    }
export declare class Metadata {
  #private
  /** -1 before the first start. */
  leaderEpoch: number
  nextProducerId: bigint
  partitions: number
  readonly byId: Map<
    string,
    Readonly<{
      unknownTags?: readonly import('@tidemark/protocol').UnknownTag[] | undefined
      id: string
      name: string
      partitions: number
      internal: boolean
      createdMs: number
      configs: import('@tidemark/protocol').Rows<{
        readonly name: fields.Field<string, 'required'>
        readonly value: fields.Field<string, 'required'>
      }>
    }>
  >
  readonly byName: Map<
    string,
    Readonly<{
      unknownTags?: readonly import('@tidemark/protocol').UnknownTag[] | undefined
      id: string
      name: string
      partitions: number
      internal: boolean
      createdMs: number
      configs: import('@tidemark/protocol').Rows<{
        readonly name: fields.Field<string, 'required'>
        readonly value: fields.Field<string, 'required'>
      }>
    }>
  >
  apply(record: MetadataRecord): void
  /** The topic whose name has this collision key. */
  collidingWith(key: string): string | undefined
  /** All of it, and the offset it reaches: what a restart begins with. */
  checkpoint(reaches: number): Buffer
  /** Returns the offset that the checkpoint reaches. */
  restore(bytes: Buffer): number
}
export declare function encodeMetadata(record: MetadataRecord, timestampMs: number): RecordToWrite
/** Throws `WireError` for a record that is not one of ours. */
export declare function decodeMetadata(value: Buffer): MetadataRecord
