/**
 * What a reader will ask for next, read while its last answer travels: where a large read ended, as much again.
 *
 * The bytes of a log never change, so what was read ahead stays right. It is taken once. Old reads that were not
 * asked for are dropped when the budget is used up; while all of them are fresh, nothing more is read ahead. A read
 * that fails is forgotten: the reader that needs it reads it again, and gets the error.
 */
import type { Clock, Now } from '@tidemark/platform'
import type { MemoryPool } from '../memory-pool.ts'

const FRESH_MS = 1_000

interface Ahead {
  readonly length: number
  readonly begunMs: number
  /** Undefined: it failed. */
  readonly read: Promise<Buffer | undefined>
}

export class ReadAhead {
  readonly #pool: MemoryPool
  readonly #clock: Clock
  readonly #bytesMax: number
  /** By file and position, the oldest first. */
  readonly #begun = new Map<string, Ahead>()
  #bytes = 0

  constructor(pool: MemoryPool, clock: Clock, bytesMax: number) {
    this.#pool = pool
    this.#clock = clock
    this.#bytesMax = bytesMax
  }

  get bytes(): number {
    return this.#bytes
  }

  begin(path: string, position: number, length: number, read: () => Now<Buffer>): void {
    const key = keyOf(path, position)
    if (this.#begun.has(key) || !this.#makeRoom(length)) return
    const begunMs = this.#clock.monotonic()
    this.#begun.set(key, { length, begunMs, read: new Promise<Buffer>((resolve) => resolve(read())).catch(() => undefined) })
    this.#bytes += length
  }

  /** Undefined, now or later: nothing was read ahead from there. */
  take(path: string, position: number): Promise<Buffer | undefined> | undefined {
    return this.#remove(keyOf(path, position))?.read
  }

  #makeRoom(length: number): boolean {
    for (const [key, { begunMs }] of this.#begun) {
      if (this.#bytes + length <= this.#bytesMax || this.#clock.monotonic() - begunMs < FRESH_MS) break
      void this.#remove(key)?.read.then((bytes) => bytes && this.#pool.give(bytes))
    }
    return this.#bytes + length <= this.#bytesMax
  }

  #remove(key: string): Ahead | undefined {
    const ahead = this.#begun.get(key)
    if (ahead === undefined) return undefined
    this.#begun.delete(key)
    this.#bytes -= ahead.length
    return ahead
  }
}

const keyOf = (path: string, position: number): string => `${path} ${position}`
