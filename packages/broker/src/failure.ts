/**
 * The first failure of the disk ends the broker: nothing that was not written may be acknowledged afterwards, and
 * what the page cache holds after a failed sync is unknown. Code that catches a `DiskError` reports it here; the
 * broker closes its listeners and rejects `closed`. The embedding process lives on.
 */
import { DiskError, TidemarkError } from '@tidemark/platform'
import { ErrorCode } from '@tidemark/protocol'
import { tell } from './diagnostics.ts'

const meanings: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full: free some space and start again',
  EDQUOT: 'the quota of the disk is used up: free some space and start again',
  EFBIG: 'the file may not grow further (a limit of the file system or of the process)',
  EROFS: 'the file system is read-only',
  EACCES: 'permission denied',
  EIO: 'the disk reports an I/O error',
  EMFILE: 'the process has too many open files: raise its limit, or lower openFilesMax',
}

export class Failure {
  readonly #onFailure: (error: TidemarkError) => void
  error: TidemarkError | undefined
  #saidFull = false

  constructor(onFailure: (error: TidemarkError) => void) {
    this.#onFailure = onFailure
  }

  /**
   * Returns the error that all later writes fail with. Full memory is not a failure: it is reported once, and the
   * append is refused.
   */
  report(cause: unknown): TidemarkError {
    if (isMemoryFull(cause)) return this.#full(cause)
    if (this.error !== undefined) return this.error
    // What the storage does not throw is a bug, and ends the broker too: what it left half done is unknown.
    if (!(cause instanceof DiskError || cause instanceof TidemarkError)) tell({ kind: 'bug', where: 'the storage', error: cause })
    this.error = storageFailed(cause)
    tell({ kind: 'storageFailed', error: this.error })
    this.#onFailure(this.error)
    return this.error
  }

  #full(error: TidemarkError): TidemarkError {
    if (!this.#saidFull) tell({ kind: 'memoryFull', message: error.message })
    this.#saidFull = true
    return error
  }
}

/** Bytes of one log that are not what was written. */
export const isDamage = (cause: unknown): cause is TidemarkError => cause instanceof TidemarkError && cause.code === 'LOG_DAMAGED'

export const isMemoryFull = (cause: unknown): cause is TidemarkError => cause instanceof TidemarkError && cause.code === 'MEMORY_FULL'

/**
 * The code that says so to a client; rethrows what is not a failure of the storage. A client tries again what Kafka
 * calls a storage error, and memory that is full does not empty itself: POLICY_VIOLATION is final for every client,
 * and carries a message.
 */
export function storageCode(error: unknown): number {
  if (isMemoryFull(error)) return ErrorCode.POLICY_VIOLATION
  if (error instanceof TidemarkError || error instanceof DiskError) return ErrorCode.KAFKA_STORAGE_ERROR
  throw error
}

function storageFailed(cause: unknown): TidemarkError {
  if (cause instanceof TidemarkError) return cause
  const { code, message } = cause instanceof DiskError ? cause : { code: '', message: (cause as Error).message }
  const meaning = meanings[code]
  return new TidemarkError('STORAGE_FAILED', `the broker stopped: ${message}${meaning === undefined ? '' : ` (${meaning})`}`, { cause })
}
