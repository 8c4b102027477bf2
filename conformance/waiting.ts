/** Waiting, for a time or until something is so. */
import { setTimeout } from 'node:timers/promises'

export const sleep = (ms: number): Promise<void> => setTimeout(ms)

const LOOK_EVERY_MS = 50

/** Looks again and again until `isReached` says yes; throws an error that names `what` when it takes too long. */
export async function until(what: string, isReached: () => boolean | Promise<boolean>, withinMs = 60_000): Promise<void> {
  const end = performance.now() + withinMs
  while (!(await isReached())) {
    if (performance.now() > end) throw new Error(`${what}: not within ${withinMs} ms`)
    await sleep(LOOK_EVERY_MS)
  }
}
