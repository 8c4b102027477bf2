/** What a supervisor does when its consumer has failed: start it again, and when; or give up, and why. Pure. */
import { type Delays, type OwnErrorCode, TidemarkError } from '@tidemark/platform'
import { isKafkaError, isRetriableName } from '../failures.ts'
import { retryDelayMs } from '../work/retry.ts'

export interface RestartPolicy extends Delays {
  readonly failuresMax: number
  readonly windowMs: number
}

export type Decision =
  | { readonly kind: 'restart'; readonly delayMs: number }
  /** `fatal`: no start can help. `tooMany`: `failuresMax` within the window. */
  | { readonly kind: 'giveUp'; readonly why: 'fatal' | 'tooMany' }

/**
 * `failuresMs`: when it failed, this time included; on the monotonic clock, in order. `chance` is in [0, 1). The pause
 * grows with each failure within the window.
 */
export function decide(policy: RestartPolicy, failuresMs: readonly number[], nowMs: number, error: unknown, chance: number): Decision {
  if (isFatal(error)) return { kind: 'giveUp', why: 'fatal' }
  const recent = failuresMs.filter((atMs) => atMs > nowMs - policy.windowMs).length
  if (recent >= policy.failuresMax) return { kind: 'giveUp', why: 'tooMany' }
  return { kind: 'restart', delayMs: retryDelayMs(policy, recent, chance) }
}

type Class = 'fatal' | 'restart'

/** Whether the same program may succeed when it is started again. */
const CLASSES: Readonly<Record<OwnErrorCode, Class>> = {
  // The program is wrong, or was told to end: it will be the same the next time.
  ALREADY_RUNNING: 'fatal',
  CLOSED: 'fatal',
  CLOSE_IN_HANDLER: 'fatal',
  CRASH_TEST_FAILED: 'fatal',
  INTERRUPTED: 'fatal',
  INVALID_ADDRESS: 'fatal',
  INVALID_ARGUMENT: 'fatal',
  INVALID_MESSAGE: 'fatal',
  INVALID_OPTION: 'fatal',
  INVALID_TOPIC: 'fatal',
  NOTHING_TO_DO: 'fatal',
  NOT_ASSIGNED: 'fatal',
  NOT_RUNNING: 'fatal',
  NO_DEAD_LETTERS: 'fatal',
  PAGE_MISSING: 'fatal',
  UNSUPPORTED_GROUP_TYPE: 'fatal',
  HISTORY_UNREADABLE: 'fatal',
  USAGE: 'fatal',
  // A person has to decide where to go on.
  FALLBACK_NOT_ACCEPTED: 'fatal',
  GHOST_CONSUMER: 'fatal',
  GRADUATION_FAILED: 'fatal',
  GROUP_ACTIVE: 'fatal',
  LOG_TRUNCATED: 'fatal',
  MOVE_INCOMPLETE: 'fatal',
  NO_COMMITTED_OFFSET: 'fatal',
  PLAN_DAMAGED: 'fatal',
  PLAN_EXPIRED: 'fatal',
  PLAN_STALE: 'fatal',
  PROFILE_READ_ONLY: 'fatal',
  TOPIC_REPLACED: 'fatal',
  UNKNOWN_BOOKMARK: 'fatal',
  UNKNOWN_MOVE: 'fatal',
  // Judged by their cause, if that is an error of ours (`BY_CAUSE`).
  COMMIT_FAILED: 'restart',
  DEAD_LETTER_FAILED: 'restart',
  // The rest may pass.
  ABORTED: 'restart',
  ADDRESS_IN_USE: 'restart',
  ADDRESS_UNAVAILABLE: 'restart',
  BROKER_FAILED: 'restart',
  BUFFER_FULL: 'restart',
  COMMIT_FENCED: 'restart',
  CONNECTION_LOST: 'restart',
  CORRUPT_BATCH: 'restart',
  DECODE_FAILED: 'restart',
  DELIVERY_TIMED_OUT: 'restart',
  DEMO_FAILED: 'restart',
  FENCED: 'restart',
  FETCH_FAILED: 'restart',
  FOLDER_IN_USE: 'restart',
  FRAME_TOO_LARGE: 'restart',
  HANDLER_FAILED: 'restart',
  HANDLER_STUCK: 'restart',
  HANDLER_TIMED_OUT: 'restart',
  IN_PROGRESS: 'restart',
  KILLED_PROCESS: 'restart',
  LOCK_LOST: 'restart',
  LOCK_TIMED_OUT: 'restart',
  LOG_DAMAGED: 'restart',
  MEMORY_FULL: 'restart',
  NOT_A_DATA_FOLDER: 'restart',
  OUTPUT_CLOSED: 'restart',
  OUTPUT_FAILED: 'restart',
  PARTITIONER_FAILED: 'restart',
  PROTOCOL_ERROR: 'restart',
  RECORD_TOO_LARGE: 'restart',
  REDRIVE_FAILED: 'restart',
  SEND_FAILED: 'restart',
  START_AT_FAILED: 'restart',
  STORAGE_FAILED: 'restart',
  STORE_FAILED: 'restart',
  STORE_UNAVAILABLE: 'restart',
  STUCK: 'restart',
  TLS_FAILED: 'fatal',
  UNAUTHORIZED: 'fatal',
  TIMED_OUT: 'restart',
  TOO_MANY_REQUESTS: 'restart',
  TOPIC_EXISTS: 'restart',
  UNKNOWN_FORMAT: 'restart',
  UNKNOWN_GROUP: 'restart',
  UNKNOWN_PARTITION: 'restart',
  UNKNOWN_TOPIC: 'restart',
  UNREACHABLE: 'restart',
  WORKER_CRASHED: 'restart',
}

/** What only repeats the words of its cause. */
const BY_CAUSE: ReadonlySet<string> = new Set(['COMMIT_FAILED', 'DEAD_LETTER_FAILED'])
/** Kafka marks these as final for a request; a member that starts again has a new identity, or a later view. */
const PASSES_WITH_A_START: ReadonlySet<string> = new Set([
  'ILLEGAL_GENERATION',
  'UNKNOWN_MEMBER_ID',
  'STALE_MEMBER_EPOCH',
  'FENCED_MEMBER_EPOCH',
  'UNRELEASED_INSTANCE_ID',
  'GROUP_MAX_SIZE_REACHED',
  'UNKNOWN_SERVER_ERROR',
])

/** Whether no start can help: a wrong option, or a refusal that is final. */
export function isFatal(error: unknown): boolean {
  if (!(error instanceof TidemarkError)) return false
  if (BY_CAUSE.has(error.code) && error.cause instanceof TidemarkError) return isFatal(error.cause)
  if (Object.hasOwn(CLASSES, error.code)) return CLASSES[error.code as OwnErrorCode] === 'fatal'
  return isKafkaError(error.code) && !isRetriableName(error.code) && !PASSES_WITH_A_START.has(error.code)
}
