/** What the tests of this package share: a clock that is moved by hand, a disk that fails when told to, and a client that speaks raw requests. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Clock, type Connection, type Disk, DiskError, type File, nodeDisk, nodeTransport, type Timer } from '@tidemark/platform'
import { type Api, buildBatch, decodeResponse, encodeRequest, type Infer, type InferInput, type RecordToWrite } from '@tidemark/protocol'

/** Time stands still until `advance`. */
export class ManualClock implements Clock {
  #nowMs = 1_000_000
  #timers: { readonly at: number; readonly call: () => void }[] = []
  #afterTurn: (() => void)[] = []

  now(): number {
    return this.#nowMs
  }

  monotonic(): number {
    return this.#nowMs
  }

  schedule(delayMs: number, call: () => void): Timer {
    const timer = { at: this.#nowMs + delayMs, call }
    this.#timers.push(timer)
    return {
      cancel: () => {
        this.#timers = this.#timers.filter((t) => t !== timer)
      },
    }
  }

  afterTurn(call: () => void): void {
    this.#afterTurn.push(call)
  }

  /** Timers that were set and neither fired nor cancelled. */
  get pending(): number {
    return this.#timers.length
  }

  /** Lets a turn of I/O pass. */
  turn(): void {
    const calls = this.#afterTurn
    this.#afterTurn = []
    for (const call of calls) call()
  }

  /** Moves time; each timer fires at its moment, or all at the end if the event loop stalled. */
  advance(ms: number, stalled = false): void {
    const end = this.#nowMs + ms
    for (;;) {
      const next = this.#timers.filter((t) => t.at <= end).sort((a, b) => a.at - b.at)[0]
      if (next === undefined) break
      this.#timers = this.#timers.filter((t) => t !== next)
      this.#nowMs = stalled ? end : Math.max(this.#nowMs, next.at)
      next.call()
    }
    this.#nowMs = end
  }
}

export interface DiskSpy {
  /** Operations so far, as `read PATH`. */
  readonly done: string[]
  /** The next operations whose text contains this fail with the code. */
  failing: { readonly on: string; readonly code: string } | undefined
}

/** The real disk, watched; it fails where told to. */
export function spiedDisk(): Disk & DiskSpy {
  const spy: DiskSpy = { done: [], failing: undefined }
  const did = (operation: string, path: string): void => {
    const text = `${operation} ${path}`
    spy.done.push(text)
    if (spy.failing !== undefined && text.includes(spy.failing.on)) {
      throw new DiskError(operation, path, Object.assign(new Error('told to fail'), { code: spy.failing.code }))
    }
  }
  const watch = (file: File): File => ({
    path: file.path,
    write(chunks, position, how) {
      const write = (): void | Promise<void> => {
        did('write', file.path)
        return file.write(chunks, position, how)
      }
      return how === 'within' ? write() : Promise.resolve().then(write)
    },
    read(position, length) {
      did('read', file.path)
      return file.read(position, length)
    },
    size: () => file.size(),
    truncate: (size) => file.truncate(size),
    async sync() {
      did('sync', file.path)
      await file.sync()
    },
    close: () => file.close(),
  })
  const disk: Disk = {
    ...nodeDisk,
    open: (path, mode) => watch(nodeDisk.open(path, mode) as File),
    async syncFolder(path) {
      did('syncFolder', path)
      await nodeDisk.syncFolder(path)
    },
  }
  return Object.assign(spy, disk)
}

/** The real disk, on which nothing is ever finished within the call. */
export function slowDisk(): Disk {
  const later = <T>(act: () => T | Promise<T>): Promise<T> => Promise.resolve().then(act)
  return {
    ...nodeDisk,
    open: (path, mode) =>
      later(() => {
        const file = nodeDisk.open(path, mode) as File
        return {
          path,
          write: (chunks, position, how) => later(() => file.write(chunks, position, how)),
          read: (position, length) => later(() => file.read(position, length)),
          size: () => file.size(),
          truncate: (size) => later(() => file.truncate(size)),
          sync: () => file.sync(),
          close: () => file.close(),
        }
      }),
    removeFolder: (path) => later(() => nodeDisk.removeFolder(path)),
  }
}

/** A new empty folder, gone after the test. */
export function temporaryFolder(onEnd: (call: () => void) => void): string {
  const path = mkdtempSync(join(tmpdir(), 'tidemark-'))
  onEnd(() => rmSync(path, { recursive: true, force: true }))
  return path
}

export const text = (s: string): Buffer => Buffer.from(s)

export interface BatchWish {
  readonly values?: readonly string[]
  readonly key?: string
  readonly timesMs?: readonly number[]
  readonly producerId?: bigint
  readonly producerEpoch?: number
  readonly baseSequence?: number
}

/** A batch of records, one a value. */
export function batchOf({ values = ['v'], key, timesMs, ...options }: BatchWish = {}): Buffer {
  const record = (value: string, i: number): RecordToWrite => ({
    key: key === undefined ? null : text(key),
    value: text(value),
    timestampMs: timesMs?.[i] ?? 1_000,
  })
  return Buffer.from(buildBatch(values.map(record), options))
}

/** A client that sends what it is told and nothing else. */
export class RawClient {
  readonly #connection: Connection
  readonly #waiting = new Map<number, (frame: Buffer) => void>()
  #received = Buffer.alloc(0)
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
    this.#received = Buffer.concat([this.#received, chunk])
    while (this.#received.length >= 4 && this.#received.length >= 4 + this.#received.readInt32BE(0)) {
      const end = 4 + this.#received.readInt32BE(0)
      const frame = this.#received.subarray(4, end)
      this.#received = this.#received.subarray(end)
      const correlationId = frame.readInt32BE(0)
      this.order.push(correlationId)
      this.frames.push(frame)
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
