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

/** Who one is: PEM text of a certificate and its key, or a PKCS#12 store. */
export interface TlsIdentity {
  readonly cert?: string | Buffer | undefined
  readonly key?: string | Buffer | undefined
  readonly pfx?: Buffer | undefined
  /** Of the key, or of the store. */
  readonly passphrase?: string | undefined
}

export interface ConnectTls extends TlsIdentity {
  /** PEM text of the certificates that are trusted. Default: those of the system that Node brings. */
  readonly ca?: string | Buffer | readonly (string | Buffer)[] | undefined
  /** The name that the server's certificate must have. Default: the host that is connected to. */
  readonly servername?: string | undefined
  /** False: any certificate will do. Default: true. */
  readonly rejectUnauthorized?: boolean | undefined
  /** False: the certificate must be trusted, but may have another name. Default: true. */
  readonly checkHostname?: boolean | undefined
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3' | undefined
}

export interface ListenTls extends TlsIdentity {
  /** PEM text of the certificates that those of clients must be signed by. */
  readonly ca?: string | Buffer | readonly (string | Buffer)[] | undefined
  /** Whether a client shows a certificate: need not, may, must. Kafka: `ssl.client.auth`. */
  readonly clientAuth: 'none' | 'requested' | 'required'
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3' | undefined
  /** A client did not come through the handshake. */
  readonly onRefused?: (client: Address, why: string) => void
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
  /**
   * The distinguished name of the peer's certificate as RFC 2253 writes it (`CN=app,O=Example`); undefined: it showed
   * none that is trusted.
   */
  readonly peerName?: string | undefined
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
  /** New connections get this certificate. Throws for one that cannot be used, and keeps the one it has. */
  replaceTls?(tls: ListenTls): void
}

export interface Transport {
  /** Rejects with a `TidemarkError`: ADDRESS_IN_USE, ADDRESS_UNAVAILABLE, or INVALID_OPTION for certificates. */
  listen(address: Address, onConnection: (connection: Connection) => void, tls?: ListenTls): Promise<Listener>
  /**
   * Rejects with a `TidemarkError` UNREACHABLE, also when `timeoutMs` passes; TLS_FAILED where the server's certificate
   * is not accepted, or ours is not.
   */
  connect(address: Address, timeoutMs: number, tls?: ConnectTls): Promise<Connection>
  /** The address of a host by its name, IPv4 first; undefined: there is none. Left out: names have no addresses. */
  lookup?(host: string): Promise<string | undefined>
}
