/**
 * Puts a stream of bytes back into frames, for callers that trust the other side: tools, tests, the simulated wire. A
 * size is believed whatever it says; the broker and the client have readers of their own, with limits.
 */
const SIZE_BYTES = 4

export class FrameSplitter {
  #rest: Buffer = Buffer.alloc(0)

  /**
   * The frames that are whole now, without their sizes: views on memory of the splitter's own. Throws `RangeError` for
   * a size below 0: the stream is out of step.
   */
  push(bytes: Uint8Array): Buffer[] {
    this.#rest = Buffer.concat([this.#rest, bytes])
    const frames: Buffer[] = []
    while (this.#rest.length >= SIZE_BYTES) {
      const size = this.#rest.readInt32BE(0)
      if (size < 0) throw new RangeError(`a frame cannot have ${size} bytes`)
      const end = SIZE_BYTES + size
      if (this.#rest.length < end) break
      frames.push(this.#rest.subarray(SIZE_BYTES, end))
      this.#rest = this.#rest.subarray(end)
    }
    return frames
  }
}
