/** What `redrive` takes and gives. */
import type { Producer, ReceivedMessage } from '@tidemark/client'
import {
  checkFunction,
  checkOptions,
  checkSignal,
  describe,
  flagOption,
  nameOption,
  type OptionNames,
  TidemarkError,
} from '@tidemark/platform'
import { type DeadLetterOrigin, producerOption } from '../work/dead-letter.ts'

export interface RedriveOptions {
  /** The topic that records are put into. Default: the one that each came from. */
  readonly to?: string
  /**
   * Which dead letters are put back; the others are passed over. It needs `group`: the group's progress passes what was
   * left out too.
   */
  readonly filter?: (letter: ReceivedMessage, origin: DeadLetterOrigin | undefined) => boolean | Promise<boolean>
  /** Records a second at most, of this process; may be below 1. Default: no limit. */
  readonly rate?: number
  /** Only counts: nothing is written and nothing committed. Default: false. */
  readonly dryRun?: boolean
  /** The group whose committed offsets say what was put back already. Default: `redrive.TOPIC`. */
  readonly group?: string
  /** Writes the records, and is left open. Default: one that is made, and closed at the end. */
  readonly producer?: Producer
  /** Ends it early: rejects ABORTED. What was put back is committed. */
  readonly signal?: AbortSignal
}

/** What was done by this call, or, as a dry run, would be. */
export interface RedriveResult {
  readonly dryRun: boolean
  /** The group whose progress it is. */
  readonly group: string
  /** Records that were put back. */
  readonly redriven: number
  /** The same by the topic that they were put into. */
  readonly topics: Readonly<Record<string, number>>
  /** Dead letters that `filter` left out. */
  readonly leftOut: number
  /** Messages that do not say where they came from, and were left out because `to` was not given. */
  readonly unknown: number
}

export interface ResolvedRedrive {
  readonly to: string | undefined
  readonly filter: RedriveOptions['filter']
  readonly rate: number
  readonly dryRun: boolean
  readonly group: string
  readonly producer: Producer | undefined
  readonly signal: AbortSignal | undefined
}

const NAMES: OptionNames<RedriveOptions> = { to: true, filter: true, rate: true, dryRun: true, group: true, producer: true, signal: true }

/** Throws `TidemarkError` INVALID_OPTION. */
export function resolveRedrive(topic: string, options: RedriveOptions): ResolvedRedrive {
  checkOptions<RedriveOptions>('redrive()', options, NAMES)
  const { to, filter, rate = Number.POSITIVE_INFINITY, group } = options
  const dryRun = flagOption('dryRun', options.dryRun ?? false)
  if (filter !== undefined) checkFunction("option 'filter'", filter)
  if (!(typeof rate === 'number' && rate > 0)) {
    throw new TidemarkError('INVALID_OPTION', `option 'rate' is ${describe(rate)}; it must be a number of records a second, above 0`)
  }
  if (to === topic)
    throw new TidemarkError('INVALID_OPTION', `option 'to' is the dead-letter topic itself: its letters would be put back for ever`)
  if (filter !== undefined && group === undefined && !dryRun) {
    const text = `a filter leaves letters out, and the group's progress passes them all the same: name a group for this redrive with the option 'group'`
    throw new TidemarkError('INVALID_OPTION', text)
  }
  return {
    to: to === undefined ? undefined : nameOption('to', to),
    filter,
    rate,
    dryRun,
    group: group === undefined ? `redrive.${topic}` : nameOption('group', group),
    producer: producerOption(options.producer),
    signal: checkSignal(options.signal),
  }
}
