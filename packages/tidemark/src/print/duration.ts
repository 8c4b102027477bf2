/** Durations as people write and read them: `90s`, `5m`, `1d 2h`. */
import { usage } from '../exit.ts'

const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** `350ms`, `5.2s`, `1m 5s`, `3h 20m`, `2d 4h`: two units at most. */
export function durationText(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)}ms`
  if (ms < 10_000) return `${(ms / 1_000).toFixed(1)}s`
  const units = [
    [86_400_000, 'd'],
    [3_600_000, 'h'],
    [60_000, 'm'],
    [1_000, 's'],
  ] as const
  const first = units.findIndex(([unitMs]) => ms >= unitMs)
  const [unitMs, unit] = units[first]!
  const whole = Math.floor(ms / unitMs)
  const next = units[first + 1]
  const rest = next === undefined ? 0 : Math.floor((ms - whole * unitMs) / next[0])
  return rest === 0 ? `${whole}${unit}` : `${whole}${unit} ${rest}${next![1]}`
}

/** `90s`, `1.5h`, `1h30m`, and ISO 8601 as Kafka's tools take it: `PT1H30M`. Undefined: it is not a duration. */
export function durationMs(text: string): number | undefined {
  const iso = /^P(?:(?<d>\d+)D)?(?:T(?:(?<h>\d+)H)?(?:(?<m>\d+)M)?(?:(?<s>\d+(?:\.\d+)?)S)?)?$/i.exec(text)
  const parts =
    iso === null
      ? [...text.matchAll(/(\d+(?:\.\d+)?)(ms|[smhd])/g)].map(([, n, unit]) => [unit!, n] as const)
      : Object.entries(iso.groups!).filter(([, n]) => n !== undefined)
  const isWhole = iso !== null || parts.map(([unit, n]) => `${n}${unit}`).join('') === text
  if (parts.length === 0 || !isWhole) return undefined
  return parts.reduce((sum, [unit, n]) => sum + Number(n) * UNITS_MS[unit]!, 0)
}

/** The value of an option of this name. */
export function durationOf(name: string, text: string): number {
  const ms = durationMs(text)
  if (ms === undefined) throw usage(`${name} is '${text}'; write a duration: 500ms, 90s, 5m, 1h30m, 7d or PT15M`)
  return ms
}
