/**
 * One call of a user's handler, whatever it does: returns, throws anything, rejects with anything, or never settles.
 *
 * Invariant: a call settles at most once, within the call if the handler is synchronous (T42). The
 * thing that is called travels as an argument, so that a record costs no function of its own.
 */
export interface Attempting<T> {
  call(it: T): unknown
  /** `failure` is undefined if the handler succeeded. */
  settled(it: T, failure: { readonly error: unknown } | undefined): void
}

export function attempt<T>(it: T, how: Attempting<T>): void {
  let pending: Promise<unknown> | undefined
  try {
    pending = pendingOf(how.call(it))
  } catch (error) {
    return how.settled(it, { error })
  }
  if (pending === undefined) return how.settled(it, undefined)
  pending.then(
    () => how.settled(it, undefined),
    (error) => how.settled(it, { error }),
  )
}

/**
 * A native promise for what a handler returned; undefined: it returned nothing to wait for. A foreign thenable is
 * adopted as `await` would adopt it: one that throws in `then` rejects, and only the first of its calls counts.
 * Functions can be thenables.
 */
function pendingOf(result: unknown): Promise<unknown> | undefined {
  if ((typeof result !== 'object' && typeof result !== 'function') || result === null) return undefined
  if (result instanceof Promise && result.constructor === Promise && result.then === Promise.prototype.then) return result
  // `then` is read here and once more by the promise, as by `await`.
  if (typeof (result as { then?: unknown }).then !== 'function') return undefined
  return Promise.resolve(result)
}
