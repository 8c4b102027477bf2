/** Requests that a server can tell from their repetitions. */
import { checkFunction, checkName, describe, TidemarkError } from '@tidemark/platform'

type Fetch = typeof globalThis.fetch

/**
 * A `fetch` that sets `Idempotency-Key` to `context.id` (the header of the IETF's draft, as Stripe and others take it),
 * unless the request has one, and ends with `context.signal`: whatever calls the handler again, the server sees the
 * same key. A handler that sends more than one kind of request gives each a name: the key is then `id:name`.
 *
 * ```ts
 * const response = await idempotentFetch(context, 'charge')('https://payments.example/charges', { method: 'POST', body })
 * ```
 * Throws `TidemarkError` INVALID_ARGUMENT.
 */
export function idempotentFetch(
  context: { readonly id: string; readonly signal: AbortSignal },
  name?: string,
  fetch: Fetch = globalThis.fetch,
): Fetch {
  if (typeof (context as { id?: unknown } | null | undefined)?.id !== 'string') {
    throw new TidemarkError(
      'INVALID_ARGUMENT',
      `the context of idempotentFetch() is ${describe(context)}; it must be the context of the handler`,
    )
  }
  checkFunction('the fetch of idempotentFetch()', fetch)
  if (name !== undefined) checkName('the name of idempotentFetch()', name)
  const key = name === undefined ? context.id : `${context.id}:${name}`
  return (input, init = {}) => {
    const headers = new Headers(init.headers ?? (input instanceof Request ? input.headers : undefined))
    if (!headers.has('idempotency-key')) headers.set('idempotency-key', key)
    const given = init.signal ?? (input instanceof Request ? input.signal : undefined)
    return fetch(input, { ...init, headers, signal: given == null ? context.signal : AbortSignal.any([context.signal, given]) })
  }
}
