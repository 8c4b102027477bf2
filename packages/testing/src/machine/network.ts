/**
 * The simulated network: bytes arrive in order and late, in pieces of any size, or the connection breaks and what was
 * on its way is lost from some byte on.
 */
import { type Address, type Connection, type ConnectionHandlers, type Listener, TidemarkError, type Transport } from '@tidemark/platform'
import { FrameSplitter } from '@tidemark/protocol'
import type { Process } from './process.ts'
import type { SeededRandom } from './random.ts'

export interface Weather {
  /** Ordinary delay of a piece of bytes, in milliseconds. */
  latencyMs: readonly [number, number]
  /** How often a piece is held up, and for how long. */
  lateChance: number
  lateMs: readonly [number, number]
  /** How often a write breaks its connection. */
  breakChance: number
}

export const CALM: Weather = { latencyMs: [0.05, 1], lateChance: 0, lateMs: [0, 0], breakChance: 0 }

/** Sees what clients write and read, for the invariants: whole frames, without their size. */
export interface Tap {
  /** The client has a connection to the port. */
  opened(client: Process, connection: number, port: number): void
  sent(client: Process, connection: number, frame: Buffer): void
  /** The frame reached the server's process. */
  arrived(client: Process, connection: number, frame: Buffer): void
  answered(client: Process, connection: number, frame: Buffer): void
  /** The server wrote the answer: it has decided. */
  decided(client: Process, connection: number, frame: Buffer): void
  /** The client learns that the connection is gone: what it still waited for on it will not be answered. */
  closed(client: Process, connection: number): void
}

/** Between client and server: it sees whole frames, without their size, and may put others in their place. */
export interface Middle {
  request(client: Process, connection: number, frame: Buffer): Buffer
  /** `holdMs`: how long the answer, and what comes after it on this connection, is held back. */
  answer(client: Process, connection: number, frame: Buffer): { readonly frame: Buffer; readonly holdMs: number }
}

/** What is wrong with the way to one port, while others are as the weather is. */
export interface LinkFault {
  /** New connections fail; those that are open break when it begins. */
  readonly isCut: boolean
  /** Each piece of bytes takes so much longer, in milliseconds. */
  readonly slowMs: number
}

/** Above so many bytes on their way, a writer is told to wait. */
const WINDOW_BYTES = 256 * 1024
const ignored: ConnectionHandlers = { onData() {}, onDrain() {}, onClose() {} }

interface Bound {
  readonly process: Process
  readonly onConnection: (connection: Connection) => void
}

export class Network {
  readonly #random: SeededRandom
  readonly #listeners = new Map<number, Bound>()
  readonly #links = new Map<number, LinkFault>()
  /** The clients' ends of connections that are open. */
  readonly #open = new Set<Side>()
  #nextPort = 40_000
  #nextConnection = 1
  weather: Weather = CALM
  tap: Tap | undefined
  middle: Middle | undefined

  constructor(random: SeededRandom) {
    this.#random = random
  }

  transport(process: Process): Transport {
    return {
      listen: (address, onConnection) => this.#listen(process, address, onConnection),
      connect: (address, timeoutMs) => this.#connect(process, address, timeoutMs),
    }
  }

