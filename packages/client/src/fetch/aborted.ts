/**
 * What a reader of committed records leaves out: the batches of transactions that were aborted.
 *
 * A Fetch answer lists them by producer and first offset. From that offset on a producer's transactional batches
 * belong to the aborted transaction, until its abort marker; one producer may have several in one answer, so the list
 * is walked in its order.
 */
import { type BatchHeader, isControl, isTransactional, lastOffsetOf, RecordCursor } from '@tidemark/protocol'

export interface AbortedTransaction {
  readonly producerId: bigint
  readonly firstOffset: number
}

const ABORT_MARKER = 0

export class AbortedFilter {
  /** By first offset. */
  readonly #upcoming: AbortedTransaction[]
  #next = 0
  readonly #open = new Set<bigint>()

  constructor(transactions: readonly AbortedTransaction[]) {
    this.#upcoming = [...transactions].sort((a, b) => a.firstOffset - b.firstOffset)
  }

  /** Call it for every batch, in order. True: the batch belongs to an aborted transaction. */
  leavesOut(header: BatchHeader, batch: Buffer): boolean {
    const last = lastOffsetOf(header)
    for (; this.#next < this.#upcoming.length && this.#upcoming[this.#next]!.firstOffset <= last; this.#next++) {
      this.#open.add(this.#upcoming[this.#next]!.producerId)
    }
    if (!isTransactional(header.attributes)) return false
    if (!isControl(header.attributes)) return this.#open.has(header.producerId)
    if (isAbortMarker(header, batch)) this.#open.delete(header.producerId)
    return true
  }
}

/** A marker's key is two int16: a version, and 0 for abort or 1 for commit. */
function isAbortMarker(header: BatchHeader, batch: Buffer): boolean {
  const cursor = new RecordCursor(batch, header)
  return cursor.next() && cursor.keySize >= 4 && cursor.body.readInt16BE(cursor.keyAt + 2) === ABORT_MARKER
}
