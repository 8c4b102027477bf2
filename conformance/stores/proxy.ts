/** A proxy before a database that cuts connections where it is told to. */
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'

/** What is lost: the n-th piece that the client sends (a statement, or several), or the answer to it. */
export interface Cut {
  readonly at: number
  readonly loses: 'request' | 'answer'
}

export class CuttingProxy implements AsyncDisposable {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #cut: Cut
  #sent = 0

  private constructor(port: number, cut: Cut) {
    this.#cut = cut
    this.#server = createServer((client) => this.#join(client, port))
  }

  static async start(port: number, cut: Cut): Promise<CuttingProxy> {
    const proxy = new CuttingProxy(port, cut)
    proxy.#server.listen(0, '127.0.0.1')
    await once(proxy.#server, 'listening')
    return proxy
  }

  get port(): number {
    return (this.#server.address() as { port: number }).port
  }

  /** Whether it came to that. */
  get hasCut(): boolean {
    return this.#sent >= this.#cut.at
  }

  #join(client: Socket, port: number): void {
    const server = connect(port, '127.0.0.1')
    const end = (): void => {
      client.destroy()
      server.destroy()
    }
    let isSilent = false
    for (const socket of [client, server]) {
      this.#sockets.add(socket)
      socket.on('error', end)
      socket.on('close', () => (this.#sockets.delete(socket), end()))
    }
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

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }
}
