/**
 * Memory of large frames, used again: fresh memory costs more than the copy into it. Pieces are powers of two in size.
 *
 * A frame comes back only when nobody holds a view on it any more: when a Produce is answered whose records are in a file.
 */
const SMALLEST_BYTES = 64 * 1024

export class FramePool {
  readonly #bytesMax: number
  readonly #free = new Map<number, Buffer[]>()
  #bytes = 0

  /** Keeps at most `bytesMax` that nobody uses; 0: none. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  get bytes(): number {
    return this.#bytes
  }

  take(size: number): Buffer {
    if (size < SMALLEST_BYTES || this.#bytesMax === 0) return Buffer.allocUnsafeSlow(size)
    const whole = 2 ** Math.ceil(Math.log2(size))
    const free = this.#free.get(whole)?.pop()
    if (free === undefined) return Buffer.allocUnsafeSlow(whole).subarray(0, size)
    this.#bytes -= whole
    return free.subarray(0, size)
  }

  give(frame: Buffer): void {
    const whole = frame.buffer.byteLength
    const isPiece = whole >= SMALLEST_BYTES && Number.isInteger(Math.log2(whole)) && frame.byteOffset === 0
    if (!isPiece || this.#bytes + whole > this.#bytesMax) return
    let free = this.#free.get(whole)
    if (free === undefined) this.#free.set(whole, (free = []))
    free.push(Buffer.from(frame.buffer))
    this.#bytes += whole
  }
}
