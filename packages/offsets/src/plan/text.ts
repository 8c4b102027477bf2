/** Numbers, durations and sizes as sentences have them. */

const UNITS: readonly (readonly [ms: number, name: string])[] = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1_000, 's'],
]

/** The two largest units: `2 h 3 min`. */
export function durationText(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`
  const first = UNITS.findIndex(([unit]) => ms >= unit)
  const [unit, name] = UNITS[first]!
  const next = UNITS[first + 1]
  const rest = next === undefined ? 0 : Math.floor((ms % unit) / next[0])
  return `${Math.floor(ms / unit)} ${name}${rest > 0 ? ` ${rest} ${next![1]}` : ''}`
}

export function bytesText(bytes: number): string {
  for (const [unit, name] of [
    [1e9, 'GB'],
    [1e6, 'MB'],
    [1e3, 'kB'],
  ] as const) {
    if (bytes >= unit) return `${(bytes / unit).toFixed(1)} ${name}`
  }
  return `${bytes} B`
}