  async #listen(process: Process, address: Address, onConnection: (c: Connection) => void): Promise<Listener> {
    const port = address.port === 0 ? this.#nextPort++ : address.port
    if (this.#listeners.has(port)) throw new TidemarkError('ADDRESS_IN_USE', `${address.host}:${port} is in use`)
    const bound = { process, onConnection }
    this.#listeners.set(port, bound)
    const close = (): void => {
      if (this.#listeners.get(port) === bound) this.#listeners.delete(port)
    }
    process.onCrash(close)
    return { address: { host: address.host, port }, close: async () => close() }
  }

  #connect(process: Process, address: Address, timeoutMs: number): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const fail = (why: string): void => reject(new TidemarkError('UNREACHABLE', `${address.host}:${address.port}: ${why}`))
      const delay = this.delay(address.port)
      if (delay > timeoutMs) return void process.later(timeoutMs, () => fail(`no connection within ${timeoutMs} ms`))
      process.later(delay, () => {
        const bound = this.#listeners.get(address.port)
        if (bound === undefined || !bound.process.alive) return fail('nobody listens there')
        if (this.#links.get(address.port)?.isCut) return fail('the network is cut')
        const id = this.#nextConnection++
        const client = new Side(this, process, process, id, { host: '127.0.0.1', port: 50_000 + (id % 10_000) }, address)
        const server = new Side(this, bound.process, process, id, address, client.local)
        client.peer = server
        server.peer = client
        this.#open.add(client)
        this.tap?.opened(process, id, address.port)
        bound.process.later(0, () => bound.onConnection(server))
        resolve(client)
      })
    })
  }

  /** From now on the way to this port is so, for all clients; undefined: as the weather is. */
  setLink(port: number, fault: LinkFault | undefined): void {
    if (fault === undefined) this.#links.delete(port)
    else this.#links.set(port, fault)
    if (fault?.isCut) for (const side of [...this.#open]) if (side.remote.port === port) side.cutOff()
  }

  /** `port`: the server's, whose connection it is. */
  delay(port?: number): number {
    const { weather } = this
    const [from, to] = this.#random.chance(weather.lateChance) ? weather.lateMs : weather.latencyMs
    const slowMs = port === undefined ? 0 : (this.#links.get(port)?.slowMs ?? 0)
    return this.#random.between(from, to) + slowMs
  }

  closed(side: Side): void {
    this.#open.delete(side)
  }

  breaksNow(): boolean {
    return this.weather.breakChance > 0 && this.#random.chance(this.weather.breakChance)
  }

  /** Where a piece of `length` bytes is cut: sometimes somewhere, mostly not at all. */
  cut(length: number): number {
    return length > 1 && this.#random.chance(0.1) ? 1 + this.#random.below(length - 1) : length
  }
}

class Side implements Connection {
  handlers: ConnectionHandlers = ignored
  readonly local: Address
  readonly remote: Address
  readonly #network: Network
  readonly #process: Process
  readonly #client: Process
  readonly #id: number
  peer!: Side
  buffered = 0
  #open = true
  #paused = false
  #ended = false
  /** Bytes that arrived while nobody wanted them. */
  #arrived: Buffer[] = []
  /** No piece overtakes an earlier one. */
  #lastArrivalMs = 0
  /** Frames as they are seen by the tap, on their way out and in. */
  readonly #written = new FrameSplitter()
  readonly #received = new FrameSplitter()
  readonly #onItsWay: Buffer[] = []
  #isResuming = false

  constructor(network: Network, process: Process, client: Process, id: number, local: Address, remote: Address) {
    this.#network = network
    this.#process = process
    this.#client = client
    this.#id = id
    this.local = local
    this.remote = remote
    process.connections++
    process.onCrash(() => this.#breakBoth())
  }

  get #isClient(): boolean {
    return this.#process === this.#client
  }

  get #serverPort(): number {
    return this.#isClient ? this.remote.port : this.local.port
  }

  /** The network between the two is cut. */
  cutOff(): void {
    this.#breakBoth()
  }

  write(chunks: readonly Uint8Array[], onTaken?: () => void): boolean {
    if (!this.#open || this.#ended) return true
    const bytes = this.#seen(Buffer.concat(chunks))
    const broken = this.#network.breaksNow()
    const kept = broken ? bytes.subarray(0, Math.floor(bytes.length / 2)) : bytes
    const at = this.#network.cut(kept.length)
    this.#carry(kept.subarray(0, at))
    if (at < kept.length) this.#carry(kept.subarray(at))
    if (broken) this.#breakBoth()
    else if (onTaken !== undefined) this.#process.later(0, onTaken)
    return this.buffered <= WINDOW_BYTES
  }

  /**
   * What goes on its way: the bytes as they are, or the frames that the man in the middle makes of those that are
   * whole.
   */
  #seen(bytes: Buffer): Buffer {
    const { tap, middle } = this.#network
    const frames = this.#written.push(bytes)
    const out: Buffer[] = []
    for (let frame of frames) {
      if (this.#isClient) {
        tap?.sent(this.#client, this.#id, frame)
        if (middle !== undefined) frame = middle.request(this.#client, this.#id, frame)
      } else {
        const answer = middle?.answer(this.#client, this.#id, frame)
        if (answer !== undefined) {
          frame = answer.frame
          this.#lastArrivalMs = Math.max(this.#lastArrivalMs, this.#process.platform.clock.monotonic() + answer.holdMs)
        }
        tap?.decided(this.#client, this.#id, frame)
      }
      const size = Buffer.alloc(4)
      size.writeInt32BE(frame.length)
      out.push(size, frame)
    }
    return middle === undefined ? bytes : Buffer.concat(out)
  }

  #carry(bytes: Buffer): void {
    if (bytes.length === 0) return
    this.buffered += bytes.length
    const { peer } = this
    const now = this.#process.platform.clock.monotonic()
    this.#lastArrivalMs = Math.max(this.#lastArrivalMs, now + this.#network.delay(this.#serverPort))
    this.#onItsWay.push(bytes) // in their order, also where two are due within the rounding of a clock
    peer.#process.later(this.#lastArrivalMs - now, () => peer.#arrive(this.#onItsWay.shift()!))
  }

  #arrive(bytes: Buffer): void {
    if (!this.#open) return
    if (this.#paused || this.#isResuming) {
      this.#arrived.push(bytes)
      return
    }
    this.peer.#taken(bytes.length)
    for (const frame of this.#received.push(bytes)) {
      if (this.#isClient) this.#network.tap?.answered(this.#client, this.#id, frame)
      else this.#network.tap?.arrived(this.#client, this.#id, frame)
    }
    this.#hand(bytes)
  }

  /** Into the memory that the receiver wants; what is lent to it for the call is spoiled after it. */
  #hand(bytes: Buffer): void {
    for (let at = 0; at < bytes.length && this.#open; ) {
      const target = this.handlers.target?.()
      const memory = target ?? Buffer.alloc(bytes.length - at)
      const size = bytes.copy(memory, 0, at)
      this.handlers.onData(memory.subarray(0, size))
      if (target === undefined) memory.fill(0xa5)
      at += size
    }
  }

  #taken(length: number): void {
    const wasFull = this.buffered > WINDOW_BYTES
    this.buffered -= length
    if (wasFull && this.buffered <= WINDOW_BYTES) this.#process.later(0, () => this.#open && this.handlers.onDrain())
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    if (!this.#paused) return
    this.#paused = false
    this.#isResuming = true // what comes before those that wait are handed over comes after them
    this.#process.later(0, () => {
      this.#isResuming = false
      for (const bytes of this.#arrived.splice(0)) this.#arrive(bytes)
    })
  }

  end(): void {
    if (this.#ended) return
    this.#ended = true
    const wait = Math.max(0, this.#lastArrivalMs - this.#process.platform.clock.monotonic())
    this.#process.later(wait, () => this.#close(undefined))
    this.peer.#process.later(wait + this.#network.delay(), () => this.peer.#close(undefined))
  }

  destroy(): void {
    const { peer } = this
    if (!this.#open) return
    this.#process.later(0, () => this.#close(undefined))
    this.#ended = true
    peer.#process.later(this.#network.delay(), () => peer.#close(undefined))
  }

  #breakBoth(): void {
    const reset = (): Error => Object.assign(new Error('connection reset'), { code: 'ECONNRESET' })
    this.#ended = true
    this.peer.#ended = true
    this.#process.later(this.#network.delay(), () => this.#close(reset()))
    this.peer.#process.later(this.#network.delay(), () => this.peer.#close(reset()))
  }

  #close(error: Error | undefined): void {
    if (!this.#open) return
    this.#open = false
    this.#process.connections--
    this.#arrived = []
    this.#network.closed(this)
    if (this.#isClient) this.#network.tap?.closed(this.#client, this.#id)
    this.handlers.onClose(error)
    this.handlers = ignored
  }
}
