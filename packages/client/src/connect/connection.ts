/**
 * One connection to a broker: requests go out as they come, answers are matched by correlation id, each within its
 * time.
 *
 * Kafka answers the requests of a connection in order, one at a time. So:
 * - a request that timed out at the head blocks all behind it: the connection is closed, the others reject
 *   CONNECTION_LOST;
 * - one that timed out behind others (a Heartbeat behind a parked JoinGroup) rejects alone; its answer is dropped
 *   when it comes, and when it gets to the head it has its time once more before the connection is given up;
 * - one that was aborted may stay parked at the broker: the connection takes no new requests, and closes when the
 *   last of the others is done.
 */
import { type Clock, type Connection, TidemarkError, type Timer } from '@tidemark/platform'
import { peekResponse } from '@tidemark/protocol'
import { aborted } from './abortable.ts'
import { FrameReader } from './frames.ts'

export interface ConnectionLimits {
  readonly frameBytesMax: number
  readonly requestsPendingMax: number
}

interface Pending {
  readonly what: string
  readonly timeoutMs: number
  timer: Timer | undefined
  /** Its caller has been told; only its answer is still expected. */
  abandoned: boolean
  settle(frame: Buffer | undefined, error?: TidemarkError): void
}

interface Unsent {
  resolve(): void
  reject(error: TidemarkError): void
}

export class BrokerConnection {
  readonly #socket: Connection
  readonly #clock: Clock
  readonly #limits: ConnectionLimits
  readonly #where: string
  readonly #onClosed: (error: TidemarkError) => void
  readonly #reader: FrameReader
  /** In the order in which they were sent. */
  readonly #pending = new Map<number, Pending>()
  #draining: Unsent[] = []
  #living = 0
  #correlationId = 0
  #answers = 0
  #retired = false
  #closed: TidemarkError | undefined

