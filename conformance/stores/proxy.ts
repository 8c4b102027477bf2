/** Proxies before a database: the network as it fails. */
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { sleep } from '../waiting.ts'

abstract class Between implements AsyncDisposable {
  readonly #server: Server
  protected readonly sockets = new Set<Socket>()

  constructor(port: number) {
    this.#server = createServer((client) => {
      const server = connect(port, '127.0.0.1')
      for (const [socket, other] of [
        [client, server],
        [server, client],
      ] as const) {
        this.sockets.add(socket)
        socket.on('error', () => {}) // its close says so
        socket.on('close', () => (this.sockets.delete(socket), other.end())) // what was sent before still arrives
      }
      this.join(client, server)
    })
  }

  protected abstract join(client: Socket, server: Socket): void

  protected async listen(): Promise<this> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    return this
  }

  get port(): number {
    return (this.#server.address() as { port: number }).port
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }
}

/** What is lost: the n-th piece that the client sends (a statement, or several), or the answer to it. */
export interface Cut {
  readonly at: number
  readonly loses: 'request' | 'answer'
}

/** Cuts connections where it is told to. */
export class CuttingProxy extends Between {
  readonly #cut: Cut
  #sent = 0

  private constructor(port: number, cut: Cut) {
    super(port)
    this.#cut = cut
  }

  static start(port: number, cut: Cut): Promise<CuttingProxy> {
    return new CuttingProxy(port, cut).listen()
  }

  /** Whether it came to that. */
  get hasCut(): boolean {
    return this.#sent >= this.#cut.at
  }

  protected join(client: Socket, server: Socket): void {
    const end = (): void => {
      client.destroy()
      server.destroy()
    }
    let isSilent = false
    client.on('data', (data) => {
      const isCut = ++this.#sent === this.#cut.at
      if (isCut && this.#cut.loses === 'request') return end()
      if (isCut) isSilent = true
      server.write(data)
    })
    server.on('data', (data) => {
      if (isSilent) return end()
      client.write(data)
    })
  }
}

/** Stands still when it is told to, and delivers afterwards what was sent meanwhile, also by clients that are gone. */
export class StallingProxy extends Between {
  #isStill = false

  static start(port: number): Promise<StallingProxy> {
    return new StallingProxy(port).listen()
  }

  async standStill(ms: number): Promise<void> {
    this.#isStill = true
    for (const socket of this.sockets) socket.pause()
    await sleep(ms)
    this.#isStill = false
    for (const socket of this.sockets) socket.resume()
  }

  protected join(client: Socket, server: Socket): void {
    client.on('data', (data) => server.write(data))
    server.on('data', (data) => client.write(data))
    if (this.#isStill) for (const socket of [client, server]) socket.pause()
  }
}
