/**
 * Bytes to frames: four bytes of size, then so many bytes.
 *
 * Each frame is copied once into memory of its own, which whoever takes it may keep and change. Memory for a large frame is
 * taken when a part of it has arrived: a client that only promises bytes costs nothing.
 */
export declare class FrameError extends Error {
  readonly name = 'FrameError'
}
export declare class FrameReader {
  #private
  constructor(frameBytesMax: number)
  /** Hands out each frame that ends in this chunk. Throws `FrameError` for a size that no frame may have. */
  push(chunk: Buffer, onFrame: (frame: Buffer) => void): void
}
