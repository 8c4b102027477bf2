/**
 * Code around every call of a handler: the first that was given is the outermost. A middleware that does not call
 * `next` keeps the handler from running, and its record counts as done.
 *
 * Invariant: a call is not over before its handler is, whatever the middleware waits for: the commit passes no record
 * whose handler runs, none is tried again beside itself, and a failure that no middleware could see is the record's.
 */
import type { ReceivedMessage } from '@tidemark/client'
import { TidemarkError } from '@tidemark/platform'
import type { BatchContext, Context } from './context.ts'
import type { BatchHandler, EachHandler, MessageBatch } from './work.ts'

/** Calls what is further in, once; resolves, or rejects, with what comes of it. */
export type Next = () => Promise<unknown>

/** Around the calls of `each()` and of `messages()`. The message has its bytes, also in a typed topic. */
export type Middleware = (message: ReceivedMessage, context: Context, next: Next) => unknown

/** Around the calls of `batches()`. */
export type BatchMiddleware = (batch: MessageBatch, context: BatchContext, next: Next) => unknown

export interface Middlewares {
  readonly each?: Middleware
  readonly batches?: BatchMiddleware
}

type Layer<In> = (input: In, context: Context, next: Next) => unknown
type Inner<In> = (input: In, context: Context) => unknown

export const withMiddleware = (layers: readonly Middleware[], handler: EachHandler): EachHandler => wrapped(layers, handler)
export const withBatchMiddleware = (layers: readonly BatchMiddleware[], handler: BatchHandler): BatchHandler => wrapped(layers, handler)

const wrapped = <In>(layers: readonly Layer<In>[], handler: Inner<In>): Inner<In> =>
  layers.reduceRight<Inner<In>>((inner, layer) => around(layer, inner), handler)

function around<In>(layer: Layer<In>, inner: Inner<In>): Inner<In> {
  return (input, context) => {
    const calls: InnerCall[] = []
    let isOver = false
    const outcome = layer(input, context, () => {
      if (isOver) return Promise.reject(refused('was called after its middleware had ended'))
      const call = new InnerCall(calls.length === 0 ? () => inner(input, context) : () => Promise.reject(refused('was called twice')))
      calls.push(call)
      return call
    })
    if (calls.length > 0 || isThenable(outcome)) return ended(outcome, calls).finally(() => void (isOver = true))
    isOver = true
    return outcome
  }
}

/** The outcome of a middleware; also if that rejects, no sooner than the calls that it made have settled. */
async function ended(outcome: unknown, calls: readonly InnerCall[]): Promise<unknown> {
  try {
    const result = await outcome
    for (const call of calls) await call.failure()
    return result
  } finally {
    for (const call of calls) await call.settled()
  }
}

/** What `next()` returns: a promise that knows whether anybody waits for it. */
class InnerCall extends Promise<unknown> {
  static override get [Symbol.species](): PromiseConstructor {
    return Promise
  }

  #isAwaited = false
  #isSettled = false

  constructor(call: () => unknown) {
    super((resolve) => resolve((async () => await call())()))
    void this.settled().then(() => {
      this.#isSettled = true
    })
  }

  // biome-ignore lint/suspicious/noThenProperty: a promise that sees who asks for it
  override then<A = unknown, B = never>(
    onResolved?: ((value: unknown) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.#isAwaited = true
    return super.then(onResolved, onRejected)
  }

  /** Never rejects. */
  settled(): Promise<unknown> {
    return super.then(undefined, () => {})
  }

  /** Rejects with its failure, unless the middleware has had the chance to see that. */
  async failure(): Promise<void> {
    if (!this.#isSettled || !this.#isAwaited) await this
  }
}

const isThenable = (it: unknown): boolean =>
  it instanceof Promise || typeof (it as { then?: unknown } | null | undefined)?.then === 'function'

const refused = (what: string): TidemarkError =>
  new TidemarkError('INVALID_ARGUMENT', `next() ${what}; a middleware calls it once at most for each attempt, and waits for it`)
