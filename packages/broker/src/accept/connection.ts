/**
 * One client's connection: its bytes become frames, its frames requests, and its requests replies, until either side
 * ends it.
 */
import { type Connection, type Now, TidemarkError, type Timer } from '@tidemark/platform'
import { apis, ErrorCode } from '@tidemark/protocol'
import { authenticate } from '../auth/authenticate.ts'
import { handleAllowed } from '../auth/authorize.ts'
import { Session } from '../auth/session.ts'
import { CloseConnection } from '../dispatch/close.ts'
import type { Handler } from '../dispatch/handler.ts'
import { parse } from '../dispatch/parse.ts'
import { type Begun, Pipeline, type PipelineLimits } from '../dispatch/pipeline.ts'
import type { RequestListener, VirtualNode } from '../dispatch/request-context.ts'
import type { Services } from '../dispatch/services.ts'
import type { HandlerTable } from '../dispatch/table.ts'
import type { MemoryPool } from '../memory-pool.ts'
import { after } from '../now.ts'
import { FrameError, FrameReader } from './frames.ts'

/** How long an ended connection may take to send its last replies. */
export const FAREWELL_MS = 500
/** The largest frame of a client that has not authenticated. Kafka's `sasl.server.max.receive.size`. */
export const UNAUTHENTICATED_BYTES_MAX = 524_288

interface ConnectionLimits extends PipelineLimits {
  readonly frameBytesMax: number
}

/** Whose memory some of the bytes of a reply are: it is given back once the machine has the reply. */
interface ReplyMemory {
  isBorrowed(bytes: Uint8Array): boolean
  release(bytes: Uint8Array): void
}

export interface ConnectionEnvironment {
  readonly table: HandlerTable
  readonly services: Services
  readonly limits: ConnectionLimits
  readonly node: VirtualNode
  readonly listener: RequestListener
  readonly pool: MemoryPool
  readonly replyMemory: ReplyMemory
  /** A frame or request was not understood, and the connection is closed. */
  onRefused(client: string, why: string): void
  /** A handler threw what it may not throw. */
  onBug(where: string, error: unknown): void
  onClose(connection: ClientConnection): void
}

export class ClientConnection {
  readonly #connection: Connection
  readonly #environment: ConnectionEnvironment
  readonly #frames: FrameReader
  readonly #pipeline: Pipeline
  readonly #gone = new AbortController()
  readonly #clientHost: string
  readonly #session: Session
  #idle: Timer | undefined
  #authentication: Timer | undefined
  /** Requests so far. */
  #received = 0
  #over = false

