/** Files that a command line names. */
import { readFileSync } from 'node:fs'
import { usage } from './exit.ts'

/**
 * The text of a file, or of stdin for `-`. Throws `TidemarkError` USAGE with the name of a file that cannot be read.
 */
export function textOfInput(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8')
  } catch (cause) {
    throw usage(`${file === '-' ? 'stdin' : file} cannot be read: ${whyOf(cause)}`)
  }
}

/** The bytes of the file that this option names. Throws `TidemarkError` USAGE. */
export function bytesOfFile(option: string, file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (cause) {
    throw usage(`${option} names ${file}, which cannot be read: ${whyOf(cause)}`)
  }
}

/** Node.js names the call that failed, and for a folder not even the path. */
function whyOf(cause: unknown): string {
  if (!(cause instanceof Error) || !('code' in cause)) throw cause
  return WHY[String(cause.code)] ?? cause.message
}

const WHY: Readonly<Record<string, string>> = { EISDIR: 'it is a folder', ENOENT: 'it does not exist', EACCES: 'permission denied' }
