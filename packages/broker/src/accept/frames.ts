/**
 * Bytes to frames: four bytes of size, then so many bytes.
 *
 * Each frame has memory of its own, which its receiver may keep and change; most of a large one is read straight into
 * it. That memory is taken when a part of the frame has arrived: a client that only promises bytes costs nothing.
 */
import { put, restOf } from '@tidemark/platform'
import type { MemoryPool } from '../memory-pool.ts'

const SIZE_BYTES = 4
/** A frame up to this size gets its memory at once; of a larger one a sixteenth has to be there. */
const TRUSTED_BYTES = 1024 * 1024
const TRUSTED_SHARE = 16

export class FrameError extends Error {
  override readonly name = 'FrameError'
}

export class FrameReader {
  /** The largest frame, from the next one on. */
  frameBytesMax: number
  readonly #pool: MemoryPool
  readonly #sizeBytes = Buffer.alloc(SIZE_BYTES)
  #sizeHave = 0
  #size = 0
  /** Chunks of a large frame before it has memory of its own. */
  #early: Buffer[] = []
  #frame: Buffer | undefined
  #have = 0

  constructor(frameBytesMax: number, pool: MemoryPool) {
    this.frameBytesMax = frameBytesMax
    this.#pool = pool
  }

  /** Where the rest of a large frame goes. */
  target(): Buffer | undefined {
    return this.#frame && restOf(this.#frame, this.#have)
  }

  /**
   * Hands out each frame that ends in this chunk, of which nothing is kept. Throws `FrameError` for a size that no
   * frame may have.
   */
  push(chunk: Buffer, onFrame: (frame: Buffer) => void): void {
    let at = 0
    while (at < chunk.length) {
      if (this.#sizeHave < SIZE_BYTES) {
        at = this.#takeSize(chunk, at)
        continue
      }
      const end = Math.min(chunk.length, at + this.#size - this.#have)
      this.#take(chunk.subarray(at, end))
      at = end
      if (this.#have === this.#size) {
        const frame = this.#frame!
        this.#sizeHave = 0
        this.#frame = undefined
        onFrame(frame)
      }
    }
  }

  #takeSize(chunk: Buffer, at: number): number {
    while (at < chunk.length && this.#sizeHave < SIZE_BYTES) this.#sizeBytes[this.#sizeHave++] = chunk[at++]!
    if (this.#sizeHave < SIZE_BYTES) return at
    this.#size = this.#sizeBytes.readInt32BE(0)
    this.#have = 0
    if (this.#size <= 0 || this.#size > this.frameBytesMax) {
      throw new FrameError(`a frame of ${this.#size} bytes; the largest is ${this.frameBytesMax}`)
    }
    return at
  }

  #take(part: Buffer): void {
    if (this.#frame === undefined) {
      const trusted = this.#size <= TRUSTED_BYTES || (this.#have + part.length) * TRUSTED_SHARE >= this.#size
      if (!trusted) {
        this.#early.push(Buffer.from(part))
        this.#have += part.length
        return
      }
      this.#frame = this.#pool.take(this.#size)
      let at = 0
      for (const early of this.#early) {
        this.#frame.set(early, at)
        at += early.length
      }
      this.#early = []
    }
    put(part, this.#frame, this.#have)
    this.#have += part.length
  }
}
