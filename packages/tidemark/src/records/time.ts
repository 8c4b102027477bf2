/**
 * Times, as they are written on the command line: `now`, a duration ago (`-1h30m`, `-PT1H`), a date, ISO 8601, or
 * seconds since 1970 (or milli-, micro-, nanoseconds, by the number of digits). Without a zone a time is local.
 */
import { checkTime } from '@tidemark/platform'
import { durationMs } from '@tidemark/platform/duration'
import { usage } from '../exit.ts'

/** By the number of digits of a time in our days. */
const PER_MS: Readonly<Record<number, number>> = { 10: 1 / 1_000, 13: 1, 16: 1_000, 19: 1_000_000 }

/** What a time without a zone is in: local time, or UTC as Kafka's own tools read it. */
export type ZoneDefault = 'local' | 'utc'

/** With or without the `@` that a place in a log begins with. Throws `TidemarkError` USAGE or INVALID_ARGUMENT. */
export function timeOf(option: string, given: string, nowMs: number, zone: ZoneDefault = 'local'): Date {
  const text = given.replace(/^@/, '')
  if (text === 'now') return new Date(nowMs)
  if (text.startsWith('-')) {
    const agoMs = durationMs(text.slice(1))
    if (agoMs !== undefined) return checkTime(`the time of ${option}`, new Date(nowMs - agoMs))
  }
  const perMs = /^\d+$/.test(text) ? PER_MS[text.length] : undefined
  if (perMs !== undefined) return checkTime(`the time of ${option}`, new Date(Math.floor(Number(text) / perMs)))
  const time = isOfCalendar(text) ? new Date(zoned(text, zone)) : new Date(Number.NaN)
  if (Number.isNaN(time.getTime())) {
    throw usage(
      `'${text}' of ${option} is not a time; write 2026-11-22T14:00Z, 2026-11-22, -1h (s, m, h, d), -PT1H, now, or seconds since 1970`,
    )
  }
  return checkTime(`the time of ${option}`, time)
}

/** A span of time that two options name. Throws `TidemarkError` USAGE. */
export function mustBeSpan(from: Date, to: Date): void {
  if (to < from) throw usage(`--to (${to.toISOString()}) is before --from (${from.toISOString()})`)
}

/** JavaScript takes February 30 for March 2. */
function isOfCalendar(text: string): boolean {
  const [, year, month, day] = /^(\d{4})-(?:(\d\d)(?:-(\d\d))?)?/.exec(text) ?? []
  if (year === undefined) return false
  return day === undefined || Number(day) <= new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate()
}

/** JavaScript takes a date alone as UTC, and a date with a time as local. */
function zoned(text: string, zone: ZoneDefault): string {
  const isDate = /^\d{4}-\d\d-\d\d$/.test(text)
  const whole = isDate ? `${text}T00:00` : text.replace(' ', 'T')
  const hasZone = /(?:Z|[+-]\d\d:?\d\d)$/i.test(whole)
  return hasZone || zone === 'local' ? whole : `${whole}Z`
}

/** A duration that an option takes, in milliseconds. Throws `TidemarkError` USAGE. */
export function durationOf(option: string): (text: string) => number {
  return (text) => {
    const ms = text === '0' ? 0 : durationMs(text)
    if (ms !== undefined) return ms
    throw usage(`${option} is '${text}'; write a duration such as 30s, 15m, 1h30m or PT15M`)
  }
}

/** `2026-11-22T15:00:00+01:00 (2026-11-22T14:00:00.000Z)`: local with its zone, and UTC; once, where local is UTC. */
export function timeText(time: Date): string {
  const offset = -time.getTimezoneOffset()
  const shifted = new Date(time.getTime() + offset * 60_000)
  // The last year that is written with four digits may be over where the clock is ahead of UTC.
  if (offset === 0 || shifted.getUTCFullYear() > 9_999) return time.toISOString()
  const local = shifted.toISOString().slice(0, 19)
  const two = (n: number): string => String(n).padStart(2, '0')
  const zone = `${offset < 0 ? '-' : '+'}${two(Math.floor(Math.abs(offset) / 60))}:${two(Math.abs(offset) % 60)}`
  return `${local}${zone} (${time.toISOString()})`
}
