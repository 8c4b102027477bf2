/**
 * One worker thread and the calls that it has.
 *
 * Invariant: every call settles: with the thread's answer, or, when the thread ends, as WORKER_CRASHED.
 */
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads'
import type { ReceivedMessage } from '@tidemark/client'
import { textOf } from '@tidemark/client/internal'
import { type Clock, TidemarkError, type Timer } from '@tidemark/platform'
import type { Context } from '../context.ts'
import type { ResolvedWorkers } from './options.ts'
import { packed, thrownOf, type WireAbort, type WireAnswer, type WireCall } from './wire.ts'

interface OpenCall {
  readonly message: ReceivedMessage
  readonly context: Context
  resolve(): void
  reject(error: unknown): void
}

const MIB = 1024 * 1024

export class WorkerThread {
  readonly #options: ResolvedWorkers
  readonly #clock: Clock
  readonly #worker: Worker
  readonly #aborts: MessagePort
  readonly #open = new Map<number, OpenCall>()
  readonly #exited = Promise.withResolvers<void>()
  #nextCall = 1
  #error: unknown
  hasEnded = false

  constructor(options: ResolvedWorkers, clock: Clock) {
    const { file, heapBytesMax, execArgv } = options
    const { port1, port2 } = new MessageChannel()
    this.#options = options
    this.#clock = clock
    this.#aborts = port1
    this.#worker = new Worker(file, {
      workerData: { tidemark: { aborts: port2 } },
      transferList: [port2],
      ...(heapBytesMax !== undefined && { resourceLimits: { maxOldGenerationSizeMb: Math.ceil(heapBytesMax / MIB) } }),
      ...(execArgv !== undefined && { execArgv: [...execArgv] }),
    })
    this.#worker.on('message', (answer: WireAnswer) => this.#answered(answer))
    this.#worker.on('error', (error) => {
      this.#error = error
    })
    this.#worker.on('exit', (code) => this.#ended(code))
  }

  /** Resolves as the handler in the thread does; rejects with what it threw, or with WORKER_CRASHED. */
  async call(message: ReceivedMessage, context: Context): Promise<void> {
    const call = this.#nextCall++
    const { signal } = context
    let grace: Timer | undefined
    const abort = (): void => {
      this.#aborts.postMessage({ call, reason: signal.reason } satisfies WireAbort)
      grace = this.#clock.schedule(this.#options.abortGraceMs, () => void this.#worker.terminate())
    }
    try {
      await new Promise<void>((resolve, reject) => {
        this.#open.set(call, { message, context, resolve, reject })
        const { message: wire, buffer } = packed(message)
        const { id, attempt, attemptsMax } = context
        this.#worker.postMessage({ call, message: wire, id, attempt, attemptsMax } satisfies WireCall, [buffer])
        if (signal.aborted) abort()
        else signal.addEventListener('abort', abort, { once: true })
      })
    } finally {
      grace?.cancel()
      signal.removeEventListener('abort', abort)
    }
  }

  #answered({ call, skipped, deadLettered, failure }: WireAnswer): void {
    const open = this.#open.get(call)
    if (open === undefined) return
    this.#open.delete(call)
    try {
      if (skipped !== undefined) open.context.skip(thrownOf(skipped.why))
      if (deadLettered !== undefined) open.context.deadLetter(thrownOf(deadLettered.why))
    } catch (error) {
      return open.reject(error) // there is no dead-letter topic
    }
    if (failure === undefined) open.resolve()
    else open.reject(thrownOf(failure))
  }

  #ended(code: number): void {
    this.hasEnded = true
    this.#aborts.close()
    const why = this.#error === undefined ? `it ended with exit code ${code}` : textOf(this.#error)
    for (const { message, reject } of this.#open.values()) {
      const { topic, partition, offset } = message
      const text = `the worker thread that handled ${topic}-${partition} at offset ${offset} is gone: ${why}`
      reject(new TidemarkError('WORKER_CRASHED', text, { topic, partition, offset, cause: this.#error }))
    }
    this.#open.clear()
    this.#exited.resolve()
  }

  /** Ends the thread at once. */
  async close(): Promise<void> {
    if (!this.hasEnded) await this.#worker.terminate()
    await this.#exited.promise
  }
}
