/** What of an answer two clusters cannot have in common: addresses, the ids of topics, times of now. */
const REPLACED: readonly (readonly [RegExp, string])[] = [
  [/\b(127\.0\.0\.1|localhost):\d+/g, 'BROKER'],
  [/\b[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}\b/g, 'ID'],
  [/"Uuid":\[[\d,]*\]/g, '"Uuid":"ID"'],
  [/\b1[789]\d{11}\b(?<!1700\d{9})/g, 'TIME'],
]

/**
 * Fields of JSON by which one cluster is told from another, or one run: `broker_name` is the connection that was used
 * last.
 */
const OF_A_CLUSTER = ['port', 'broker_name', 'clusterId', 'cluster_id', 'timestamp']

/**
 * JSON, as one value or a line each, without what stands in the order of a hash table or is a cluster's own; other
 * text as it is.
 */
export function orderedJson(text: string): string {
  try {
    return JSON.stringify(ordered(JSON.parse(text)))
  } catch {} // a line each, or not JSON
  try {
    return text
      .split('\n')
      .map((line) => (line === '' ? '' : JSON.stringify(ordered(JSON.parse(line)))))
      .join('\n')
  } catch {
    return text // words for people
  }
}

function ordered(value: unknown): unknown {
  if (Array.isArray(value)) {
    const all = value.map(ordered)
    return all.every((it) => typeof it === 'object' && it !== null && 'name' in it) ? all.sort(byText) : all
  }
  if (typeof value !== 'object' || value === null) return value
  const fields = Object.entries(value).filter(([key]) => !OF_A_CLUSTER.includes(key))
  return Object.fromEntries(fields.map(([key, it]) => [key, ordered(it)] as const).sort(byText))
}

const byText = (a: unknown, b: unknown): number => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)

export function normalised(text: string): string {
  let normal = text
  for (const [pattern, by] of REPLACED) normal = normal.replaceAll(pattern, by)
  return normal
}
