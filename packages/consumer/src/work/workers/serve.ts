/** The side of a worker thread: `@tidemark/consumer/worker`. */
import { isMainThread, type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import type { ReceivedMessage } from '@tidemark/client'
import { checkFunction, TidemarkError } from '@tidemark/platform'
import { unpacked, type WireAbort, type WireAnswer, type WireCall, type WireWhy, wireError } from './wire.ts'

/** What a handler in a worker thread gets beside its record. */
export interface WorkerContext {
  /** The record's name for ever, the same at every attempt: an idempotency key. */
  readonly id: string
  /** 1 for the first attempt. */
  readonly attempt: number
  readonly attemptsMax: number
  /**
   * Aborts when the result will not count any more; `reason` is 'revoked', 'lost', 'seek', 'shutdown' or 'timeout'. A
   * calculation that does not return for long reads `context.signal.aborted` now and then: each time the property
   * `signal` is read, aborts that have arrived are seen.
   */
  readonly signal: AbortSignal
  /** Counts the record as done, however the handler ends. */
  skip(why: unknown): void
  /** Sends the record to the dead-letter topic, however the handler ends. */
  deadLetter(why: unknown): void
}

export type WorkerHandler = (message: ReceivedMessage, context: WorkerContext) => unknown

/**
 * In the file that the option `workers` names: handles the records that the consumer sends to this thread. Call it
 * once. Throws `TidemarkError` INVALID_ARGUMENT for what is not a function, and NOT_RUNNING outside of such a thread.
 *
 * ```ts
 * serveWorker((message, context) => resize(message.value))
 * ```
 */
export function serveWorker(handler: WorkerHandler): void {
  checkFunction('the handler of serveWorker()', handler)
  const port = parentPort
  const aborts = (workerData as { readonly tidemark?: { readonly aborts: MessagePort } } | null)?.tidemark?.aborts
  if (isMainThread || port === null || aborts === undefined) {
    throw new TidemarkError('NOT_RUNNING', 'serveWorker() is for the file that the option workers of each() names, in its threads')
  }
  const running = new Map<number, CallInThread>()
  /** Aborts of calls that wait until the thread is free for them. Calls come in the order of their numbers. */
  const early = new Map<number, unknown>()
  let lastCall = 0
  const abort = ({ call, reason }: WireAbort): void => {
    if (call > lastCall) early.set(call, reason)
    else running.get(call)?.abort(reason)
  }
  const lookForAborts = (): void => {
    for (let next = receiveMessageOnPort(aborts); next !== undefined; next = receiveMessageOnPort(aborts)) abort(next.message)
  }
  aborts.on('message', abort)
  port.on('message', async (wire: WireCall) => {
    lookForAborts()
    lastCall = wire.call
    if (early.has(wire.call)) {
      port.postMessage(abortedBefore(wire, early.get(wire.call)))
      early.delete(wire.call)
      return
    }
    const context = new CallInThread(wire, lookForAborts)
    running.set(wire.call, context)
    const answer = await context.answer(handler, wire)
    running.delete(wire.call)
    port.postMessage(answer)
  })
}

/** Its result would not count any more: the handler is not called. */
function abortedBefore({ call }: WireCall, reason: unknown): WireAnswer {
  const failure = wireError(new TidemarkError('ABORTED', `aborted before its thread was free for it: ${reason}`))
  return { call, skipped: undefined, deadLettered: undefined, failure }
}

class CallInThread implements WorkerContext {
  readonly id: string
  readonly attempt: number
  readonly attemptsMax: number
  readonly #lookForAborts: () => void
  readonly #controller = new AbortController()
  #skipped: WireWhy
  #deadLettered: WireWhy

  constructor({ id, attempt, attemptsMax }: WireCall, lookForAborts: () => void) {
    this.id = id
    this.attempt = attempt
    this.attemptsMax = attemptsMax
    this.#lookForAborts = lookForAborts
  }

  get signal(): AbortSignal {
    this.#lookForAborts()
    return this.#controller.signal
  }

  get skipped(): WireWhy {
    return this.#skipped
  }

  get deadLettered(): WireWhy {
    return this.#deadLettered
  }

  skip(why: unknown): void {
    this.#skipped = { why: wireError(why) }
  }

  deadLetter(why: unknown): void {
    this.#deadLettered = { why: wireError(why) }
  }

  abort(reason: unknown): void {
    this.#controller.abort(reason)
  }

  async answer(handler: WorkerHandler, { call, message }: WireCall): Promise<WireAnswer> {
    try {
      await handler(unpacked(message), this)
      return { call, skipped: this.#skipped, deadLettered: this.#deadLettered, failure: undefined }
    } catch (error) {
      return { call, skipped: this.#skipped, deadLettered: this.#deadLettered, failure: wireError(error) }
    }
  }
}
