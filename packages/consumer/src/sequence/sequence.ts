/**
 * Order by a number that messages carry: a handler that is called for the records of a key in the order of their
 * numbers, whatever order they come in.
 *
 * A record whose predecessor has not come is held back: its call does not end, so it is not done, nothing commits past
 * it, and a crash delivers it again. It takes a slot of the topic's `concurrency` meanwhile. What is held is bounded by
 * `window` for a key, by `waitMaxMs` in time, and by the slots; where a bound is reached the predecessor counts as
 * missing, which is reported, and the next number that has come goes on.
 *
 * Invariant: of one key one call runs at a time, and numbers ascend but for those reported as `late`.
 */

import type { ReceivedMessage } from '@tidemark/client'
import {
  type Clock,
  checkFunction,
  checkOptions,
  countOption,
  describe,
  durationOption,
  nodeClock,
  type OptionNames,
  TidemarkError,
} from '@tidemark/platform'
import { type Context, claimOf } from '../work/context.ts'
import type { EachHandler, Exhausted } from '../work/work.ts'
import { Line, type SequenceRules } from './line.ts'

/** What was not in order, and what became of it. */
export type SequenceProblem =
  /** Came before its predecessor, and is held back until that comes. */
  | { readonly kind: 'early'; readonly key: string; readonly number: number; readonly expected: number }
  /** These numbers did not come in time: the handler goes on behind them. */
  | {
      readonly kind: 'gap'
      readonly key: string
      readonly from: number
      /** The last that is missing. */
      readonly to: number
      readonly because: 'window' | 'time' | 'slots'
    }
  /** Came after all, after it had been reported as missing: it is handled now, out of order. */
  | { readonly kind: 'late'; readonly key: string; readonly number: number }
  /** Has been handled: it is done without a call. */
  | { readonly kind: 'duplicate'; readonly key: string; readonly number: number }

export interface SequenceOptions<M = ReceivedMessage> {
  /** Whose order it is: an account, an order. */
  readonly key: (message: M) => string
  /** A whole number; that of the next record of the key is one more. */
  readonly number: (message: M) => number
  /** Is told of everything that was not in order. */
  readonly report: (problem: SequenceProblem, message: M) => void
  /** Records of one key that are held back at most. Default: 16. */
  readonly window?: number
  /** How long a record is held back at most. Default: 30,000. */
  readonly waitMaxMs?: number
  /**
   * The last number of the key that was handled, where that is kept elsewhere; undefined: none. It is asked when a key
   * is met for the first time since its partition was assigned. Default: the first number that comes is the first.
   */
  readonly last?: (key: string) => number | undefined | Promise<number | undefined>
  /**
   * Keys that are remembered for each partition; above, those that were met longest ago are forgotten. Default:
   * 100,000.
   */
  readonly keysMax?: number
}

/** What a problem with a message names. */
type Place = Pick<ReceivedMessage, 'topic' | 'partition' | 'offset'>

const OPTIONS: OptionNames<SequenceOptions> = {
  key: true,
  number: true,
  report: true,
  window: true,
  waitMaxMs: true,
  last: true,
  keysMax: true,
}

/** A handler that needs its topic to be read without an order of Kafka's. */
export interface SequenceHandler<M = ReceivedMessage> extends EachHandler<M> {
  /** How the topic's work is done. Called by `each()`. */
  readonly prepare: (work: { readonly concurrency: number; readonly exhausted: Exhausted }) => void
}

export const isSequence = (handler: unknown): handler is SequenceHandler =>
  typeof (handler as Partial<SequenceHandler> | null)?.prepare === 'function'

/**
 * ```ts
 * consumer.each('moves', { concurrency: 64 }, sequence({ key, number, report: (problem) => log.warn(problem) }, handler))
 * ```
 * The topic's `order` is 'none', which is what `each()` takes for such a handler.
 *
 * Throws `TidemarkError` INVALID_OPTION, INVALID_ARGUMENT. The handler rejects with INVALID_MESSAGE for a key that is
 * not text or a number that is not whole, with INVALID_ARGUMENT for what `last` returns that is no number, and with
 * what `key`, `number`, `last` and `report` throw.
 */
