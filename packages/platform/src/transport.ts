/**
 * The seam to the network: connections that carry bytes in order, or break.
 *
 * The owner of a connection sets `handlers` once, before the turn in which it got the connection ends. After
 * `onClose` nothing is called any more. Bytes are read into the memory that the receiver asks for with `target`, or
 * into memory that it borrows for the call of `onData` alone: what is read is copied once at most, and no read makes
 * memory of its own.
 */

export interface Address {
  readonly host: string
  readonly port: number
}

export interface ConnectionHandlers {
  /** Where the next bytes should go: memory of the receiver. Undefined, or left out: nowhere in particular. */
  target?(): Buffer | undefined
  /**
   * `chunk` is the filled part of what `target` gave last, or borrowed: the receiver copies what it keeps of it
   * before it returns.
   */
  onData(chunk: Buffer): void
  /** The peer takes bytes again after `write` returned false. */
  onDrain(): void
  /** The connection is over: ended by either side, or broken by `error`. Called exactly once. */
  onClose(error?: Error): void
}

export interface Connection {
  /** The peer's address. */
  readonly remote: Address
  readonly local: Address
  handlers: ConnectionHandlers
  /** Bytes accepted and not yet taken by the machine. */
  readonly buffered: number
  /**
   * Sends the chunks as one write. They may not change until `onTaken` says that the machine has them, which it does
   * later than in this call, and never on a connection that closes first. False: hold back until `onDrain`. Ignored
   * once closed.
   */
  write(chunks: readonly Uint8Array[], onTaken?: () => void): boolean
  /** Stops, and starts again, the calls of `onData`: how a reader holds a sender back. */
  pause(): void
  resume(): void
  /** Sends what was written and then closes. */
  end(): void
  /** Closes at once. */
  destroy(): void
}

export interface Listener {
  /** The address that it really has: port 0 was replaced by a free one. */
  readonly address: Address
  /** Stops accepting; connections that were accepted live on. */
  close(): Promise<void>
}

export interface Transport {
  /** Rejects with a `TidemarkError`: ADDRESS_IN_USE, or ADDRESS_UNAVAILABLE. */
  listen(address: Address, onConnection: (connection: Connection) => void): Promise<Listener>
  /** Rejects with a `TidemarkError` UNREACHABLE, also when `timeoutMs` passes. */
  connect(address: Address, timeoutMs: number): Promise<Connection>
}
