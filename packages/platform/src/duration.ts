/**
 * Durations as people write them, for the command line and the page of the console. It imports nothing: the page has
 * it too.
 */

const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** `1h30m`, `90s`, `PT1H30M`, `P2D`; undefined: it is not a duration. */
export function durationMs(text: string): number | undefined {
  const parts = /^P/i.test(text) ? isoParts(text) : [...text.matchAll(/(\d+)(ms|[smhd])/g)].map(([, n, unit]) => [n!, unit!] as const)
  if (parts === undefined || parts.length === 0) return undefined
  if (!/^P/i.test(text) && parts.map(([n, unit]) => n + unit).join('') !== text) return undefined
  return parts.reduce((sum, [n, unit]) => sum + Number(n) * (unit === 'ms' ? 1 : UNIT_MS[unit]!), 0)
}

function isoParts(text: string): (readonly [string, string])[] | undefined {
  const match = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/i.exec(text)
  if (match === null) return undefined
  return ['d', 'h', 'm', 's'].flatMap((unit, i) => (match[i + 1] === undefined ? [] : [[match[i + 1]!, unit] as const]))
}
