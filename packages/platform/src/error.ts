/** The errors of misuse and environment, for every package: users match on `code`, people read `message`. */
import type { ErrorName } from '@tidemark/protocol'

/** The codes of our own errors. */
export type OwnErrorCode =
  // What was asked for, or when
  | 'ALREADY_RUNNING'
  | 'CLOSED'
  | 'CLOSE_IN_HANDLER'
  | 'INTERRUPTED'
  | 'INVALID_ADDRESS'
  | 'INVALID_ARGUMENT'
  | 'INVALID_MESSAGE'
  | 'INVALID_OPTION'
  | 'NOT_ASSIGNED'
  | 'NOT_RUNNING'
  | 'NOTHING_TO_DO'
  | 'USAGE'
  // The way to the cluster
  | 'ABORTED'
  | 'CONNECTION_LOST'
  | 'FRAME_TOO_LARGE'
  | 'PROTOCOL_ERROR'
  | 'TIMED_OUT'
  | 'TLS_FAILED'
  | 'TOO_MANY_REQUESTS'
  | 'UNAUTHORIZED'
  | 'UNREACHABLE'
  // Topics, and what is in their logs
  | 'CORRUPT_BATCH'
  | 'FETCH_FAILED'
  | 'HISTORY_UNREADABLE'
  | 'INVALID_TOPIC'
  | 'LOG_TRUNCATED'
  | 'TOPIC_EXISTS'
  | 'TOPIC_REPLACED'
  | 'UNKNOWN_GROUP'
  | 'UNKNOWN_PARTITION'
  | 'UNKNOWN_TOPIC'
  | 'UNSUPPORTED_GROUP_TYPE'
  // Producing
  | 'BUFFER_FULL'
  | 'DELIVERY_TIMED_OUT'
  | 'PARTITIONER_FAILED'
  | 'RECORD_TOO_LARGE'
  | 'SEND_FAILED'
  // Consuming
  | 'COMMIT_FAILED'
  | 'COMMIT_FENCED'
  | 'DECODE_FAILED'
  | 'FENCED'
  | 'IN_PROGRESS'
  | 'LOCK_LOST'
  | 'LOCK_TIMED_OUT'
  | 'DEAD_LETTER_FAILED'
  | 'HANDLER_FAILED'
  | 'HANDLER_STUCK'
  | 'HANDLER_TIMED_OUT'
  | 'KILLED_PROCESS'
  | 'NO_COMMITTED_OFFSET'
  | 'NO_DEAD_LETTERS'
  | 'REDRIVE_FAILED'
  | 'START_AT_FAILED'
  | 'STORE_FAILED'
  | 'STORE_UNAVAILABLE'
  | 'STUCK'
  // Moving offsets
  | 'FALLBACK_NOT_ACCEPTED'
  | 'GHOST_CONSUMER'
  | 'GRADUATION_FAILED'
  | 'GROUP_ACTIVE'
  | 'MOVE_INCOMPLETE'
  | 'PLAN_DAMAGED'
  | 'PLAN_EXPIRED'
  | 'PLAN_STALE'
  | 'UNKNOWN_BOOKMARK'
  | 'UNKNOWN_MOVE'
  // Testing
  | 'CRASH_TEST_FAILED'
  | 'WORKER_CRASHED'
  // The command line
  | 'OUTPUT_CLOSED'
  | 'OUTPUT_FAILED'
  | 'PROFILE_READ_ONLY'
  // The console
  | 'PAGE_MISSING'
  // The broker
  | 'ADDRESS_IN_USE'
  | 'ADDRESS_UNAVAILABLE'
  | 'BROKER_FAILED'
  | 'DEMO_FAILED'
  | 'FOLDER_IN_USE'
  | 'LOG_DAMAGED'
  | 'MEMORY_FULL'
  | 'NOT_A_DATA_FOLDER'
  | 'STORAGE_FAILED'
  | 'UNKNOWN_FORMAT'

/**
 * Our own codes, and Kafka's names for what a broker answered: a union, so that a `switch` over it can be seen to be
 * complete.
 */
export type TidemarkErrorCode = OwnErrorCode | Exclude<ErrorName, 'NONE'>

export interface ErrorDetails {
  readonly topic?: string
  readonly partition?: number
  readonly offset?: number
  /** Where more than one partition is concerned. */
  readonly partitions?: readonly PartitionPlace[]
  readonly cause?: unknown
}

export interface PartitionPlace {
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

/** `code` is stable; `message` says what was wrong, where, and what to do, in one line. */
export class TidemarkError extends Error {
  override readonly name = 'TidemarkError'
  readonly code: TidemarkErrorCode
  declare readonly topic: string | undefined
  declare readonly partition: number | undefined
  declare readonly offset: number | undefined
  /**
   * Where more than one partition is concerned: COMMIT_FAILED says of each from which offset on nothing is on record.
   */
  declare readonly partitions: readonly PartitionPlace[] | undefined

  /**
   * The table of Kafka's errors includes NONE, which never fails anything: the type of its names is taken as it is.
   */
  constructor(code: TidemarkErrorCode | 'NONE', message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = code as TidemarkErrorCode
    const { cause: _, ...places } = details
    // Only what applies: Node prints every property, also one that is undefined.
    for (const [name, value] of Object.entries(places)) if (value !== undefined) Object.assign(this, { [name]: value })
  }
}

/** A failed operation on the disk. `code` is the system's: ENOSPC, EFBIG, EIO, ENOENT, … */
export class DiskError extends Error {
  override readonly name = 'DiskError'
  readonly code: string
  readonly operation: string
  readonly path: string

  constructor(operation: string, path: string, cause: unknown) {
    const code = (cause as { code?: string } | null)?.code ?? 'EIO'
    super(`cannot ${operation} ${path}: ${(cause as Error | null)?.message ?? code}`, { cause })
    this.code = code
    this.operation = operation
    this.path = path
  }
}
