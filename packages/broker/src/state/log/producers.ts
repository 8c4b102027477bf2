/**
 * What a partition knows of its idempotent producers (KIP-98): a fold over the headers of its batches.
 *
 * Invariant: the state after `apply` of every batch of the log, in order, is the state; a snapshot and the rest of
 * the log give the same. `check` changes nothing. As in Kafka the last five batches of a producer are known: sent
 * again, one of them is answered with the offset it got. A producer that is not known may begin anywhere.
 */
import { type BatchHeader, fields } from '@tidemark/protocol'

const { array, int16, int32, int64, offset } = fields

/** Kafka's `ProducerStateEntry.NUM_BATCHES_TO_RETAIN`: a producer has at most five requests in flight. */
const BATCHES_KEPT = 5
const SEQUENCE_MAX = 2 ** 31 - 1

/** The state in a snapshot. */
export const producerFields = {
  producerId: int64(),
  producerEpoch: int16(),
  batches: array({ firstSequence: int32(), lastSequence: int32(), baseOffset: offset(), timestampMs: offset() }),
}

interface KnownBatch {
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

export type SequenceCheck =
  | { readonly kind: 'append' }
  | { readonly kind: 'duplicate'; readonly batch: KnownBatch }
  | { readonly kind: 'fenced' }
  | { readonly kind: 'outOfOrder'; readonly expected: number }

const APPEND: SequenceCheck = { kind: 'append' }
const FENCED: SequenceCheck = { kind: 'fenced' }

/** The sequence `delta` after `sequence`: 2^31-1 is followed by 0. */
export function sequenceAfter(sequence: number, delta: number): number {
  return sequence > SEQUENCE_MAX - delta ? delta - (SEQUENCE_MAX - sequence) - 1 : sequence + delta
}

export class Producers {
  /** In the order of their last batch: the first one was silent longest. */
  readonly #byId = new Map<bigint, Producer>()
  readonly #countMax: number

  constructor(countMax = Number.POSITIVE_INFINITY) {
    this.#countMax = countMax
  }

  get count(): number {
    return this.#byId.size
  }

  check(header: BatchHeader): SequenceCheck {
    const known = this.#byId.get(header.producerId)
    if (known === undefined) return APPEND
    if (header.producerEpoch < known.producerEpoch) return FENCED
    const first = header.baseSequence
    if (header.producerEpoch > known.producerEpoch) return first === 0 ? APPEND : { kind: 'outOfOrder', expected: 0 }
    const last = sequenceAfter(first, header.lastOffsetDelta)
    const batch = known.batches.find((b) => b.firstSequence === first && b.lastSequence === last)
    if (batch !== undefined) return { kind: 'duplicate', batch }
    const expected = sequenceAfter(known.batches.at(-1)!.lastSequence, 1)
    return first === expected ? APPEND : { kind: 'outOfOrder', expected }
  }

  /** Takes in a batch of the log; one without a producer id changes nothing. */
  apply(header: BatchHeader): void {
    if (header.producerId < 0n) return
    const known = this.#byId.get(header.producerId)
    const batch: KnownBatch = {
      firstSequence: header.baseSequence,
      lastSequence: sequenceAfter(header.baseSequence, header.lastOffsetDelta),
      baseOffset: header.baseOffset,
      timestampMs: Number.isSafeInteger(header.maxTimestamp) ? header.maxTimestamp : -1,
    }
    const before = known !== undefined && known.producerEpoch === header.producerEpoch ? known.batches : []
    this.#byId.delete(header.producerId)
    this.#byId.set(header.producerId, { producerEpoch: header.producerEpoch, batches: [...before.slice(1 - BATCHES_KEPT), batch] })
    if (this.#byId.size > this.#countMax) this.#byId.delete(this.#byId.keys().next().value!)
  }

  entries(): (Producer & { readonly producerId: bigint })[] {
    return [...this.#byId].map(([producerId, producer]) => ({ producerId, ...producer }))
  }

  restore(entries: readonly (Producer & { readonly producerId: bigint })[]): void {
    for (const { producerId, producerEpoch, batches } of entries) this.#byId.set(producerId, { producerEpoch, batches })
  }
}
