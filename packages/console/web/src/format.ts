/** Figures, durations and times as people read them. */
const whole = new Intl.NumberFormat('en-GB', { maximumFractionDigits: 0 })
const fine = new Intl.NumberFormat('en-GB', { maximumSignificantDigits: 2 })

export const count = (value: number): string => whole.format(value)
export const plural = (value: number, one: string, many = `${one}s`): string => `${count(value)} ${value === 1 ? one : many}`
export const rate = (perSecond: number): string => `${perSecond < 10 ? fine.format(perSecond) : whole.format(perSecond)} /s`

const UNITS: readonly [string, number][] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
]

/** The two largest units: `3 min 12 s`. */
export function duration(ms: number): string {
  if (ms < 0) return `-${duration(-ms)}`
  if (ms < 999.5) return ms === 0 ? '0 s' : `${Math.round(ms)} ms`
  ms = Math.max(ms, 1_000)
  if (ms > 1_000 * UNITS[0]![1]) return `${count(ms / UNITS[0]![1])} d`
  const first = UNITS.findIndex(([, size]) => ms >= size)
  const [unit, size] = UNITS[first]!
  const next = UNITS[first + 1]
  const rest = next === undefined ? 0 : Math.floor((ms % size) / next[1])
  return `${Math.floor(ms / size)} ${unit}${rest > 0 ? ` ${rest} ${next![0]}` : ''}`
}

export function bytes(value: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB']
  let at = 0
  while (value >= 1_000 && at < units.length - 1) {
    value /= 1_000
    at++
  }
  return `${at === 0 ? value : fine.format(value)} ${units[at]}`
}

export const zone = Intl.DateTimeFormat().resolvedOptions().timeZone
const sameDay = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' })
const otherDay = new Intl.DateTimeFormat('en-GB', { day: '2-digit', month: 'short', hour: '2-digit', minute: '2-digit', second: '2-digit' })
const otherYear = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' })

/** In the zone of the browser, as short as it is clear. */
export function time(atMs: number): string {
  const [at, now] = [new Date(atMs), new Date()]
  if (at.toDateString() === now.toDateString()) return sameDay.format(at)
  return (at.getFullYear() === now.getFullYear() ? otherDay : otherYear).format(at)
}

/** In the other zone: what a hover shows. */
export const utc = (atMs: number): string => new Date(atMs).toISOString().replace('T', ' ').replace('Z', ' UTC')
