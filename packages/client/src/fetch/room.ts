/**
 * The memory of a fetcher, in bytes: what was handed out and not released, and what was asked for and has not come.
 * Invariant: a release counts once, whatever its owner does.
 */
import type { Offset } from '../messages/offset.ts'
import type { PartitionAnswer, Tracked } from './tracked.ts'
import type { Delivery } from './types.ts'

/** Less than this is not worth a request. */
const WORTH_ASKING_BYTES = 64 * 1024

export class Room {
  readonly #bytesMax: number
  #bufferedBytes = 0
  #askedBytes = 0

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  get bufferedBytes(): number {
    return this.#bufferedBytes
  }

  /** Takes room for an answer, of a share that leaves something for each other request that may be under way; 0: there is none now. */
  ask(shares: number, bytesMax: number): number {
    const share = Math.max(1, Math.floor(this.#bytesMax / shares))
    const left = this.#bytesMax - this.#bufferedBytes - this.#askedBytes
    if (left < Math.min(WORTH_ASKING_BYTES, share)) return 0
    const asked = Math.min(bytesMax, share, left)
    this.#askedBytes += asked
    return asked
  }

  /** The request is over. */
  asked(bytes: number): void {
    this.#askedBytes -= bytes
  }

  buffer(t: Tracked<unknown>, bytes: number): void {
    t.bufferedBytes += bytes
    this.#bufferedBytes += bytes
  }

  unbuffer(t: Tracked<unknown>, bytes: number): void {
    t.bufferedBytes -= bytes
    this.#bufferedBytes -= bytes
  }

  deliver(t: Tracked<unknown>, bytes: number, answer: PartitionAnswer, onReleased: (bytes: number) => void): Delivery {
    this.buffer(t, bytes)
    let left = bytes
    return {
      bytes,
      highWatermark: answer.highWatermark as Offset,
      lastStableOffset: answer.lastStableOffset as Offset,
      logStartOffset: answer.logStartOffset as Offset,
      release: () => {
        const released = left
        left = 0
        if (released === 0) return
        this.unbuffer(t, released)
        onReleased(released)
      },
    }
  }
}
