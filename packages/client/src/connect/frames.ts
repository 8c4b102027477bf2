/**
 * Bytes to frames. A frame that lies within one chunk is a view on it; one that spans chunks is copied once, into memory of
 * its own size. Neither is ever written to again: keys and values of records are views on it.
 */
import { TidemarkError } from '@tidemark/platform'

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

  /**
   * Calls `onFrame` for each frame that is whole now, and says if none of them is a view on the chunk. Throws `TidemarkError`
   * FRAME_TOO_LARGE; nothing can be read after that.
   */
  push(chunk: Buffer, onFrame: (frame: Buffer) => void): 'copied' | undefined {
    let at = 0
    let use: 'copied' | undefined = 'copied'
    while (at < chunk.length) {
      if (this.#frame !== undefined) {
        at = this.#fill(this.#frame, chunk, at, onFrame)
        continue
      }
      const taken = Math.min(SIZE_BYTES - this.#sizeFilled, chunk.length - at)
      chunk.copy(this.#size, this.#sizeFilled, at, at + taken)
      this.#sizeFilled += taken
      at += taken
      if (this.#sizeFilled < SIZE_BYTES) return use
      this.#sizeFilled = 0
      const size = this.#checked(this.#size.readInt32BE(0))
      if (chunk.length - at >= size) {
        use = undefined
        onFrame(chunk.subarray(at, at + size))
        at += size
      } else {
        this.#frame = Buffer.allocUnsafeSlow(size)
        this.#filled = 0
      }
    }
    return use
  }

  #fill(frame: Buffer, chunk: Buffer, at: number, onFrame: (frame: Buffer) => void): number {
    const taken = Math.min(chunk.length - at, frame.length - this.#filled)
    chunk.copy(frame, this.#filled, at, at + taken)
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
      size < SIZE_BYTES || size > 0x3fffffff ? 'is it a Kafka listener, and one without TLS?' : 'fetch less at once, or raise frameBytesMax'
    throw new TidemarkError('FRAME_TOO_LARGE', `an answer says it has ${size} bytes; frameBytesMax is ${this.#bytesMax}: ${hint}`)
  }
}
