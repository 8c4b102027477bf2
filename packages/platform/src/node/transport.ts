/** Connections over `node:net`. Chunks of one call of `write` leave as one write; Nagle's delay is off. */
import net from 'node:net'
import { formatAddress } from '../address.ts'
import { TidemarkError } from '../error.ts'
import type { Address, Connection, ConnectionHandlers, Listener, Transport } from '../transport.ts'

const ignored: ConnectionHandlers = { onData() {}, onDrain() {}, onClose() {} }

/**
 * Where bytes arrive that no receiver has asked for: read and handed over within one call, so one piece serves all
 * connections. Memory made for each read kept the garbage collector busy for a third of the process's time
 * (docs/performance.md).
 */
const arrivals = Buffer.allocUnsafeSlow(64 * 1024)

class NodeConnection implements Connection {
  handlers: ConnectionHandlers = ignored
  readonly #socket: net.Socket
  #error: Error | undefined

  /** The socket that `make` gives reads into the memory it is told to. */
  constructor(make: (onread: net.OnReadOpts) => net.Socket) {
    const socket = make({
      buffer: () => this.handlers.target?.() ?? arrivals,
      callback: (size, memory) => {
        this.handlers.onData(memory.subarray(0, size) as Buffer)
        return true
      },
    })
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

function listenError(address: Address, error: NodeJS.ErrnoException): TidemarkError {
  const where = formatAddress(address)
  if (error.code === 'EADDRINUSE') {
    return new TidemarkError('ADDRESS_IN_USE', `${where} is in use by another process; choose another port, or port 0 for a free one`, {
      cause: error,
    })
  }
  return new TidemarkError('ADDRESS_UNAVAILABLE', `cannot listen on ${where}: ${error.message}`, { cause: error })
}

export const nodeTransport: Transport = {
  listen(address, onConnection): Promise<Listener> {
    return new Promise((resolve, reject) => {
      const server = net.createServer({ pauseOnConnect: true }, (accepted) => {
        onConnection(new NodeConnection((onread) => adopt(accepted, onread)))
      })
      server.once('error', (error) => reject(listenError(address, error)))
      server.listen({ host: address.host, port: address.port, exclusive: true }, () => {
        server.removeAllListeners('error')
        server.on('error', () => {}) // accept() can fail for want of descriptors; the listener goes on
        const bound = server.address() as net.AddressInfo
        resolve({
          address: { host: bound.address, port: bound.port },
          close: () => new Promise<void>((closed) => server.close(() => closed())),
        })
      })
    })
  },

  connect(address, timeoutMs): Promise<Connection> {
    return new Promise((resolve, reject) => {
      let socket!: net.Socket
      const connection = new NodeConnection((onread) => (socket = net.connect({ host: address.host, port: address.port, onread })))
      const fail = (why: string, cause?: unknown): void => {
        clearTimeout(timer)
        socket.destroy()
        reject(new TidemarkError('UNREACHABLE', `${formatAddress(address)}: ${why}`, { cause }))
      }
      const timer = setTimeout(() => fail(`no connection within ${timeoutMs} ms`), timeoutMs)
      const onError = (error: NodeJS.ErrnoException): void => fail(reasonOf(error), error)
      socket.once('error', onError)
      socket.once('connect', () => {
        clearTimeout(timer)
        socket.removeListener('error', onError)
        resolve(connection)
      })
    })
  },
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
