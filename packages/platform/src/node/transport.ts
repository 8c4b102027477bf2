/**
 * Connections over `node:net` and `node:tls`. Chunks of one call of `write` leave as one write; Nagle's delay is off,
 * and TCP looks now and then whether a silent peer is still there.
 */
import dns from 'node:dns/promises'
import net from 'node:net'
import tls from 'node:tls'
import { formatAddress } from '../address.ts'
import { advice } from '../advice.ts'
import { TidemarkError } from '../error.ts'
import { listenError } from '../listen-error.ts'
import type { Address, Connection, ConnectionHandlers, ConnectTls, Listener, ListenTls, Transport } from '../transport.ts'
import { distinguishedName, handshakeFault, refusedCertificate } from './certificates.ts'

const KEEP_ALIVE = { keepAlive: true, keepAliveInitialDelay: 60_000 }
/** A client that begins a handshake and does not go on is not waited for. */
const HANDSHAKE_MS = 10_000

const ignored: ConnectionHandlers = { onData() {}, onDrain() {}, onClose() {} }

/**
 * Where bytes arrive that no receiver has asked for: read and handed over within one call, so one piece serves all
 * connections. Memory made for each read kept the garbage collector busy for a third of the process's time
 * (docs/performance.md).
 */
const arrivals = Buffer.allocUnsafeSlow(64 * 1024)

class NodeConnection implements Connection {
  handlers: ConnectionHandlers = ignored
  readonly peerName: string | undefined
  readonly #socket: net.Socket
  #error: Error | undefined