  constructor(connection: Connection, environment: ConnectionEnvironment) {
    this.#connection = connection
    this.#environment = environment
    this.#session = new Session({
      mechanisms: environment.listener.mechanisms,
      peerName: connection.peerName,
      monotonicMs: () => environment.services.clock.monotonic(),
    })
    this.#frames = new FrameReader(this.#frameBytesMax, environment.pool)
    this.#watchIdle()
    this.#watchAuthentication()
    this.#clientHost = `/${connection.remote.host.replace(/^::ffff:/, '')}`
    this.#pipeline = new Pipeline(
      {
        begin: (frame) => this.#begin(frame),
        write: (chunks) => this.#write(chunks),
        get buffered() {
          return connection.buffered
        },
        read: (on) => (on ? connection.resume() : connection.pause()),
        failed: (error, handler) => this.#failed(error, handler),
        answered: (frame, handler) => this.#answered(frame, handler),
      },
      environment.limits,
      environment.services.outputMemory,
    )
    connection.handlers = {
      target: () => this.#frames.target(),
      onData: (chunk) => this.#onData(chunk),
      onDrain: () => this.#pipeline.pump(),
      onClose: () => this.#onClose(),
    }
  }

  /** A client that sends nothing for so long is disconnected. */
  #watchIdle(): void {
    const { clock, options } = this.#environment.services
    if (options.connectionIdleMs === Number.POSITIVE_INFINITY) return
    const seen = this.#received
    this.#idle = clock.schedule(options.connectionIdleMs, () => {
      if (this.#received === seen && this.idle) this.#farewell()
      else this.#watchIdle()
    })
  }

  /** A client that has not authenticated in time is disconnected: nothing else would end its connection. */
  #watchAuthentication(): void {
    if (this.#session.isAuthenticated) return
    const { clock, options } = this.#environment.services
    const limitMs = options.authenticationTimeoutMs
    if (limitMs === Number.POSITIVE_INFINITY) return
    this.#authentication = clock.schedule(limitMs, () => {
      if (!this.#session.isAuthenticated) this.#refuse(`the client has not authenticated within ${limitMs} ms`)
    })
  }

  get #frameBytesMax(): number {
    const { frameBytesMax } = this.#environment.limits
    return this.#session.isAuthenticated ? frameBytesMax : Math.min(frameBytesMax, UNAUTHENTICATED_BYTES_MAX)
  }

  /** No request is unanswered. */
  get idle(): boolean {
    return this.#pipeline.idle
  }

  /** Parked requests end; what was written is sent. */
  end(): void {
    this.#stop()
    // A connection that is not read would not notice that its client is gone.
    this.#connection.resume()
    this.#connection.end()
  }

  destroy(): void {
    this.#stop()
    this.#connection.destroy()
  }

  #write(chunks: readonly Uint8Array[]): void {
    const { replyMemory } = this.#environment
    const borrowed = chunks.filter((chunk) => replyMemory.isBorrowed(chunk))
    const onTaken = borrowed.length === 0 ? undefined : () => borrowed.forEach((chunk) => void replyMemory.release(chunk))
    this.#connection.write(chunks, onTaken)
  }

  #onData(chunk: Buffer): void {
    if (this.#over) return
    this.#frames.frameBytesMax = this.#frameBytesMax
    try {
      this.#frames.push(chunk, (frame) => this.#pipeline.push(frame))
    } catch (error) {
      if (!(error instanceof FrameError)) throw error
      // Requests before the damage are served, as in Kafka; none after it can be found.
      this.#pipeline.pump()
      this.#refuse(error.message)
      return
    }
    this.#pipeline.pump()
  }

  #begin(frame: Buffer): Begun | undefined {
    this.#received++
    if (this.#session.isRaw && this.#session.exchange !== undefined) return { kind: 'raw', run: () => this.#raw(frame) }
    const parsed = parse(frame, this.#environment.table)
    if (parsed.kind === 'answer') return parsed
    if (parsed.kind === 'refuse') {
      this.#refuse(parsed.why)
      return undefined
    }
    const { handler, version, correlationId, clientId, body } = parsed
    const refusal = this.#session.refusal(handler.api.key)
    if (refusal !== undefined) {
      this.#refuse(`${handler.api.name}: ${refusal}`)
      return undefined
    }
    const context = this.#contextOf(version, clientId)
    const run = (): unknown => this.#throttled(handler, frame.length, clientId, () => handleAllowed(handler, body, context))
    return { kind: 'handle', handler, version, correlationId, run }
  }

  #contextOf(version: number, clientId: string | null) {
    const { services, listener, node } = this.#environment
    const { principal } = this.#session
    return {
      version,
      clientId,
      clientHost: this.#clientHost,
      principal,
      session: this.#session,
      listener,
      node,
      signal: this.#gone.signal,
      services,
    }
  }

  /** After SaslHandshake 0. A client that is refused is not told why: the connection ends. */
  async #raw(frame: Buffer): Promise<readonly Uint8Array[]> {
    const { errorCode, authBytes } = await authenticate(Buffer.from(frame), this.#contextOf(0, null))
    if (errorCode !== ErrorCode.NONE) throw new CloseConnection('authentication failed')
    const size = Buffer.alloc(4)
    size.writeInt32BE(authBytes.length)
    return [size, authBytes]
  }

  /** The answer says for how long the client is throttled, and nothing more of it is begun meanwhile (KIP-219). */
  #throttled(handler: Handler, requestBytes: number, clientId: string | null, handle: () => Now<unknown>): Now<unknown> {
    const { services } = this.#environment
    const { throttle, clock } = services
    if (throttle.isIdle) return handle()
    const begunMs = clock.monotonic()
    const answer = handle()
    const elapsedMs = clock.monotonic() - begunMs
    return after(answer, (body) => {
      const client = { user: this.#session.principal.name, clientId: clientId ?? '' }
      const ms = throttle.count(handler.api.key, requestBytes, body, elapsedMs, client)
      if (ms === 0) return body
      this.#pipeline.mute()
      services.clock.schedule(ms, () => this.#pipeline.unmute())
      return body && { ...body, throttleTimeMs: ms }
    })
  }

  #failed(error: unknown, handler: Handler | undefined): void {
    if (error instanceof CloseConnection) this.#refuse(error.message)
    else {
      // A failed disk was reported where it failed; any other error of a handler is a bug.
      if (!(error instanceof TidemarkError)) this.#environment.onBug(handler?.api.name ?? 'SASL', error)
      this.#farewell()
    }
  }

  /** The records of a Produce are in their file; every other request may have left views on its frame behind. */
  #answered(frame: Buffer, handler: Handler): void {
    if (handler.api.key === apis.Produce.key) this.#environment.pool.give(frame)
    // Once the client has been told.
    if (this.#session.isRefused) this.#environment.services.clock.afterTurn(() => this.#farewell())
  }

  #refuse(why: string): void {
    if (this.#over) return
    this.#environment.onRefused(this.#clientHost.slice(1), why)
    this.#farewell()
  }

  /** Sends what is answered and closes, also if the client does not. */
  #farewell(): void {
    this.end()
    this.#environment.services.clock.schedule(FAREWELL_MS, () => this.#connection.destroy())
  }

  #onClose(): void {
    this.#stop()
    this.#environment.onClose(this)
  }

  #stop(): void {
    if (this.#over) return
    this.#over = true
    this.#idle?.cancel()
    this.#authentication?.cancel()
    this.#pipeline.close()
    this.#gone.abort()
  }
}
