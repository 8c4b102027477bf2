/** Errors of requests that a consumer sends: which of them a retry can fix. */
import { mayPass as mayRequestPass } from '@tidemark/client/internal'
import { TidemarkError } from '@tidemark/platform'
import { ErrorCode, type ErrorName, errorOf } from '@tidemark/protocol'

/** Our own codes for what may pass: the topic may be created, the connection has too many requests on it
 * now, the store cannot be reached or was taken over by another member. */
const MAY_PASS: ReadonlySet<string> = new Set([
  'FENCED',
  'STORE_UNAVAILABLE',
  'TOO_MANY_REQUESTS',
  'UNKNOWN_TOPIC',
  'UNKNOWN_PARTITION',
  'UNKNOWN_SERVER_ERROR',
])

/**
 * Whether the same request may succeed later: the broker could not be reached, or Kafka marks its error as retriable.
 * UNKNOWN_SERVER_ERROR counts as such too: it says nothing about the request. Everything else is final: refusals,
 * CLOSED, and any error that is not ours.
 */
export function mayPass(error: unknown): error is TidemarkError {
  if (!(error instanceof TidemarkError)) return false
  return mayRequestPass(error) || MAY_PASS.has(error.code)
}

/** Kafka's mark of an error by its name; false for a code that is not Kafka's. */
export function isRetriableName(name: string): boolean {
  const code = (ErrorCode as Readonly<Record<string, number | undefined>>)[name]
  return code !== undefined && errorOf(code).retriable
}

export const isKafkaError = (name: string): name is ErrorName => Object.hasOwn(ErrorCode, name)
