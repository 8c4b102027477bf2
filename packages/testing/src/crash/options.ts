/** What a crash test is given, and what it tells. */
import type { Kafka, OutgoingMessage } from '@tidemark/client'
import type { Consumer } from '@tidemark/consumer'
import { checkFunction, checkOptions, countOption, flagOption, nameOption, type OptionNames, wordOption } from '@tidemark/platform'

/**
 * What a service may use in the simulated world, where nothing else takes time: no timers, sockets or files of its own.
 */
export interface ServiceTools {
  /** The client of this life of the service: `createConsumer(kafka, …)`. */
  readonly kafka: Kafka
  /**
   * Does something to the world outside: a charge, a row, a mail. It takes a while, and a crash may come before it
   * happened or after. `name` says what: the same for each repetition.
   */
  effect(name: string): Promise<void>
  sleep(ms: number): Promise<void>
  /** From 0 to 1; the same in each run of a seed. */
  random(): number
  /** Survives every crash, as a database does; all lives of the service share it. */
  readonly outside: Map<string, unknown>
}

/** One life of the service: makes its consumer, and does not run it. Called anew after each crash. */
export type Service = (tools: ServiceTools) => Consumer | Promise<Consumer>

export interface CrashTestOptions {
  /** The topic that the service reads. */
  readonly topic: string
  /** How many partitions the topic has. Default: 2. */
  readonly partitions?: number
  /** How many messages are sent. Default: 30. */
  readonly records?: number
  /** Message number `i`. Default: a value of `String(i)` and one of six keys. */
  readonly message?: (i: number) => OutgoingMessage
  /** How many members the group has. Default: 2. */
  readonly members?: number
  /**
   * In which order handlers begin. `'key'`: a record begins once every earlier one of its key and partition has been
   * handled, however often; `'partition'`: of its partition; `'none'`: no order is checked. Default: `'key'`.
   */
  readonly order?: 'partition' | 'key' | 'none'
  /** Whether each effect must happen once, and not at least once. Default: false. */
  readonly once?: boolean
  /** How many seeds are run, from 1 on. Default: 50. */
  readonly seeds?: number
  /** Runs this seed alone: what a failure names. */
  readonly seed?: number
  /** Gets a line for everything that happens. */
  readonly log?: (line: string) => void
}

export interface CrashTestReport {
  readonly seeds: number
  readonly crashes: number
  readonly rebalances: number
  readonly freezes: number
  readonly commitsFailed: number
  /** Calls of the handler beyond the first of each record. */
  readonly repetitions: number
}

const NAMES: OptionNames<CrashTestOptions> = {
  topic: true,
  partitions: true,
  records: true,
  message: true,
  members: true,
  order: true,
  once: true,
  seeds: true,
  seed: true,
  log: true,
}

export type ResolvedCrashTest = Required<Omit<CrashTestOptions, 'log' | 'seed'>> & Pick<CrashTestOptions, 'log' | 'seed'>

const KEYS = 6

/** Throws `TidemarkError` INVALID_OPTION, INVALID_ARGUMENT. */
export function resolveCrashTest(service: Service, options: CrashTestOptions): ResolvedCrashTest {
  checkFunction('the service of crashTest()', service)
  checkOptions<CrashTestOptions>('crashTest()', options, NAMES)
  const { message = (i: number) => ({ key: `key-${i % KEYS}`, value: String(i) }), log, seed } = options
  checkFunction("option 'message'", message)
  if (log !== undefined) checkFunction("option 'log'", log)
  return {
    topic: nameOption('topic', options.topic),
    partitions: countOption('partitions', options.partitions ?? 2, 1, 100),
    records: countOption('records', options.records ?? 30, 1, 10_000),
    message,
    members: countOption('members', options.members ?? 2, 1, 10),
    order: wordOption('order', options.order ?? 'key', ['partition', 'key', 'none']),
    once: flagOption('once', options.once ?? false),
    seeds: countOption('seeds', options.seeds ?? 50),
    ...(seed !== undefined && { seed: countOption('seed', seed) }),
    ...(log !== undefined && { log }),
  }
}