  /** The socket that `make` gives reads into the memory it is told to; one of TLS hands out what it has decrypted. */
  constructor(make: (onread: net.OnReadOpts) => net.Socket) {
    const socket = make({
      buffer: () => this.handlers.target?.() ?? arrivals,
      callback: (size, memory) => {
        this.handlers.onData(memory.subarray(0, size) as Buffer)
        return true
      },
    })
    if (socket instanceof tls.TLSSocket) {
      this.peerName = socket.authorized ? distinguishedName(socket.getPeerCertificate().subject) : undefined
      socket.on('data', (chunk) => this.handlers.onData(chunk))
    }
    this.#socket = socket
    socket.setNoDelay(true)
    socket.on('drain', () => this.handlers.onDrain())
    socket.on('error', (error) => {
      this.#error = error
    })
    socket.on('close', () => {
      this.handlers.onClose(this.#error)
      this.handlers = ignored
    })
  }

  get remote(): Address {
    return { host: this.#socket.remoteAddress ?? '', port: this.#socket.remotePort ?? 0 }
  }

  get local(): Address {
    return { host: this.#socket.localAddress ?? '', port: this.#socket.localPort ?? 0 }
  }

  get buffered(): number {
    return this.#socket.writableLength
  }

  write(chunks: readonly Uint8Array[], onTaken?: () => void): boolean {
    const socket = this.#socket
    if (!socket.writable) return true
    const taken = onTaken && ((error?: Error | null): void => void (error ?? onTaken()))
    const last = chunks.length - 1
    if (last === 0) return socket.write(chunks[0]!, taken)
    socket.cork()
    chunks.forEach((chunk, i) => void socket.write(chunk, i === last ? taken : undefined))
    socket.uncork()
    return !socket.writableNeedDrain
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  end(): void {
    this.#socket.end()
  }

  destroy(): void {
    this.#socket.destroy()
  }
}

/** What `net` keeps of a connection: Node's own, and therefore looked at with care. */
interface Handle {
  readonly useUserBuffer?: unknown
}

/**
 * The same connection as a socket that reads into memory it was given. Node has that option (`onread`) for sockets
 * that connect, and not for those that a server accepts: the accepted socket hands its connection over, and goes
 * (docs/decisions/0006). A Node in which that cannot be done reads as it does by itself.
 */
function adopt(accepted: net.Socket, onread: net.OnReadOpts): net.Socket {
  const owner = accepted as unknown as { _handle: Handle | null | undefined }
  const handle = owner._handle
  if (handle?.useUserBuffer === undefined) {
    accepted.on('data', (chunk) => void onread.callback(chunk.length, chunk))
    return accepted.resume()
  }
  owner._handle = null
  accepted.destroy()
  return new net.Socket({ handle, onread } as net.SocketConstructorOpts)
}

export const nodeTransport: Transport = {
  async lookup(host) {
    // All that it rejects with says that the name has no address, or that no server tells one now.
    return (await dns.lookup(host, { order: 'ipv4first' }).catch(() => undefined))?.address
  },

  listen(address, onConnection, secure): Promise<Listener> {
    return new Promise((resolve, reject) => {
      let current = secure
      const server =
        secure === undefined
          ? net.createServer({ ...KEEP_ALIVE, pauseOnConnect: true }, (accepted) => {
              onConnection(new NodeConnection((onread) => adopt(accepted, onread)))
            })
          : secureServer(secure, () => current!, onConnection)
      server.once('error', (error) => reject(listenError(address, error)))
      server.listen({ host: address.host, port: address.port, exclusive: true }, () => {
        server.removeAllListeners('error')
        server.on('error', () => {}) // accept() can fail for want of descriptors; the listener goes on
        const bound = server.address() as net.AddressInfo
        resolve({
          address: { host: bound.address, port: bound.port },
          close: () => new Promise<void>((closed) => server.close(() => closed())),
          ...(server instanceof tls.Server && {
            replaceTls: (next) => {
              withCertificate(() => tls.createSecureContext(serverOptions(next))) // throws before anything is replaced
              server.setSecureContext(serverOptions(next))
              current = next
            },
          }),
        })
      })
    })
  },

  connect(address, timeoutMs, secure): Promise<Connection> {
    return new Promise((resolve, reject) => {
      let socket!: net.Socket
      const fail = (why: string, cause?: unknown, code: 'UNREACHABLE' | 'TLS_FAILED' = 'UNREACHABLE'): void => {
        clearTimeout(timer)
        socket.destroy()
        reject(new TidemarkError(code, `${formatAddress(address)}: ${why}`, { cause }))
      }
      const timer = setTimeout(() => fail(`no connection within ${timeoutMs} ms`), timeoutMs)
      const onError = (error: NodeJS.ErrnoException): void => {
        const fault = secure && handshakeFault(error, 'server')
        if (fault !== undefined) fail(fault, error, 'TLS_FAILED')
        else fail(reasonOf(error), error)
      }
      const connected = (connection: Connection): void => {
        clearTimeout(timer)
        socket.removeListener('error', onError)
        resolve(connection)
      }
      const { host, port } = address
      if (secure === undefined) {
        const connection = new NodeConnection((onread) => (socket = net.connect({ host, port, ...KEEP_ALIVE, onread })))
        socket.once('error', onError)
        socket.once('connect', () => connected(connection))
        return
      }
      let secured: tls.TLSSocket
      try {
        secured = tls.connect({ host, port, ...KEEP_ALIVE, ...clientOptions(address, secure) })
      } catch (error) {
        clearTimeout(timer)
        return reject(
          new TidemarkError('INVALID_OPTION', `${advice().tlsSettings} cannot be used: ${(error as Error).message}`, { cause: error }),
        )
      }
      socket = secured
      socket.once('error', onError)
      secured.once('secureConnect', () => {
        const fault = secure.rejectUnauthorized === false ? undefined : refusedCertificate(secured, host, secure)
        if (fault === undefined) connected(new NodeConnection(() => secured))
        else fail(fault, undefined, 'TLS_FAILED')
      })
    })
  },
}

/** What is wrong with the server's certificate is looked at once it is there: it can be described then. */
function clientOptions({ host }: Address, secure: ConnectTls): tls.ConnectionOptions {
  const { ca, cert, key, pfx, passphrase, minVersion = 'TLSv1.2' } = secure
  const servername = secure.servername ?? (net.isIP(host) === 0 ? host : '')
  return { ...given({ ca: ca as string | undefined, cert, key, pfx, passphrase }), minVersion, servername, rejectUnauthorized: false }
}

function serverOptions({ ca, cert, key, pfx, passphrase, minVersion = 'TLSv1.2' }: ListenTls): tls.SecureContextOptions {
  return { ...given({ ca: ca as string | undefined, cert, key, pfx, passphrase }), minVersion }
}

const given = <T extends object>(options: T): Partial<T> =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<T>

function secureServer(first: ListenTls, current: () => ListenTls, onConnection: (connection: Connection) => void): tls.Server {
  const { clientAuth } = first
  const options = {
    ...serverOptions(first),
    ...KEEP_ALIVE,
    noDelay: true,
    handshakeTimeout: HANDSHAKE_MS,
    requestCert: clientAuth !== 'none',
    rejectUnauthorized: clientAuth === 'required',
  }
  const server = withCertificate(() => tls.createServer(options, (socket) => onConnection(new NodeConnection(() => socket))))
  server.on('tlsClientError', (error, socket) => {
    const client = { host: socket.remoteAddress ?? 'a client that has gone', port: socket.remotePort ?? 0 }
    current().onRefused?.(client, handshakeFault(error, 'client') ?? error.message)
    socket.destroy()
  })
  return server
}

function withCertificate<T>(use: () => T): T {
  try {
    return use()
  } catch (cause) {
    throw new TidemarkError('INVALID_OPTION', `the certificate of the listener cannot be used: ${(cause as Error).message}`, { cause })
  }
}

function reasonOf(error: NodeJS.ErrnoException): string {
  const first = error instanceof AggregateError ? (error.errors[0] as NodeJS.ErrnoException | undefined) : error
  switch (first?.code) {
    case 'ECONNREFUSED':
      return 'connection refused: no process listens on that port'
    case 'ENOTFOUND':
      return 'the host does not exist'
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return 'no route to the host'
    default:
      return first?.message ?? error.message
  }
}
