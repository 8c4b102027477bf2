/**
 * The buffer budget of a fetcher, in bytes: what is held of the responses that were delivered, and what was requested
 * and has not come.
 *
 * Records are views on their response, so a response is held whole until the last delivery that is made of views on
 * it is released, or cut down by `keepOnly`. It counts once, however many deliveries it has. A decompressed batch has
 * memory of its own and counts for its delivery. Invariant: whatever an owner calls, and how often, bytes are given
 * back once.
 */
import type { Offset } from '../messages/offset.ts'
import type { PartitionAnswer, Tracked } from './tracked.ts'
import type { Delivery } from './types.ts'

/** Less than this is not worth a request. */
const REQUEST_BYTES_MIN = 64 * 1024

/** One response, and how many deliveries are views on it. */
export interface HeldResponse {
  readonly bytes: number
  deliveries: number
}

export interface DeliverySize {
  /** Of the partition's records, decompressed: what counts against the partition's own limit. */
  readonly bytes: number
  /** Of those, what is in memory of its own. */
  readonly decompressedBytes: number
  /** The response that the other records are views on. */
  readonly response: HeldResponse | undefined
}

export class BufferBudget {
  readonly #bytesMax: number
  #heldBytes = 0
  #requestedBytes = 0
  #isShort = false

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  /** Bytes delivered and not released. */
  get heldBytes(): number {
    return this.#heldBytes
  }

  /** Whether the last request was held back for want of memory. */
  get isShort(): boolean {
    return this.#isShort
  }

  /**
   * Reserves memory for a response, of a share that leaves something for each other request that may be under way; 0:
   * wait for a release.
   */
  reserve(shares: number, bytesMax: number): number {
    const share = Math.max(1, Math.floor(this.#bytesMax / shares))
    const left = this.#bytesMax - this.#heldBytes - this.#requestedBytes
    this.#isShort = left < Math.min(REQUEST_BYTES_MIN, share)
    if (this.#isShort) return 0
    const reserved = Math.min(bytesMax, share, left)
    this.#requestedBytes += reserved
    return reserved
  }

  /** The request is over. */
  unreserve(bytes: number): void {
    this.#requestedBytes -= bytes
  }

  /**
   * `onFreed` is called after each `keepOnly` or `release` that gave something back. `isFull` says whether the
   * partition is at its own limit.
   */
  deliver(
    t: Tracked<unknown>,
    size: DeliverySize,
    answer: PartitionAnswer,
    isFull: () => boolean,
    onFreed: (partitionBytes: number) => void,
  ): Delivery {
    this.#hold(size.decompressedBytes)
    if (size.response !== undefined && size.response.deliveries++ === 0) this.#hold(size.response.bytes)
    t.bufferedBytes += size.bytes
    let { bytes: partitionBytes, decompressedBytes: ownBytes, response } = size
    let isWhole = true
    const cutTo = (bytes: number): void => {
      if (!isWhole && ownBytes === bytes) return
      isWhole = false
      this.#hold(bytes - ownBytes)
      ownBytes = bytes
      if (response !== undefined && --response.deliveries === 0) this.#hold(-response.bytes)
      response = undefined
      t.bufferedBytes -= partitionBytes
      const freed = partitionBytes
      partitionBytes = 0
      onFreed(freed)
    }
    let isReleased = false
    const budget = this
    return {
      bytes: size.bytes,
      highWatermark: answer.highWatermark as Offset,
      lastStableOffset: answer.lastStableOffset as Offset,
      logStartOffset: answer.logStartOffset as Offset,
      get isCrowded() {
        return isFull() || budget.isShort
      },
      get isMemoryShort() {
        return budget.isShort
      },
      keepOnly: (bytes) => {
        if (!isReleased && (isWhole || bytes < ownBytes)) cutTo(bytes)
      },
      release: () => {
        if (isReleased) return
        isReleased = true
        cutTo(0)
      },
    }
  }

  #hold(bytes: number): void {
    this.#heldBytes += bytes
  }
}
