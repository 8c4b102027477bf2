/** Where a move goes: `--to`, and the flags of Kafka's own tool. */
import type { MoveTarget } from '@tidemark/offsets'
import { checkOffset } from '@tidemark/platform'
import { durationMs } from '@tidemark/platform/duration'
import type { Command } from 'commander'
import { usage } from '../exit.ts'
import { say } from '../print/print.ts'
import { END, START } from '../records/place.ts'
import { timeOf, timeText } from '../records/time.ts'

export interface TargetOptions {
  readonly to?: string
  readonly toEarliest?: boolean
  readonly toLatest?: boolean
  readonly toCurrent?: boolean
  readonly toOffset?: string
  readonly toDatetime?: string
  readonly byDuration?: string
  readonly shiftBy?: string
}

export const withTarget = (command: Command): Command =>
  command
    .option('--to <TARGET>', 'start, end, current, N, +N, -N, @TIME, @-1h, group:OTHER or bookmark:NAME')
    .option('--to-earliest', "as --to start: Kafka's name")
    .option('--to-latest', 'as --to end')
    .option('--to-current', 'as --to current')
    .option('--to-offset <N>', 'as --to N')
    .option('--to-datetime <TIME>', 'as --to @TIME; without a zone it is UTC, as Kafka reads it')
    .option('--by-duration <PT1H>', 'as --to @-1h')
    .option('--shift-by <N>', 'as --to +N or -N')

/** Throws `TidemarkError` USAGE, INVALID_ARGUMENT. Resolved times are printed, with their zone. */
export function targetOf(options: TargetOptions, nowMs: number): MoveTarget | undefined {
  const { to, toOffset, toDatetime, byDuration, shiftBy } = options
  const given: MoveTarget[] = []
  if (to !== undefined) given.push(parseTarget('--to', to, nowMs))
  if (options.toEarliest) given.push({ kind: 'start' })
  if (options.toLatest) given.push({ kind: 'end' })
  if (options.toCurrent) given.push({ kind: 'current' })
  if (toOffset !== undefined) given.push({ kind: 'offset', offset: checkOffset('--to-offset', wholeOf('--to-offset', toOffset)) })
  if (toDatetime !== undefined) given.push({ kind: 'time', atMs: timeOf('--to-datetime', toDatetime, nowMs, 'utc').getTime() })
  if (byDuration !== undefined) given.push({ kind: 'time', atMs: nowMs - agoOf(byDuration) })
  if (shiftBy !== undefined) given.push({ kind: 'shift', by: wholeOf('--shift-by', shiftBy) })
  if (given.length > 1) throw usage('name one target: --to, or one of the flags that Kafka has for it')
  const target = given[0]
  if (target?.kind === 'time') say(`the time is ${timeText(new Date(target.atMs))}`)
  return target
}

const TARGETS = 'start, end, current, N, +N, -N, @2026-11-22T14:00Z, @-1h, group:OTHER or bookmark:NAME'

export function parseTarget(option: string, text: string, nowMs: number): MoveTarget {
  if (START.has(text)) return { kind: 'start' }
  if (END.has(text)) return { kind: 'end' }
  if (text === 'current') return { kind: 'current' }
  if (text.startsWith('@')) return { kind: 'time', atMs: timeOf(option, text.slice(1), nowMs).getTime() }
  if (/^[+-]\d+$/.test(text)) return { kind: 'shift', by: wholeOf(option, text) }
  if (/^\d+$/.test(text)) return { kind: 'offset', offset: wholeOf(option, text) }
  const named = /^(group|bookmark):(.+)$/s.exec(text)
  if (named?.[1] === 'group') return { kind: 'group', group: named[2]! }
  if (named?.[1] === 'bookmark') return { kind: 'bookmark', name: named[2]! }
  throw usage(`'${text}' is not a target; write ${TARGETS}`)
}

function wholeOf(option: string, text: string): number {
  const n = Number(text)
  if (!/^[+-]?\d+$/.test(text)) throw usage(`${option} is '${text}'; write a whole number`)
  if (!Number.isSafeInteger(n)) throw usage(`${option} is '${text}'; write a whole number of at most ${Number.MAX_SAFE_INTEGER}`)
  return n
}

function agoOf(text: string): number {
  const ms = durationMs(text)
  if (ms === undefined) throw usage(`--by-duration is '${text}'; write a duration such as PT1H or 1h30m`)
  return ms
}
