/**
 * Bytes to frames. Each has memory of its own size, most of a large one is read straight into it, and it is never
 * written to again: keys and values of records are views on it.
 */
import { put, restOf, TidemarkError } from '@tidemark/platform'

const SIZE_BYTES = 4

export class FrameReader {
  readonly #bytesMax: number
  readonly #size = Buffer.alloc(SIZE_BYTES)
  #sizeFilled = 0
  #frame: Buffer | undefined
  #filled = 0

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  /** Where the rest of a large frame goes. */
  target(): Buffer | undefined {
    return this.#frame && restOf(this.#frame, this.#filled)
  }

  /**
   * Calls `onFrame` for each frame that is whole now; nothing of the chunk is kept. Throws `TidemarkError`
   * FRAME_TOO_LARGE; nothing can be read after that.
   */
  push(chunk: Buffer, onFrame: (frame: Buffer) => void): void {
    let at = 0
    while (at < chunk.length) {
      if (this.#frame !== undefined) {
        at = this.#fill(this.#frame, chunk, at, onFrame)
        continue
      }
      const taken = Math.min(SIZE_BYTES - this.#sizeFilled, chunk.length - at)
      chunk.copy(this.#size, this.#sizeFilled, at, at + taken)
      this.#sizeFilled += taken
      at += taken
      if (this.#sizeFilled < SIZE_BYTES) return
      this.#sizeFilled = 0
      this.#frame = Buffer.allocUnsafe(this.#checked(this.#size.readInt32BE(0)))
      this.#filled = 0
    }
  }

  #fill(frame: Buffer, chunk: Buffer, at: number, onFrame: (frame: Buffer) => void): number {
    const taken = Math.min(chunk.length - at, frame.length - this.#filled)
    put(chunk.subarray(at, at + taken), frame, this.#filled)
    this.#filled += taken
    if (this.#filled === frame.length) {
      this.#frame = undefined
      onFrame(frame)
    }
    return at + taken
  }

  #checked(size: number): number {
    if (size >= SIZE_BYTES && size <= this.#bytesMax) return size
    const hint =
      size < SIZE_BYTES || size > 0x3fffffff
        ? 'check that it is a Kafka listener without TLS'
        : 'fetch less at once, or raise frameBytesMax'
    throw new TidemarkError('FRAME_TOO_LARGE', `an answer says it has ${size} bytes; frameBytesMax is ${this.#bytesMax}: ${hint}`)
  }
}
