/** Places in a log, as they are written on the command line: `start`, `end`, an offset, `@time`, `@-1h`. */
import { checkOffset } from '@tidemark/platform'
import { usage } from '../exit.ts'
import { timeOf } from './time.ts'

export type Place = 'earliest' | 'latest' | Date | number

/** Kafka's own words are accepted too. Throws `TidemarkError` USAGE or INVALID_ARGUMENT. */
export function placeOf(option: string, text: string, nowMs: number): Place {
  if (START.has(text)) return 'earliest'
  if (END.has(text)) return 'latest'
  if (/^-?\d+$/.test(text)) return checkOffset(`the offset of ${option}`, Number(text))
  if (text.startsWith('@')) return timeOf(option, text.slice(1), nowMs)
  throw usage(`'${text}' is not a place in a log; write start, end, an offset, @2026-11-22T14:00Z or @-1h (s, m, h, d)`)
}

/** `start` and `end`, and what other tools call them. */
export const START: ReadonlySet<string> = new Set(['start', 'earliest', 'beginning', 'oldest'])
export const END: ReadonlySet<string> = new Set(['end', 'latest', 'newest'])
