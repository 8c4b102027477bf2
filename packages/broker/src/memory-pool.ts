/**
 * Memory of large frames and reads, used again: fresh memory costs more than the copy into it. Pieces are powers of
 * two in size.
 *
 * A piece is given back only when no view on it is in use any more; one that never comes back is left to the garbage
 * collector. Only what was borrowed from this pool, and once, is taken back.
 */
const SMALLEST_BYTES = 64 * 1024

export class MemoryPool {
  readonly #bytesMax: number
  readonly #free = new Map<number, Buffer[]>()
  readonly #borrowed = new WeakSet<ArrayBufferLike>()
  #bytes = 0

  /** Keeps at most `bytesMax` of unused memory; 0: none. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Memory of this size, a piece of the pool if it is large. */
  take(size: number): Buffer {
    return this.borrow(size) ?? Buffer.allocUnsafe(size)
  }

  /** A piece of the pool; undefined for a size that is not worth one. */
  borrow(size: number): Buffer | undefined {
    if (size < SMALLEST_BYTES || this.#bytesMax === 0) return undefined
    const whole = 2 ** Math.ceil(Math.log2(size))
    let piece = this.#free.get(whole)?.pop()
    if (piece === undefined) piece = Buffer.allocUnsafeSlow(whole)
    else this.#bytes -= whole
    this.#borrowed.add(piece.buffer)
    return piece.subarray(0, size)
  }

  isBorrowed({ buffer }: Uint8Array): boolean {
    return this.#borrowed.has(buffer)
  }

  /** Any view on a piece gives the whole of it back; other memory is left alone. */
  give(view: Uint8Array): void {
    const { buffer } = view
    if (!this.#borrowed.delete(buffer)) return
    const whole = buffer.byteLength
    if (this.#bytes + whole > this.#bytesMax) return
    let free = this.#free.get(whole)
    if (free === undefined) this.#free.set(whole, (free = []))
    free.push(Buffer.from(buffer))
    this.#bytes += whole
  }
}
