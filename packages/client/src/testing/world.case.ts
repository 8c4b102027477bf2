/**
 * Time, chance and a network in memory for the tests: nothing happens but by `run` and `settle`, in one order for one
 * seed.
 */
import { setImmediate as turn } from 'node:timers/promises'
import {
  type Address,
  type Clock,
  type Connection,
  type ConnectionHandlers,
  formatAddress,
  nodeDisk,
  type Platform,
  type Random,
  TidemarkError,
  type Timer,
  type Transport,
} from '@tidemark/platform'

interface Event {
  readonly atMs: number
  readonly order: number
  cancelled: boolean
  call(): void
}

export class World implements Clock, Transport, Random {
  #nowMs = 0
  #order = 0
  #events: Event[] = []
  #seed: number
  readonly #listeners = new Map<string, (connection: Connection) => void>()
  /** Every connection made so far, as the client's side of it. */
  readonly connections: Pipe[] = []

  constructor(seed = 42) {
    this.#seed = seed
  }

  get platform(): Platform {
    return { clock: this, random: this, transport: this, disk: nodeDisk }
  }

  now(): number {
    return 1_700_000_000_000 + this.#nowMs
  }

  monotonic(): number {
    return this.#nowMs
  }

  next(): number {
    this.#seed = (Math.imul(this.#seed, 1103515245) + 12345) & 0x7fffffff
    return this.#seed / 0x80000000
  }

  uuid(): string {
    return Array.from({ length: 32 }, () => Math.floor(this.next() * 16).toString(16)).join('')
  }

  schedule(delayMs: number, call: () => void): Timer {
    const event: Event = { atMs: this.#nowMs + Math.max(0, delayMs), order: this.#order++, cancelled: false, call }
    this.#events.push(event)
    return {
      cancel: () => {
        event.cancelled = true
      },
    }
  }

  afterTurn(call: () => void): void {
    this.schedule(0, call)
  }

  async #step(untilMs: number): Promise<boolean> {
    await turn()
    this.#events = this.#events.filter((e) => !e.cancelled)
    const due = this.#events.filter((e) => e.atMs <= untilMs).sort((a, b) => a.atMs - b.atMs || a.order - b.order)[0]
    if (due === undefined) return false
    this.#events.splice(this.#events.indexOf(due), 1)
    this.#nowMs = Math.max(this.#nowMs, due.atMs)
    due.call()
    return true
  }

  /** Lets `ms` pass. */
  async run(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms
    while (await this.#step(untilMs));
    this.#nowMs = untilMs
  }

  /** Lets time pass until the promise settles; fails when it has not after `withinMs`. */
  async settle<T>(promise: Promise<T>, withinMs = 600_000): Promise<T> {
    let settled = false
    const mark = (): void => {
      settled = true
    }
    promise.then(mark, mark)
    const untilMs = this.#nowMs + withinMs
    for (;;) {
      await turn()
      if (settled) return promise
      if (!(await this.#step(untilMs))) {
        await turn()
        if (settled) return promise
        throw new Error(`nothing more happens within ${withinMs} ms, and the promise has not settled`)
      }
    }
  }

  /** The error with which the promise rejects. */
  async fails(promise: Promise<unknown>): Promise<TidemarkError> {
    const error = await this.settle(
      promise.then(
        () => undefined,
        (e: unknown) => e,
      ),
    )
    if (error instanceof TidemarkError) return error
    throw error ?? new Error('the promise resolved')
  }

  listen(address: Address, onConnection: (connection: Connection) => void): Promise<{ address: Address; close(): Promise<void> }> {
    const key = formatAddress(address)
    this.#listeners.set(key, onConnection)
    return Promise.resolve({ address, close: async () => void this.#listeners.delete(key) })
  }

  connect(address: Address, _timeoutMs: number): Promise<Connection> {
    return new Promise((resolve, reject) => {
      this.schedule(1, () => {
        const accept = this.#listeners.get(formatAddress(address))
        if (accept === undefined) return reject(new TidemarkError('UNREACHABLE', `${formatAddress(address)}: nobody listens there`))
        const ours = new Pipe(this, address)
        const theirs = new Pipe(this, { host: 'client', port: this.connections.length })
        ours.peer = theirs
        theirs.peer = ours
        this.connections.push(ours)
        accept(theirs)
        resolve(ours)
      })
    })
  }
}

const ignored: ConnectionHandlers = { onData() {}, onDrain() {}, onClose() {} }

/** One end of a connection in memory. Bytes arrive a millisecond after they were written. */
export class Pipe implements Connection {
  handlers: ConnectionHandlers = ignored
  readonly remote: Address
  readonly local: Address = { host: 'memory', port: 0 }
  readonly buffered = 0
  readonly #world: World
  peer!: Pipe
  closed = false
  /** Half-open: what is written goes nowhere. */
  silent = false
  /** Cuts what is written into pieces of this size. */
  chunkBytes = Number.POSITIVE_INFINITY

  constructor(world: World, remote: Address) {
    this.#world = world
    this.remote = remote
  }

  write(chunks: readonly Uint8Array[]): boolean {
    if (this.closed || this.silent) return true
    const bytes = Buffer.concat(chunks)
    for (let at = 0; at < bytes.length; at += this.chunkBytes) {
      const piece = bytes.subarray(at, Math.min(bytes.length, at + this.chunkBytes))
      this.#world.schedule(1, () => {
        if (!this.peer.closed) this.peer.handlers.onData(piece)
      })
    }
    return true
  }

  pause(): void {}
  resume(): void {}

  end(): void {
    this.destroy()
  }

  destroy(error?: Error): void {
    if (this.closed) return
    this.closed = true
    this.#world.schedule(0, () => this.handlers.onClose(error))
    this.#world.schedule(1, () => {
      if (this.peer.closed) return
      this.peer.closed = true
      this.peer.handlers.onClose()
    })
  }
}
