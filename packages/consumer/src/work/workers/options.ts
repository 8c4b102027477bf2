/** What the option `workers` takes. */
import { availableParallelism } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { checkOptions, countOption, describe, durationOption, type OptionNames, TidemarkError } from '@tidemark/platform'

export interface WorkersOptions {
  /**
   * The program of the threads, which calls `serveWorker` of `@tidemark/consumer/worker`: a URL, such as
   * `new URL('./resize.js', import.meta.url)`, or an absolute path.
   */
  readonly file: URL | string
  /** How many threads there are. Default: one less than the machine has processors, and at least 1. */
  readonly threads?: number
  /**
   * Bytes of JavaScript objects in one thread; a thread that needs more ends, and its records fail. Default: Node's own
   * limit.
   */
  readonly heapBytesMax?: number
  /**
   * How long a call whose signal has aborted may go on; then its thread is ended, and another one takes its place.
   * Default: 5,000.
   */
  readonly abortGraceMs?: number
  /** Node's options of the threads. Default: those of this process. */
  readonly execArgv?: readonly string[]
}

export interface ResolvedWorkers {
  readonly file: URL
  readonly threads: number
  readonly heapBytesMax: number | undefined
  readonly abortGraceMs: number
  readonly execArgv: readonly string[] | undefined
}

const NAMES: OptionNames<WorkersOptions> = { file: true, threads: true, heapBytesMax: true, abortGraceMs: true, execArgv: true }
const MIB = 1024 * 1024

/** Throws `TidemarkError` INVALID_OPTION. */
export function resolveWorkers(given: WorkersOptions): ResolvedWorkers {
  checkOptions<WorkersOptions>("the option 'workers'", given, NAMES)
  const { heapBytesMax, execArgv } = given
  const isTexts = execArgv === undefined || (Array.isArray(execArgv) && execArgv.every((text) => typeof text === 'string'))
  if (!isTexts)
    throw new TidemarkError('INVALID_OPTION', `option 'workers.execArgv' is ${describe(execArgv)}; it must be an array of texts`)
  return {
    file: fileOption(given.file),
    threads: countOption('workers.threads', given.threads ?? Math.max(1, availableParallelism() - 1), 1, 1_024),
    heapBytesMax: heapBytesMax === undefined ? undefined : countOption('workers.heapBytesMax', heapBytesMax, 4 * MIB),
    abortGraceMs: durationOption('workers.abortGraceMs', given.abortGraceMs ?? 5_000, { zero: true }),
    execArgv,
  }
}

function fileOption(file: unknown): URL {
  if (file instanceof URL && file.protocol === 'file:') return file
  if (typeof file === 'string' && path.isAbsolute(file)) return pathToFileURL(file)
  const mayBe = "it must be a file: URL such as new URL('./worker.js', import.meta.url), or an absolute path"
  throw new TidemarkError('INVALID_OPTION', `option 'workers.file' is ${file instanceof URL ? file.href : describe(file)}; ${mayBe}`)
}
