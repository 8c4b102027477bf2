/**
 * A transport whose listeners stand between clients and a server: they see whole requests and answers, and do to them
 * what the faults say. Requests of one connection stay in their order.
 */
import type { Address, Clock, Connection, ConnectionHandlers, Listener, Transport } from '@tidemark/platform'
import {
  type Api,
  apiByKey,
  decodeRequest,
  decodeResponse,
  encodeRequest,
  encodeResponse,
  FrameSplitter,
  type MetadataResponse,
  peekRequest,
  peekResponse,
} from '@tidemark/protocol'
import { subjectOf, withError, withoutEffect } from './bodies.ts'
import type { Faults, Rule } from './rules.ts'

/** What was answered, for those that wait for it to happen. */
export type Answered = (api: Api) => void

export function faultyTransport(base: Transport, clock: Clock, faults: Faults, answered: Answered): Transport {
  const names = new Map<string, string>()
  return {
    ...(base.lookup !== undefined && { lookup: (host: string) => base.lookup!(host) }),
    connect: (address, timeoutMs, tls) => base.connect(address, timeoutMs, tls),
    listen: (address, onConnection, tls): Promise<Listener> =>
      base.listen(address, (connection) => onConnection(new FaultyConnection(connection, clock, faults, names, answered)), tls),
  }
}

/** A request whose answer is looked at. */
interface Pending {
  readonly api: Api
  readonly version: number
  readonly body: unknown
  readonly rule: Rule | undefined
}

/** Answers that tell something, faults or none. */
const LOOKED_AT: ReadonlySet<string> = new Set(['Metadata', 'OffsetCommit'])

const ignored: ConnectionHandlers = { onData() {}, onDrain() {}, onClose() {} }

class FaultyConnection implements Connection {
  readonly #base: Connection
  readonly #clock: Clock
  readonly #faults: Faults
  readonly #names: Map<string, string>
  readonly #answered: Answered
  readonly #requests = new FrameSplitter()
  readonly #answers = new FrameSplitter()
  readonly #pending = new Map<number, Pending>()
  #handlers: ConnectionHandlers = ignored
  /** Requests go on when those before them have. */
  #handed: Promise<void> | undefined
  #isOver = false

  constructor(base: Connection, clock: Clock, faults: Faults, names: Map<string, string>, answered: Answered) {
    this.#base = base
    this.#clock = clock
    this.#faults = faults
    this.#names = names
    this.#answered = answered
    base.handlers = {
      onData: (chunk) => {
        for (const frame of this.#requests.push(chunk)) this.#asked(frame)
      },
      onDrain: () => this.#handlers.onDrain(),
      onClose: (error) => {
        this.#isOver = true
        this.#handlers.onClose(error)
      },
    }
  }

  get handlers(): ConnectionHandlers {
    return this.#handlers
  }

  set handlers(handlers: ConnectionHandlers) {
    this.#handlers = handlers
  }

  get remote(): Address {
    return this.#base.remote
  }

  get peerName(): string | undefined {
    return this.#base.peerName
  }

  get local(): Address {
    return this.#base.local
  }

  get buffered(): number {
    return this.#base.buffered
  }

  pause(): void {
    this.#base.pause()
  }

  resume(): void {
    this.#base.resume()
  }

  end(): void {
    this.#base.end()
  }

  destroy(): void {
    this.#base.destroy()
  }

  #asked(frame: Buffer): void {
    const { apiKey, apiVersion: version, correlationId } = peekRequest(frame)
    const api = apiByKey.get(apiKey)
    if (api === undefined) return this.#hand(framed(frame), 0)
    const decoded = () => decodeRequest(api, version, frame)
    const rule = this.#faults.meet(api, () => subjectOf(api, decoded().body, this.#names))
    const body = rule?.effect.kind === 'fail' ? decoded().body : undefined
    // A request that is not answered (acks 0) would stay: only what is looked at again is kept.
    if (rule !== undefined || LOOKED_AT.has(api.name)) this.#pending.set(correlationId, { api, version, body, rule })
    switch (rule?.effect.kind) {
      case 'fail': {
        const changed = withoutEffect(api, body, rule, this.#names)
        return this.#hand(Buffer.concat(encodeRequest(api, version, correlationId, decoded().clientId, changed as never)), 0)
      }
      case 'delay':
        return this.#hand(framed(frame), rule.effect.delayMs)
      case 'drop':
        if (rule.effect.at === 'request') return this.destroy()
    }
    this.#hand(framed(frame), 0)
  }

  #hand(bytes: Buffer, delayMs: number): void {
    if (delayMs === 0 && this.#handed === undefined) return this.#give(bytes)
    const before = this.#handed ?? Promise.resolve()
    const handed = before.then(() => this.#wait(delayMs)).then(() => this.#give(bytes))
    this.#handed = handed
    void handed.then(() => {
      if (this.#handed === handed) this.#handed = undefined
    })
  }

  #wait(delayMs: number): Promise<void> | undefined {
    if (delayMs === 0) return undefined
    return new Promise((resolve) => this.#clock.schedule(delayMs, resolve))
  }

  /** Into the memory that the receiver wants. */
  #give(bytes: Buffer): void {
    for (let at = 0; at < bytes.length && !this.#isOver; ) {
      const memory = this.#handlers.target?.() ?? Buffer.allocUnsafe(bytes.length - at)
      const size = bytes.copy(memory, 0, at)
      this.#handlers.onData(memory.subarray(0, size))
      at += size
    }
  }

  write(chunks: readonly Uint8Array[], onTaken?: () => void): boolean {
    const out: Buffer[] = []
    for (const frame of this.#answers.push(Buffer.concat(chunks))) {
      const changed = this.#answer(frame)
      if (changed === undefined) {
        if (out.length > 0) this.#base.write(out)
        this.#base.end()
        return true
      }
      out.push(changed)
    }
    if (onTaken !== undefined) this.#clock.afterTurn(() => this.#isOver || onTaken()) // what was written is a copy
    return out.length === 0 || this.#base.write(out)
  }

  /** Undefined: the connection breaks instead. */
  #answer(frame: Buffer): Buffer | undefined {
    const correlationId = peekResponse(frame)
    const pending = this.#pending.get(correlationId)
    this.#pending.delete(correlationId)
    if (pending === undefined) return framed(frame)
    const { api, version, body, rule } = pending
    if (api.name === 'Metadata') this.#learn(decodeResponse(api, version, frame) as MetadataResponse)
    this.#answered(api)
    if (rule?.effect.kind === 'drop') return undefined
    if (rule?.effect.kind !== 'fail') return framed(frame)
    const answer = withError(api, body, decodeResponse(api, version, frame), rule, rule.effect.code, this.#names)
    return Buffer.concat(encodeResponse(api, version, correlationId, answer as never))
  }

  #learn({ topics }: MetadataResponse): void {
    for (const { name, topicId } of topics) if (name !== null) this.#names.set(topicId, name)
  }
}

function framed(frame: Buffer): Buffer {
  const out = Buffer.allocUnsafe(4 + frame.length)
  out.writeInt32BE(frame.length)
  frame.copy(out, 4)
  return out
}
