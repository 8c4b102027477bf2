import { userInfo } from 'node:os'

/** Who is logged in, for the record of a move. */
export function userName(): string {
  try {
    return userInfo().username
  } catch (error) {
    // A container may run under a number that no name belongs to.
    if ((error as NodeJS.ErrnoException).code !== 'ERR_SYSTEM_ERROR') throw error
    return `uid ${process.getuid?.() ?? 'unknown'}`
  }
}
