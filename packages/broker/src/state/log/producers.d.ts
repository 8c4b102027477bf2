/**
 * What a partition knows of its idempotent producers (KIP-98): a fold over the headers of its batches.
 *
 * Invariant: the state after `apply` of every batch of the log, in order, is the state; a snapshot and the rest of the log give
 * the same. `check` changes nothing. As in Kafka the last five batches of a producer are known: sent again, one of them is
 * answered with the offset it got. A producer that is not known may begin anywhere.
 */
import { type BatchHeader, fields } from '@tidemark/protocol'
/** How the state stands in a snapshot. */
export declare const producerFields: {
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
}
export interface KnownBatch {
  readonly firstSequence: number
  readonly lastSequence: number
  readonly baseOffset: number
  readonly timestampMs: number
}
export interface Producer {
  readonly producerEpoch: number
  /** Oldest first. */
  readonly batches: readonly KnownBatch[]
}
export type Verdict =
  | {
      readonly kind: 'append'
    }
  | {
      readonly kind: 'duplicate'
      readonly batch: KnownBatch
    }
  | {
      readonly kind: 'fenced'
    }
  | {
      readonly kind: 'outOfOrder'
      readonly expected: number
    }
/** The sequence `delta` after `sequence`: 2^31-1 is followed by 0. */
export declare function sequenceAfter(sequence: number, delta: number): number
export declare class Producers {
  #private
  constructor(countMax?: number)
  get count(): number
  check(header: BatchHeader): Verdict
  /** Takes in a batch of the log; one without a producer id changes nothing. */
  apply(header: BatchHeader): void
  entries(): (Producer & {
    readonly producerId: bigint
  })[]
  restore(
    entries: readonly (Producer & {
      readonly producerId: bigint
    })[],
  ): void
}
