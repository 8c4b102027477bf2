/**
 * The memory of all replies that are being made or that clients have not taken: one limit for all connections, beside
 * that of each. The fuller it is, the less one reply may hold; when it is full, a client that leaves replies unread
 * gets no further one, and a client that reads is served.
 */

/** What one reply may hold however full it is. */
const REPLY_BYTES_MIN = 64 * 1024
/** A reply may take this part of what is left, so that many at once stay within it. */
const SHARE = 1 / 4

export class OutputMemory {
  readonly #bytesMax: number
  #bytes = 0

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  get bytes(): number {
    return this.#bytes
  }

  get isFull(): boolean {
    return this.#bytes >= this.#bytesMax
  }

  /** What one reply may hold now. */
  get replyBytesMax(): number {
    return Math.max(REPLY_BYTES_MIN, Math.floor((this.#bytesMax - this.#bytes) * SHARE))
  }

  /** Negative: it is given back. */
  take(bytes: number): void {
    this.#bytes += bytes
  }
}
