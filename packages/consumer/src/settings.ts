/** What `each`, `batches` and `messages` take beside topics and handler, with its default and its unit. */
import { checkOptions, countOption, delaysOption, describe, type OptionNames, TidemarkError } from '@tidemark/platform'
import type { Poison } from './claims/guard.ts'
import type { TransactionalStore } from './stores/store.ts'
import { DeadLetter } from './work/dead-letter.ts'
import type { Retry } from './work/retry.ts'
import type { Exhausted, Order } from './work/work.ts'
import type { WorkersOptions } from './work/workers/options.ts'

export interface WorkSettings {
  /**
   * Handlers in flight for this topic in this process, all partitions together. Default: 100; in partition order
   * 10,000, which is one a partition.
   */
  readonly concurrency?: number
  /** How often, and when, a failed record is tried again: the table of `retry`. */
  readonly retry?: Partial<Retry>
  /**
   * What happens to a record whose attempts are exhausted. `'stop'`: the partition stops and `run()` rejects. `'skip'`:
   * it counts as done. `deadLetter(topic)`: it goes to that topic, and counts as done then. Default: `'stop'`.
   */
  readonly exhausted?: Exhausted
  /**
   * Finds the record that kills its process (out of memory, a crash of native code, an endless loop): it goes the way
   * of `exhausted`, with the cause `killed the process`. Default: not looked for.
   */
  readonly poison?: PoisonOptions
  /**
   * A call that has not settled by then has failed; it keeps its slot and its key until it settles. Default: no limit.
   */
  readonly timeoutMs?: number
  /**
   * How long after `timeoutMs` a call may take to settle, before `run()` rejects with HANDLER_STUCK. Default: 30,000.
   */
  readonly timeoutGraceMs?: number
  /**
   * Where the handler's writes and the record's place are kept, by one transaction: `exactlyOnce()` of
   * `@tidemark/consumer/postgres`, `/mysql` or `/sqlite`. It says where a partition begins; Kafka's committed offset
   * follows, and matters only where the store has none. Needs `commit: 'processed'`.
   */
  readonly store?: TransactionalStore<any>
}

/** Whose transactions are the handlers': the effect of a record and its place are written together, exactly once. */
export interface StoreSettings<Tx> {
  readonly store: TransactionalStore<Tx>
}

/** Of `messages()`: records come one at a time, in the order of their partition. */
export interface MessagesSettings {
  /** Ends the loop, and with it the run: drain, final commit, leave. */
  readonly signal?: AbortSignal | undefined
  /**
   * What happens to a record that cannot be decoded; with `'stop'` the loop throws DECODE_FAILED. Default: `'stop'`.
   */
  readonly exhausted?: Exhausted
}

export interface PoisonOptions {
  /**
   * A record that was being handled when so many processes died, the last time alone, is not handled any more; at least
   * 2. Default: 3.
   */
  readonly deathsMax?: number
  /**
   * How many records of a partition count as suspects after a death: at least as many as a process may start between
   * two commits. Default: 10,000.
   */
  readonly suspectsMax?: number
}

export interface EachSettings extends WorkSettings {
  /**
   * What runs one after the other: the records of a partition (`'partition'`), those of a key in it (`'key'`), or
   * nothing (`'none'`). Default: `'partition'`.
   */
  readonly order?: Order
}

/** Of `each()` without a handler. */
export interface WorkerSettings extends EachSettings {
  /**
   * The handler is in this file, and runs in worker threads: for work that keeps a processor busy. The default of
   * `concurrency` is then twice the threads.
   */
  readonly workers: WorkersOptions
}

export interface BatchSettings extends WorkSettings {
  /** The size of a batch at most. Default: 500. */
  readonly recordsMax?: number
  /** How long a record waits for others to fill its batch; 0: a batch is what is available. Default: 0. */
  readonly waitMaxMs?: number
}

const RETRY: Retry = { attempts: 5, delayMs: 200, delayMaxMs: 30_000 }
const RETRY_OPTIONS: OptionNames<Retry> = { attempts: true, delayMs: true, delayMaxMs: true }

/** Throws `TidemarkError` INVALID_OPTION. */
export function resolveRetry(given: Partial<Retry> | undefined): Retry {
  if (given === undefined) return RETRY
  checkOptions<Retry>("the option 'retry'", given, RETRY_OPTIONS)
  const attempts = countOption('retry.attempts', given.attempts ?? RETRY.attempts)
  return { attempts, ...delaysOption('retry.', given, RETRY, { zero: true }) }
}

export const MESSAGES_OPTIONS: OptionNames<MessagesSettings> = { signal: true, exhausted: true }
/** Throws `TidemarkError` INVALID_OPTION. */
export function exhaustedOption(given: unknown): Exhausted {
  if (given === undefined) return 'stop'
  if (given === 'stop' || given === 'skip' || given instanceof DeadLetter) return given
  throw new TidemarkError('INVALID_OPTION', `option 'exhausted' is ${describe(given)}; it must be 'stop', 'skip' or deadLetter(topic)`)
}

const POISON_OPTIONS: OptionNames<PoisonOptions> = { deathsMax: true, suspectsMax: true }

/** Throws `TidemarkError` INVALID_OPTION. */
export function poisonOption(given: PoisonOptions | undefined): Poison | undefined {
  if (given === undefined) return undefined
  checkOptions<PoisonOptions>("the option 'poison'", given, POISON_OPTIONS)
  return {
    deathsMax: countOption('poison.deathsMax', given.deathsMax ?? 3, 2),
    suspectsMax: countOption('poison.suspectsMax', given.suspectsMax ?? 10_000),
  }
}

const WORK_OPTIONS: OptionNames<WorkSettings> = {
  concurrency: true,
  retry: true,
  exhausted: true,
  timeoutMs: true,
  timeoutGraceMs: true,
  store: true,
  poison: true,
}
export const EACH_OPTIONS: OptionNames<EachSettings> = { ...WORK_OPTIONS, order: true }
export const BATCH_OPTIONS: OptionNames<BatchSettings> = { ...WORK_OPTIONS, recordsMax: true, waitMaxMs: true }
