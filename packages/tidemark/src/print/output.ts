/**
 * Writes to stdout; nothing else does. The reader may be slow or may have closed the pipe (`| head`), and the disk may
 * be full: after a write that failed, all others fail too.
 */
import { TidemarkError } from '@tidemark/platform'

const failing = new AbortController()

/** Aborts when stdout takes no more; its reason is a `TidemarkError` OUTPUT_CLOSED or OUTPUT_FAILED. */
export const outputFailed: AbortSignal = failing.signal

/**
 * To be called once, before the first write. Failures of stderr are ignored: there is no other place to report them.
 */
export function watchOutput(): void {
  process.stdout.on('error', fail)
  process.stderr.on('error', () => {})
}

function fail(error: NodeJS.ErrnoException): void {
  if (failing.signal.aborted) return
  const isClosed = error.code === 'EPIPE' || error.code === 'EIO' || error.code === 'ERR_STREAM_DESTROYED'
  failing.abort(
    isClosed
      ? new TidemarkError('OUTPUT_CLOSED', 'the reader of stdout has closed it', { cause: error })
      : new TidemarkError('OUTPUT_FAILED', `cannot write to stdout: ${error.message}`, { cause: error }),
  )
}

/** Resolves when the system has taken the bytes. Rejects with `TidemarkError` OUTPUT_CLOSED or OUTPUT_FAILED. */
export function write(bytes: string | Uint8Array): Promise<void> {
  if (failing.signal.aborted) return Promise.reject(failing.signal.reason)
  return new Promise((resolve, reject) => {
    process.stdout.write(bytes, (error) => {
      if (error === null || error === undefined) return resolve()
      fail(error)
      reject(failing.signal.reason)
    })
  })
}

/** Like `write`; undefined while stdout has buffer space, so that a fast reader costs no promise a record. */
export function writeBuffered(bytes: string | Uint8Array): Promise<void> | undefined {
  failing.signal.throwIfAborted()
  if (process.stdout.write(bytes)) return undefined
  return write('')
}

/** Columns of the terminal that stdout is; undefined: it is not one, or does not know its size. */
export const outputWidth = (): number | undefined => (process.stdout.isTTY ? process.stdout.columns || undefined : undefined)
