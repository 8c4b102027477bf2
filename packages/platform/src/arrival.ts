/**
 * How a receiver has most of a large frame read into the frame's own memory (`ConnectionHandlers.target`), and puts
 * the rest there itself.
 */

/** Less of a frame is not worth a read of its own. */
const TARGET_BYTES_MIN = 64 * 1024

/** Where the rest of the frame goes, of which `filled` bytes have arrived; undefined if little is left. */
export const restOf = (frame: Buffer, filled: number): Buffer | undefined =>
  frame.length - filled >= TARGET_BYTES_MIN ? frame.subarray(filled) : undefined

/** Puts what has arrived behind the bytes before it, unless it arrived just there. */
export function put(arrived: Buffer, frame: Buffer, filled: number): void {
  const isInPlace = arrived.buffer === frame.buffer && arrived.byteOffset === frame.byteOffset + filled
  if (!isInPlace) arrived.copy(frame, filled)
}
