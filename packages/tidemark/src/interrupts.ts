/**
 * SIGINT, SIGTERM and SIGHUP, for commands that have something to finish: the first asks for a clean end, the second
 * ends the process at once.
 */
import { exitCodeOf } from './exit.ts'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

export interface Interrupts {
  /** Aborts at the first signal. */
  readonly signal: AbortSignal
}

export interface InterruptOptions {
  /** The command runs until a signal: its exit code is 0 and not that of the signal. Default: false. */
  readonly isUsualEnd?: boolean
  /** Runs synchronously before the second signal ends the process. */
  readonly atOnce?: () => void
}

let exitCode: number | undefined

/** The exit code that the first signal asks for; undefined: there was none, or it was the usual end. */
export const interruptedCode = (): number | undefined => exitCode

/** To be called once in a process. */
export function interrupts({ isUsualEnd = false, atOnce }: InterruptOptions = {}): Interrupts {
  const controller = new AbortController()
  const receive = (signal: NodeJS.Signals): void => {
    if (controller.signal.aborted) {
      atOnce?.()
      process.exit(exitCodeOf(signal))
    }
    if (!isUsualEnd) exitCode = exitCodeOf(signal)
    controller.abort()
  }
  for (const signal of SIGNALS) process.on(signal, () => receive(signal))
  return { signal: controller.signal }
}
