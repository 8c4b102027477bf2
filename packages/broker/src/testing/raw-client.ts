import { type Connection, nodeTransport } from '@tidemark/platform'
import { type Api, decodeResponse, encodeRequest, FrameSplitter, type Infer, type InferInput } from '@tidemark/protocol'

/** A client that sends what it is told and nothing else. */
export class RawClient {
  readonly #connection: Connection
  readonly #waiting = new Map<number, (frame: Buffer) => void>()
  readonly #received = new FrameSplitter()
  #correlationId = 0
  /** Correlation ids in the order of the answers. */
  readonly order: number[] = []
  readonly frames: Buffer[] = []
  readonly closed: Promise<void>

  private constructor(connection: Connection) {
    this.#connection = connection
    this.closed = new Promise((resolve) => {
      connection.handlers = { onData: (chunk) => this.#onData(chunk), onDrain() {}, onClose: () => resolve() }
    })
  }

  static async connect(to: { readonly host: string; readonly port: number }): Promise<RawClient> {
    return new RawClient(await nodeTransport.connect({ host: to.host, port: to.port }, 5_000))
  }

  #onData(chunk: Buffer): void {
    for (const frame of this.#received.push(chunk)) {
      this.frames.push(frame)
      // Without a header, as SASL after SaslHandshake 0.
      if (frame.length < 4) continue
      const correlationId = frame.readInt32BE(0)
      this.order.push(correlationId)
      this.#waiting.get(correlationId)?.(frame)
      this.#waiting.delete(correlationId)
    }
  }

  send<A extends Api>(api: A, version: number, body: InferInput<A['request']>): Promise<Buffer> {
    const correlationId = ++this.#correlationId
    const answer = new Promise<Buffer>((resolve) => this.#waiting.set(correlationId, resolve))
    this.#connection.write(encodeRequest(api, version, correlationId, 'raw', body))
    return answer
  }

  async call<A extends Api>(api: A, version: number, body: InferInput<A['request']>): Promise<Infer<A['response']>> {
    return decodeResponse(api, version, await this.send(api, version, body))
  }

  /** Bytes as they are. */
  raw(bytes: Uint8Array): void {
    this.#connection.write([bytes])
  }

  pause(): void {
    this.#connection.pause()
  }

  resume(): void {
    this.#connection.resume()
  }

  end(): void {
    this.#connection.destroy()
  }
}
