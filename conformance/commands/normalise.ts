/**
 * What no two runs have in common (times, durations, ids, addresses) becomes an example of it, where it can of the
 * same width.
 */
import { userInfo } from 'node:os'

const REPLACED: readonly (readonly [RegExp, string])[] = [
  [/\b20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d/g, '2026-11-22T14:00:00'],
  [/(2026-11-22T14:00:00)\.\d{3}/g, '$1.000'],
  [/\b20\d{6}T\d{9}Z-[0-9a-f]{8}\b/g, '20261122T140000000Z-1f0c9a55'],
  [/\b(1[6-9]|2\d)\d{11}\b/g, '1795356000000'],
  [/\b127\.0\.0\.1:\d+/g, 'kafka:9092'],
  [/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, '1f0c9a55-7e0b-4c55-9d7e-2f7b6c1d9a10'],
  [/\b[0-9a-f]{64}\b/g, 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
  // Ids of topics and clusters.
  [/("?\b(?:id|topicId|clusterId)"?: "?)[\w-]{22}\b/g, '$1pT7nQ0bZQ5yq0o1Jt2m3xA'],
  [/("?\b\w+Ms"?:\s+(?:\{\s*)?(?:"?value"?: )?)(?!1795356000000)\d+(\.\d+)?\b/g, '$11000'],
]

const DURATION = '(?<![\\w.-])\\d+(?:\\.\\d+)? (?:ms|s|min|h|d)(?: \\d+ (?:ms|s|min|h))?'
/** In a table; its columns stay under their headings. */
const CELL = new RegExp(`(?<=  )([≥≤~]?)${DURATION}(?=  |$)`, 'gm')

/** Columns of CSV that differ from run to run. */
const TIMES = /^(ageMs|spanMs|etaMs|runwayMs)$/

export function normalised(text: string, folder: string): string {
  let normal = text.replaceAll(folder, '~').replaceAll(new RegExp(`\\b${userInfo().username}\\b`, 'g'), 'ann')
  for (const [pattern, by] of REPLACED) normal = normal.replaceAll(pattern, by)
  const durations = normal
    .replaceAll(CELL, (found, mark) => `${mark}1 s`.padStart(found.length))
    .replaceAll(new RegExp(`${DURATION}\\b`, 'g'), '1 s')
  return csvNormalised(durations)
}

function csvNormalised(text: string): string {
  const [head = '', ...rows] = text.split('\n')
  const columns = head.split(',')
  if (!columns.some((name) => TIMES.test(name))) return text
  const cells = (row: string): string =>
    row
      .split(',')
      .map((cell, i) => (TIMES.test(columns[i] ?? '') && cell !== '' ? '1000' : cell))
      .join(',')
  return [head, ...rows.map(cells)].join('\n')
}

/** How two answers are compared: the width of columns depends on what stands in them. */
export const compared = (text: string): string => text.replaceAll(/ {2,}/g, '  ').replaceAll(/ +$/gm, '')
