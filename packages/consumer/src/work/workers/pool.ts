/**
 * Handlers in worker threads, for work that keeps a processor busy: what runs in them holds up neither heartbeats nor
 * other records.
 *
 * The threads are started with the run. One that has ended is started again with the next record for it: its records
 * failed, and are retried as any others. Records of one key go to one thread, which may keep what it knows of the key;
 * the order is kept by the lanes, as for any handler. At most `concurrency` records are copied into threads and not
 * answered.
 */
import type { ReceivedMessage } from '@tidemark/client'
import type { Clock } from '@tidemark/platform'
import type { Context } from '../context.ts'
import type { ResolvedWorkers } from './options.ts'
import { WorkerThread } from './thread.ts'

export class WorkerPool {
  readonly #options: ResolvedWorkers
  readonly #clock: Clock
  readonly #threads: (WorkerThread | undefined)[] = []
  #users = 0

  constructor(options: ResolvedWorkers, clock: Clock) {
    this.#options = options
    this.#clock = clock
  }

  readonly call = (message: ReceivedMessage, context: Context): Promise<void> =>
    this.#threadAt(affinityOf(message) % this.#options.threads).call(message, context)

  #threadAt(index: number): WorkerThread {
    const known = this.#threads[index]
    if (known !== undefined && !known.hasEnded) return known
    const thread = new WorkerThread(this.#options, this.#clock)
    this.#threads[index] = thread
    return thread
  }

  /** A run, or a replay, uses the pool from now on. */
  open(): void {
    if (this.#users++ > 0) return
    for (let index = 0; index < this.#options.threads; index++) this.#threadAt(index)
  }

  /** It does not any more; with the last one the threads end. */
  async close(): Promise<void> {
    if (--this.#users > 0) return
    await Promise.all(this.#threads.splice(0).map((thread) => thread?.close()))
  }
}

/** The same for the same key; without one, neighbours in a partition go to different threads. */
function affinityOf({ topic, partition, offset, key }: ReceivedMessage): number {
  if (key === null) return (hashOf(Buffer.from(topic)) + partition + offset) % 2 ** 31
  return hashOf(key)
}

/** FNV-1a, 31 bits of it. */
function hashOf(bytes: Uint8Array): number {
  let hash = 0x811c9dc5
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193)
  return hash >>> 1
}
