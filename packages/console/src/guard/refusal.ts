/** Errors as a browser gets them: a status, and a body with `code` and `message`. */
import { TidemarkError } from '@tidemark/platform'

/** An answer that is decided before a cluster is asked. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly status: number
  readonly code: string

  constructor(status: number, code: string, message: string) {
    super(message)
    this.status = status
    this.code = code
  }
}

export interface ErrorBody {
  readonly code: string
  readonly message: string
}

/** What a browser is told of a bug; the operator is told the rest on the diagnostics channel. */
export const INTERNAL: ErrorBody = { code: 'INTERNAL', message: 'this is a bug of the console; what went wrong is in its log' }

/** Undefined: an error that nothing here expects, which is a bug. */
export function answerTo(error: unknown): { readonly status: number; readonly body: ErrorBody } | undefined {
  if (error instanceof Refusal) return { status: error.status, body: { code: error.code, message: error.message } }
  if (error instanceof TidemarkError) return { status: statusOf(error.code), body: { code: error.code, message: error.message } }
  if (isFastifyError(error)) return { status: error.statusCode, body: { code: error.code, message: error.message } }
  return undefined
}

const STATUS: Readonly<Record<string, number>> = {
  INVALID_ARGUMENT: 400,
  INVALID_OPTION: 400,
  INVALID_TOPIC: 400,
  INVALID_TOPIC_EXCEPTION: 400,
  NOTHING_TO_DO: 400,
  UNAUTHORIZED: 403,
  UNKNOWN_BOOKMARK: 404,
  UNKNOWN_GROUP: 404,
  UNKNOWN_MOVE: 404,
  UNKNOWN_TOPIC: 404,
  UNKNOWN_PARTITION: 404,
  OFFSET_OUT_OF_RANGE: 404,
  MOVE_INCOMPLETE: 409,
  NON_EMPTY_GROUP: 409,
  UNSUPPORTED_GROUP_TYPE: 400,
  GROUP_ACTIVE: 409,
  GHOST_CONSUMER: 409,
  PLAN_STALE: 409,
  PLAN_DAMAGED: 400,
  PLAN_EXPIRED: 409,
  FALLBACK_NOT_ACCEPTED: 409,
  UNREACHABLE: 503,
  CONNECTION_LOST: 503,
  CLOSED: 503,
  TIMED_OUT: 504,
}

/** What is not in the table was answered by the cluster, and is its word: 502. */
const statusOf = (code: string): number => STATUS[code] ?? (code.endsWith('_AUTHORIZATION_FAILED') ? 403 : 502)

/** Fastify's own: a body that is too large, a value that the schema of a route does not allow. */
const isFastifyError = (error: unknown): error is Error & { code: string; statusCode: number } =>
  error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number' && 'code' in error && error.statusCode < 500
