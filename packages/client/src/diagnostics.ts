/**
 * Makes failures visible that are retried: nothing that a user would want to know is silent (rule 14 of the public
 * API).
 *
 * Every report is published on a diagnostics channel (`tidemark:client`, `tidemark:consumer`) and goes to the logger
 * that `createKafka` was given. Without a logger, warnings and errors are one line on stderr, at most one per cause
 * and minute.
 */
import { channel } from 'node:diagnostics_channel'
import { type Clock, TidemarkError } from '@tidemark/platform'

/** Anything with these four: `console`, a pino logger. Each call gets one text. */
export interface Logger {
  debug(text: string): void
  info(text: string): void
  warn(text: string): void
  error(text: string): void
}

export type LogLevel = keyof Logger
export type DiagnosticsChannel = 'tidemark:client' | 'tidemark:consumer'

/** What subscribers of a diagnostics channel receive. */
export interface Report {
  readonly level: LogLevel
  /** Reports of one cause are repeated on stderr at most once a minute: 'join refused: POLICY_VIOLATION'. */
  readonly cause: string
  /** One line: what failed, where, and what happens now. */
  readonly text: string
  /** The error, if there was one. */
  readonly error?: unknown
}

const REPEAT_AFTER_MS = 60_000
/** Causes that are remembered; beyond it the oldest is forgotten. */
const CAUSES_MAX = 1_000

export class Diagnostics {
  readonly #clock: Clock
  readonly #logger: Logger | undefined
  readonly #write: (line: string) => void
  /** By cause: when it was last written, and how often it was left out since. */
  readonly #written = new Map<string, { atMs: number; leftOut: number }>()

  constructor(clock: Clock, logger: Logger | undefined, write: (line: string) => void = (line) => void process.stderr.write(line)) {
    this.#clock = clock
    this.#logger = logger
    this.#write = write
  }

  /** Never throws, even if the user's logger does. */
  report(on: DiagnosticsChannel, report: Report): void {
    channel(on).publish(report)
    if (this.#logger === undefined) {
      if (report.level === 'warn' || report.level === 'error') this.#writeOnce(report)
      return
    }
    try {
      this.#logger[report.level](`tidemark: ${report.text}`)
    } catch {
      // The user's logger failed. There is no other place to report that, and the reported operation goes on.
    }
  }

  #writeOnce({ cause, text }: Report): void {
    const nowMs = this.#clock.monotonic()
    const before = this.#written.get(cause)
    if (before !== undefined && nowMs - before.atMs < REPEAT_AFTER_MS) {
      before.leftOut++
      return
    }
    this.#written.delete(cause)
    if (this.#written.size >= CAUSES_MAX) this.#written.delete(this.#written.keys().next().value!)
    this.#written.set(cause, { atMs: nowMs, leftOut: 0 })
    const times = before === undefined || before.leftOut === 0 ? '' : ` (${before.leftOut} more since the last line)`
    this.#write(`tidemark: ${text.replaceAll(/\s*\n\s*/g, ' ')}${times}\n`)
  }
}

/** The text of anything that was thrown. Never throws: `Object.create(null)` can be thrown, and has no text. */
export function textOf(error: unknown): string {
  if (error instanceof TidemarkError) return error.message
  try {
    return error instanceof Error ? error.message || error.name : String(error)
  } catch {
    return 'something that has no text was thrown'
  }
}
