/** Places in a log, as they are written on the command line: `start`, `end`, an offset, `@time`, `@-1h`. */
import { checkOffset, checkTime } from '@tidemark/platform'
import { usage } from '../exit.ts'

export type Place = 'earliest' | 'latest' | Date | number

const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** Kafka's own words are accepted too. Throws `TidemarkError` USAGE or INVALID_ARGUMENT. */
export function placeOf(option: string, text: string, nowMs: number): Place {
  if (text === 'start' || text === 'earliest' || text === 'beginning') return 'earliest'
  if (text === 'end' || text === 'latest') return 'latest'
  if (/^-?\d+$/.test(text)) return checkOffset(`the offset of ${option}`, Number(text))
  const ago = /^@-(\d+)([smhd])$/.exec(text)
  if (ago !== null) return checkTime(`the time of ${option}`, new Date(nowMs - Number(ago[1]) * UNIT_MS[ago[2]!]!))
  const time = new Date(text.slice(1))
  if (!text.startsWith('@') || Number.isNaN(time.getTime())) {
    throw usage(`'${text}' is not a place in a log; write start, end, an offset, @2026-11-22T14:00Z or @-1h (s, m, h, d)`)
  }
  return checkTime(`the time of ${option}`, time)
}

/** A time alone: `@2026-11-22T14:00Z`, `@-1h`. Throws `TidemarkError` USAGE or INVALID_ARGUMENT. */
export function timeOf(option: string, text: string, nowMs: number): Date {
  const place = text.startsWith('@') ? placeOf(option, text, nowMs) : undefined
  if (place instanceof Date) return place
  throw usage(`${option} is '${text}'; write a time: @2026-11-22T14:00Z, or @-1h (s, m, h, d)`)
}
