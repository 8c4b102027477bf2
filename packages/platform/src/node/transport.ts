/** Connections over `node:net`. Chunks of one call of `write` leave as one write; Nagle's delay is off. */
import net from 'node:net'
import { TidemarkError } from '../error.ts'
import type { Address, Connection, ConnectionHandlers, Listener, Transport } from '../transport.ts'

const ignored: ConnectionHandlers = { onData() {}, onDrain() {}, onClose() {} }

/** Below this the garbage collector does it better. */
const LET_GO_BYTES_MIN = 16 * 1024

/**
 * Node makes memory for every read of a socket, 64 KiB at a time: left to the garbage collector, a fast sender keeps it marking the
 * whole heap again and again, a third of the process's time (docs/performance.md). Detached, the memory goes at once.
 */
function letGo(chunk: Buffer): void {
  const { buffer, length } = chunk
  if (length >= LET_GO_BYTES_MIN && buffer.byteLength === length) (buffer as ArrayBuffer).transfer(0)
}

class NodeConnection implements Connection {
  handlers: ConnectionHandlers = ignored
  readonly remote: Address
  readonly local: Address
  readonly #socket: net.Socket
  #error: Error | undefined

  constructor(socket: net.Socket) {
    this.#socket = socket
    this.remote = { host: socket.remoteAddress ?? '', port: socket.remotePort ?? 0 }
    this.local = { host: socket.localAddress ?? '', port: socket.localPort ?? 0 }
    socket.setNoDelay(true)
    socket.on('data', (chunk: Buffer) => {
      if (this.handlers.onData(chunk) === 'copied') letGo(chunk)
    })
    socket.on('drain', () => this.handlers.onDrain())
    socket.on('error', (error) => {
      this.#error = error
    })
    socket.on('close', () => {
      this.handlers.onClose(this.#error)
      this.handlers = ignored
    })
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

const spelled = ({ host, port }: Address): string => `${host.includes(':') ? `[${host}]` : host}:${port}`

function listenError(address: Address, error: NodeJS.ErrnoException): TidemarkError {
  const where = spelled(address)
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
      const server = net.createServer({ noDelay: true }, (socket) => onConnection(new NodeConnection(socket)))
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
      const socket = net.connect({ host: address.host, port: address.port, noDelay: true })
      const fail = (why: string, cause?: unknown): void => {
        clearTimeout(timer)
        socket.destroy()
        reject(new TidemarkError('UNREACHABLE', `${spelled(address)}: ${why}`, { cause }))
      }
      const timer = setTimeout(() => fail(`no connection within ${timeoutMs} ms`), timeoutMs)
      const onError = (error: NodeJS.ErrnoException): void => fail(reasonOf(error), error)
      socket.once('error', onError)
      socket.once('connect', () => {
        clearTimeout(timer)
        const connection = new NodeConnection(socket)
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
      return 'nobody listens there (connection refused)'
    case 'ENOTFOUND':
      return 'there is no such host'
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return 'there is no route to it'
    default:
      return first?.message ?? error.message
  }
}
