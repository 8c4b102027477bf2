/**
 * Code around every call of a handler: the first that was given is the outermost. A middleware that does not call
 * `next` keeps the handler from running, and its record counts as done.
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
    let isCalled = false
    return layer(input, context, async () => {
      if (isCalled)
        throw new TidemarkError('INVALID_ARGUMENT', 'next() was called twice by one middleware; a record is handled once an attempt')
      isCalled = true
      return await inner(input, context)
    })
  }
}
