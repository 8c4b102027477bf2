/**
 * What a partition derives from the headers of its batches: leader epochs and producers.
 *
 * Invariant: a snapshot, and `apply` of every batch from the offset that it reaches on, give the state. So a snapshot is
 * disposable, and it may be as old as it likes.
 */
import { type BatchHeader, fields } from '@tidemark/protocol'
import { LeaderEpochs } from './leader-epochs.ts'
import { Producers } from './producers.ts'
export declare const PartitionSnapshot: fields.Message<{
  readonly reaches: fields.Field<number, 'required'>
  readonly epochs: fields.Field<
    import('@tidemark/protocol').Rows<{
      readonly epoch: fields.Field<number, 'required'>
      readonly startOffset: fields.Field<number, 'required'>
    }>,
    'required'
  >
  readonly producers: fields.Field<
    import('@tidemark/protocol').Rows<{
      producerId: fields.Field<bigint, 'required'>
      producerEpoch: fields.Field<number, 'required'>
      batches: fields.Field<
        import('@tidemark/protocol').Rows<{
          readonly firstSequence: fields.Field<number, 'required'>
          readonly lastSequence: fields.Field<number, 'required'>
          readonly baseOffset: fields.Field<number, 'required'>
          readonly timestampMs: fields.Field<number, 'required'>
        }>,
        'required'
      >
    }>,
    'required'
  >
}>
export declare class PartitionState {
  readonly epochs: LeaderEpochs
  readonly producers: Producers
  constructor(producersMax?: number)
  apply(header: BatchHeader): void
  snapshot(reaches: number): Buffer
  /** Returns the offset that the snapshot reaches. */
  restore(bytes: Buffer): number
}
