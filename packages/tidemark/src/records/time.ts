/**
 * Times, as they are written on the command line: `now`, a duration ago (`-1h30m`, `-PT1H`), a date, ISO 8601, or
 * seconds since 1970 (or milli-, micro-, nanoseconds, by the number of digits). Without a zone a time is local.
 */
import { checkTime } from '@tidemark/platform'
import { usage } from '../exit.ts'
import { durationMs } from '../print/duration.ts'

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
  const time = /^\d{4}-/.test(text) ? new Date(zoned(text, zone)) : new Date(Number.NaN)
  if (Number.isNaN(time.getTime())) {
    throw usage(
      `'${text}' of ${option} is not a time; write 2026-11-22T14:00Z, 2026-11-22, -1h (s, m, h, d), -PT1H, now, or seconds since 1970`,
    )
  }
  return checkTime(`the time of ${option}`, time)
}

/** JavaScript takes a date alone as UTC, and a date with a time as local. */
function zoned(text: string, zone: ZoneDefault): string {
  const isDate = /^\d{4}-\d\d-\d\d$/.test(text)
  const whole = isDate ? `${text}T00:00` : text.replace(' ', 'T')
  const hasZone = /(?:Z|[+-]\d\d:?\d\d)$/i.test(whole)
  return hasZone || zone === 'local' ? whole : `${whole}Z`
}

/** `2026-11-22T15:00:00+01:00 (2026-11-22T14:00:00.000Z)`: local with its zone, and UTC. */
export function timeText(time: Date): string {
  const offset = -time.getTimezoneOffset()
  const local = new Date(time.getTime() + offset * 60_000).toISOString().slice(0, 19)
  const two = (n: number): string => String(n).padStart(2, '0')
  const zone = `${offset < 0 ? '-' : '+'}${two(Math.floor(Math.abs(offset) / 60))}:${two(Math.abs(offset) % 60)}`
  return `${local}${zone} (${time.toISOString()})`
}
