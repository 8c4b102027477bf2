/** The errors of misuse and environment, for every package: users match on `code`, people read `message`. */

export interface ErrorDetails {
  readonly topic?: string
  readonly partition?: number
  readonly offset?: number
  readonly cause?: unknown
}

/** `code` is stable; `message` says what was wrong, where, and what to do, in one line. */
export class TidemarkError extends Error {
  override readonly name = 'TidemarkError'
  readonly code: string
  readonly topic: string | undefined
  readonly partition: number | undefined
  readonly offset: number | undefined

  constructor(code: string, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    this.topic = details.topic
    this.partition = details.partition
    this.offset = details.offset
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