export function sequence<M extends Place = ReceivedMessage>(options: SequenceOptions<M>, handler: EachHandler<M>): SequenceHandler<M> {
  return sequenceOn(nodeClock, options, handler)
}

/** With a clock that tests can hold. */
export function sequenceOn<M extends Place>(clock: Clock, options: SequenceOptions<M>, handler: EachHandler<M>): SequenceHandler<M> {
  checkOptions<SequenceOptions>('sequence()', options, OPTIONS)
  for (const name of ['key', 'number', 'report'] as const) checkFunction(`option '${name}'`, options[name])
  if (options.last !== undefined) checkFunction("option 'last'", options.last)
  checkFunction('the handler of sequence()', handler)
  const keysMax = countOption('keysMax', options.keysMax ?? 100_000)
  const rules: SequenceRules = {
    window: countOption('window', options.window ?? 16),
    waitMaxMs: durationOption('waitMaxMs', options.waitMaxMs ?? 30_000),
    clock,
    stops: false,
    held: { count: 0, max: Infinity, lines: new Set() },
  }
  const lines = new WeakMap<object, Lines>()
  const shared = {}

  const handle = async (message: M, context: Context): Promise<void> => {
    const key = checkKey(options.key(message), message)
    const number = checkNumber(options.number(message), message)
    // Numbers of an earlier assignment say nothing: another member may have gone on meanwhile.
    const owner = claimOf(context) ?? shared
    const known = lines.get(owner) ?? new Lines(keysMax, rules, options.last)
    lines.set(owner, known)
    const line = await known.of(key)
    const report = (problem: SequenceProblem): void => options.report(problem, message)
    await line.take(number, context, report, () => handler(message, context))
  }

  return Object.assign(handle, {
    prepare: ({ concurrency, exhausted }: { readonly concurrency: number; readonly exhausted: Exhausted }): void => {
      rules.held.max = concurrency - 1 // one is left for what they wait for
      rules.stops = exhausted === 'stop'
    },
  })
}

function checkNumber(number: unknown, { topic, partition, offset }: Place): number {
  if (Number.isSafeInteger(number)) return number as number
  const text = `the sequence number of ${topic}-${partition} at offset ${offset} is ${describe(number)}; it must be a whole number`
  throw new TidemarkError('INVALID_MESSAGE', text, { topic, partition, offset })
}

function checkKey(key: unknown, { topic, partition, offset }: Place): string {
  if (typeof key === 'string') return key
  const text = `the sequence key of ${topic}-${partition} at offset ${offset} is ${describe(key)}; it must be text`
  throw new TidemarkError('INVALID_MESSAGE', text, { topic, partition, offset })
}

/** What `last` returned; a value that is not a number would put nothing in order. */
function checkLast(key: string, last: unknown): number | undefined {
  if (last === undefined || Number.isSafeInteger(last)) return last as number | undefined
  throw new TidemarkError(
    'INVALID_ARGUMENT',
    `what last() returned for key '${key}' is ${describe(last)}; it must be a whole number, or undefined`,
  )
}

/** The lines of one partition. */
class Lines {
  readonly #keysMax: number
  readonly #rules: SequenceRules
  readonly #last: SequenceOptions['last']
  /** Those that were met longest ago first. */
  readonly #lines = new Map<string, Line>()
  readonly #asked = new Map<string, Promise<Line>>()

  constructor(keysMax: number, rules: SequenceRules, last: SequenceOptions['last']) {
    this.#keysMax = keysMax
    this.#rules = rules
    this.#last = last
  }

  async of(key: string): Promise<Line> {
    const known = this.#lines.get(key)
    if (known !== undefined) return this.#met(key, known)
    const asked = this.#asked.get(key) ?? this.#ask(key).finally(() => this.#asked.delete(key))
    this.#asked.set(key, asked)
    return await asked
  }

  async #ask(key: string): Promise<Line> {
    const last = checkLast(key, await this.#last?.(key))
    return this.#met(key, new Line(key, last === undefined ? undefined : last + 1, this.#rules))
  }

  #met(key: string, line: Line): Line {
    this.#lines.delete(key)
    this.#lines.set(key, line)
    for (const [oldest, its] of this.#lines) {
      if (this.#lines.size <= this.#keysMax) break
      if (!its.isBusy && its !== line) this.#lines.delete(oldest)
    }
    return line
  }
}
