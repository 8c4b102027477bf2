/** Which requests a fault meets, and how often. */

import { checkOptions, countOption, durationOption, nameOption, type OptionNames, TidemarkError, wordOption } from '@tidemark/platform'
import { type Api, apis, ErrorCode, type ErrorName } from '@tidemark/protocol'

/** Kafka's name of a request: 'Produce', 'OffsetCommit', … */
export type ApiName = keyof typeof apis

/** A request meets a fault if all that is given here is in it. */
export interface FaultFilter {
  /** Only requests about this topic. Default: any. */
  readonly topic?: string
  /** Only requests about this partition of `topic`. Default: any. */
  readonly partition?: number
  /** Only requests of or about this group. Default: any. */
  readonly group?: string
  /** After so many requests that it met, the fault is over. Default: no limit. */
  readonly count?: number
}

export interface FailOptions extends FaultFilter {
  /** Kafka's name of the error that is answered: 'NOT_COORDINATOR', … The request has no effect. */
  readonly error: Exclude<ErrorName, 'NONE'>
}

export interface DelayOptions extends FaultFilter {
  /** How long the request is held back, and all that follow it on its connection. */
  readonly delayMs: number
}

export interface DropOptions extends FaultFilter {
  /**
   * When the connection breaks. `'request'`: before the broker has the request. `'answer'`: when the broker has carried
   * the request out, and its client does not know. Default: `'request'`.
   */
  readonly at?: 'request' | 'answer'
}

/** A fault that is in force until it is over. */
export interface Fault extends Disposable {
  /** How many requests it has met. */
  readonly met: number
  /** Ends it. */
  undo(): void
}

export type Effect =
  | { readonly kind: 'fail'; readonly code: number }
  | { readonly kind: 'delay'; readonly delayMs: number }
  | { readonly kind: 'drop'; readonly at: 'request' | 'answer' }

/** What a request is about. */
export interface Subject {
  readonly groups: readonly string[]
  readonly partitions: readonly { readonly topic: string; readonly partition: number | undefined }[]
}

const FILTER: OptionNames<FaultFilter> = { topic: true, partition: true, group: true, count: true }

export class Rule implements Fault {
  readonly api: ApiName
  readonly effect: Effect
  readonly filter: FaultFilter
  met = 0
  #isUndone = false

  constructor(api: ApiName, effect: Effect, filter: FaultFilter) {
    this.api = api
    this.effect = effect
    this.filter = filter
  }

  get isOver(): boolean {
    return this.#isUndone || this.met >= (this.filter.count ?? Number.POSITIVE_INFINITY)
  }

  undo(): void {
    this.#isUndone = true
  }

  [Symbol.dispose](): void {
    this.undo()
  }

  meets(api: Api, { groups, partitions }: Subject): boolean {
    const { topic, group } = this.filter
    if (this.isOver || api.name !== this.api) return false
    if (group !== undefined && !groups.includes(group)) return false
    return topic === undefined || partitions.some((p) => this.hits(p.topic, p.partition))
  }

  /** Whether this part of a request that it meets is meant. */
  hits(topic: string, partition: number | undefined): boolean {
    const { filter } = this
    if (filter.topic !== undefined && filter.topic !== topic) return false
    return filter.partition === undefined || partition === undefined || filter.partition === partition
  }
}

/** The faults that are in force. */
export class Faults {
  #rules: Rule[] = []

  /** Answers an error instead of carrying a request out. Throws `TidemarkError` INVALID_OPTION, INVALID_ARGUMENT. */
  fail(api: ApiName, options: FailOptions): Fault {
    checkOptions<FailOptions>('faults.fail()', options, { ...FILTER, error: true })
    const { error, ...filter } = options
    return this.#add(api, { kind: 'fail', code: ErrorCode[wordOption('error', error, Object.keys(ErrorCode) as ErrorName[])] }, filter)
  }

  /** Holds requests back. Throws `TidemarkError` INVALID_OPTION, INVALID_ARGUMENT. */
  delay(api: ApiName, options: DelayOptions): Fault {
    checkOptions<DelayOptions>('faults.delay()', options, { ...FILTER, delayMs: true })
    const { delayMs, ...filter } = options
    return this.#add(api, { kind: 'delay', delayMs: durationOption('delayMs', delayMs) }, filter)
  }

  /** Breaks the connection. Throws `TidemarkError` INVALID_OPTION, INVALID_ARGUMENT. */
  drop(api: ApiName, options: DropOptions = {}): Fault {
    checkOptions<DropOptions>('faults.drop()', options, { ...FILTER, at: true })
    const { at = 'request', ...filter } = options
    return this.#add(api, { kind: 'drop', at: wordOption('at', at, ['request', 'answer']) }, filter)
  }

  /** Ends them all. */
  clear(): void {
    for (const rule of this.#rules) rule.undo()
    this.#rules = []
  }

  /** The first that this request meets: it is counted. */
  meet(api: Api, subject: () => Subject): Rule | undefined {
    this.#rules = this.#rules.filter((rule) => !rule.isOver)
    if (!this.#rules.some((rule) => rule.api === api.name)) return undefined
    const found = this.#rules.find((rule) => rule.meets(api, subject()))
    if (found !== undefined) found.met++
    return found
  }

  #add(api: ApiName, effect: Effect, filter: FaultFilter): Fault {
    if (!Object.hasOwn(apis, api)) {
      throw new TidemarkError('INVALID_ARGUMENT', `'${api}' is not a request that can fail; it can be ${Object.keys(apis).join(', ')}`)
    }
    const { topic, partition, group, count } = filter
    if (topic !== undefined) nameOption('topic', topic)
    if (group !== undefined) nameOption('group', group)
    if (count !== undefined) countOption('count', count)
    if (partition !== undefined) {
      countOption('partition', partition, 0)
      if (topic === undefined) throw new TidemarkError('INVALID_OPTION', "option 'partition' needs option 'topic'")
    }
    const rule = new Rule(api, effect, filter)
    this.#rules.push(rule)
    return rule
  }
}