  constructor(socket: Connection, where: string, clock: Clock, limits: ConnectionLimits, onClosed: (error: TidemarkError) => void) {
    this.#socket = socket
    this.#where = where
    this.#clock = clock
    this.#limits = limits
    this.#onClosed = onClosed
    this.#reader = new FrameReader(limits.frameBytesMax)
    socket.handlers = {
      target: () => this.#reader.target(),
      onData: (chunk) => this.#onData(chunk),
      onDrain: () => this.#onDrain(),
      onClose: (error) => this.close(lost(where, error === undefined ? this.#whyEnded() : error.message, error)),
    }
  }

  /** Whether it takes new requests. */
  get usable(): boolean {
    return this.#closed === undefined && !this.#retired
  }

  get idle(): boolean {
    return this.#pending.size === 0 && this.#draining.length === 0
  }

  /** How many requests it was asked for: what tells an idle connection. */
  get sent(): number {
    return this.#correlationId
  }

  nextCorrelationId(): number {
    this.#correlationId = (this.#correlationId + 1) & 0x7fffffff
    return this.#correlationId
  }

  /** Sends a frame and resolves with the frame that answers it. `what` names the request in errors. */
  exchange(correlationId: number, frame: readonly Uint8Array[], what: string, timeoutMs: number, signal?: AbortSignal): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      if (this.#closed !== undefined) return reject(this.#closed)
      if (signal?.aborted) return reject(aborted(what, signal))
      if (this.#pending.size >= this.#limits.requestsPendingMax) return reject(this.#tooMany(what))
      const abort = (): void => this.#abort(correlationId, aborted(what, signal!))
      const pending: Pending = {
        what,
        timeoutMs,
        timer: undefined,
        abandoned: false,
        settle: (answer, error) => {
          pending.timer?.cancel()
          signal?.removeEventListener('abort', abort)
          this.#living--
          if (answer !== undefined) resolve(answer)
          else reject(error)
        },
      }
      signal?.addEventListener('abort', abort, { once: true })
      this.#pending.set(correlationId, pending)
      this.#living++
      this.#arm(correlationId, pending)
      this.#socket.write(frame)
    })
  }

  /**
   * Sends a frame that is never answered. Resolves once the socket takes bytes again, so that a sender can be paused.
   */
  post(frame: readonly Uint8Array[]): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#closed !== undefined) return reject(this.#closed)
      if (this.#socket.write(frame)) return resolve()
      this.#draining.push({ resolve, reject })
    })
  }

  /** Takes no new requests, and closes once those in flight are done. */
  retire(): void {
    this.#retired = true
    this.#closeIfDone()
  }

  /** Closes now; everything in flight rejects with `error`. */
  close(error: TidemarkError): void {
    if (this.#closed !== undefined) return
    this.#closed = error
    this.#socket.destroy()
    const pending = [...this.#pending.values()]
    this.#pending.clear()
    for (const p of pending) {
      if (p.abandoned) p.timer?.cancel()
      else p.settle(undefined, error)
    }
    for (const waiting of this.#draining) waiting.reject(error)
    this.#draining = []
    this.#onClosed(error)
  }

  #onData(chunk: Buffer): void {
    if (this.#closed !== undefined) return
    try {
      this.#reader.push(chunk, (frame) => this.#onFrame(frame))
    } catch (error) {
      if (!(error instanceof TidemarkError)) throw error
      this.close(new TidemarkError(error.code, `${this.#where}: ${error.message}`, { cause: error }))
    }
  }

  #onFrame(frame: Buffer): void {
    if (this.#closed !== undefined) return
    const correlationId = peekResponse(frame)
    const pending = this.#pending.get(correlationId)
    if (pending === undefined) {
      this.close(
        new TidemarkError(
          'CONNECTION_LOST',
          `${this.#where} answers a request that was not sent (correlation id ${correlationId}); is it a broker?`,
        ),
      )
      return
    }
    this.#answers++
    this.#pending.delete(correlationId)
    if (pending.abandoned) pending.timer?.cancel()
    else pending.settle(frame)
    this.#giveHeadItsTime()
    if (this.#retired) this.#closeIfDone()
  }

  /** A broker that asks for SASL answers ApiVersions alone. */
  #whyEnded(): string {
    const isFirstRequest = this.#answers === 1 && this.#pending.size > 0
    const hint = '; a listener that asks for SASL does so at the first request of a client without credentials'
    return `the broker closed the connection${isFirstRequest ? hint : ''}`
  }

  #onDrain(): void {
    const waiting = this.#draining
    this.#draining = []
    for (const { resolve } of waiting) resolve()
  }

  #arm(correlationId: number, pending: Pending): void {
    // After a stall of this process the answer may have arrived unread: one turn of I/O passes before the broker is
    // judged.
    const late = (): void => this.#clock.afterTurn(() => this.#expire(correlationId, pending))
    pending.timer = this.#clock.schedule(pending.timeoutMs, late)
  }

  #expire(correlationId: number, pending: Pending): void {
    if (this.#pending.get(correlationId) !== pending) return
    const why = `${this.#where} did not answer ${pending.what} within ${pending.timeoutMs} ms`
    const isHead = this.#pending.keys().next().value === correlationId
    if (!pending.abandoned) {
      pending.abandoned = true
      pending.settle(undefined, new TidemarkError('TIMED_OUT', why))
    }
    pending.timer = undefined
    if (isHead) this.close(lost(this.#where, why))
  }

  #giveHeadItsTime(): void {
    const head = this.#pending.entries().next().value
    if (head?.[1].abandoned && head[1].timer === undefined) this.#arm(head[0], head[1])
  }

  #abort(correlationId: number, error: TidemarkError): void {
    const pending = this.#pending.get(correlationId)
    if (pending === undefined || pending.abandoned) return
    pending.abandoned = true
    pending.settle(undefined, error)
    pending.timer = undefined
    this.#retired = true
    this.#giveHeadItsTime()
    this.#closeIfDone()
  }

  #closeIfDone(): void {
    if (this.#living === 0 && this.#draining.length === 0) this.close(lost(this.#where, 'it was no longer needed'))
  }

  #tooMany(what: string): TidemarkError {
    const text = `${what} would be request ${this.#pending.size + 1} waiting for ${this.#where}; requestsPendingMax is ${this.#limits.requestsPendingMax}`
    return new TidemarkError('TOO_MANY_REQUESTS', text)
  }
}

const lost = (where: string, why: string, cause?: unknown): TidemarkError =>
  new TidemarkError('CONNECTION_LOST', `the connection to ${where} is lost: ${why}`, { cause })
