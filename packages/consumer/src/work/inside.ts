/**
 * Whether the code that runs now was called by a handler, and by which of its calls: `close()` must not wait for its
 * own caller.
 *
 * An asynchronous context costs an allocation a call. A handler that has not returned a promise for long has no code
 * behind an `await`: there a variable is enough.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { CallContext } from './context.ts'

const asynchronous = new AsyncLocalStorage<CallContext>()
let synchronous: CallContext | undefined

/** The call that the code which runs now belongs to, if it still runs. */
export function currentCall(): CallContext | undefined {
  const call = synchronous ?? asynchronous.getStore()
  return call?.isRunning ? call : undefined
}

/** Calls that return no promise, after which a handler counts as synchronous. */
const SYNCHRONOUS_AFTER = 100

/** One handler. */
export class Inside<T> {
  readonly #call: (job: T) => unknown
  #synchronousCalls = 0

  constructor(call: (job: T) => unknown) {
    this.#call = call
  }

  run(context: CallContext, job: T): unknown {
    const isSynchronous = this.#synchronousCalls >= SYNCHRONOUS_AFTER
    const result = isSynchronous ? this.#runSynchronously(context, job) : asynchronous.run(context, this.#call, job)
    if (typeof result === 'object' && result !== null) this.#synchronousCalls = 0
    else this.#synchronousCalls++
    return result
  }

  #runSynchronously(context: CallContext, job: T): unknown {
    const before = synchronous
    synchronous = context
    try {
      return this.#call(job)
    } finally {
      synchronous = before
    }
  }
}
