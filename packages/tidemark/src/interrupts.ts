/**
 * SIGINT, SIGTERM and SIGHUP, for commands that have something to finish: the first asks for a clean end, the second
 * ends the process at once.
 */
import { exitCodeOf } from './exit.ts'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

export interface Interrupts {
  /** Aborts at the first signal. */
  readonly signal: AbortSignal
  /** The signal that came first; undefined: none. */
  readonly received: () => NodeJS.Signals | undefined
}

/** To be called once in a process. `atOnce` runs, synchronously, before the second signal ends the process. */
export function interrupts(atOnce: () => void = () => {}): Interrupts {
  const controller = new AbortController()
  let first: NodeJS.Signals | undefined
  const receive = (signal: NodeJS.Signals): void => {
    if (first !== undefined) {
      atOnce()
      process.exit(exitCodeOf(signal))
    }
    first = signal
    controller.abort()
  }
  for (const signal of SIGNALS) process.on(signal, () => receive(signal))
  return { signal: controller.signal, received: () => first }
}
