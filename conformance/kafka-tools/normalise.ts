/**
 * What of the output of a tool two clusters cannot have in common: addresses, ids, times, the numbers of a
 * measurement.
 */

const REPLACED: readonly (readonly [RegExp, string])[] = [
  [/\b127\.0\.0\.1:\d+/g, 'BROKER'],
  [/\b127\.0\.0\.1\b( +\d+)?/g, 'HOST'],
  [/\/tmp\/tidemark-[\w./-]*\/data\b/g, 'FOLDER'],
  [/(console-consumer|perf-consumer|consumer-[\w.]+|sarama|python)-[\w-]*[0-9a-f]{8}-[0-9a-f-]{27}/g, 'MEMBER'],
  [/\b(console|perf)-consumer-\d+\b/g, '$1-consumer-N'],
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, 'UUID'],
  [/(TopicId: |topic ID: |Cluster ID: |ClusterId: +)[\w-]{22}/g, '$1ID'],
  [/\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}\] */g, ''],
  [/\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[:.,]\d{3}\b/g, 'TIME'],
  [/\b1[6-9]\d{11}\b/g, 'TIME'],
  [/\(id: (\d+) rack: \w+ isFenced: \w+\)/g, '(id: $1)'],
  [/[ \t]+/g, ' '],
  [/ +$/gm, ''],
]

export function normalised(text: string): string {
  let normal = text.replaceAll('\r', '')
  for (const [pattern, by] of REPLACED) normal = normal.replaceAll(pattern, by)
  return normal.trim()
}

/** For a tool that prints in the order of a hash table. */
export const sortedLines = (text: string): string => text.split('\n').filter(Boolean).sort().join('\n')

/** For a tool that prints a set within a line. */
export const sortedWords = (text: string): string =>
  text
    .split('\n')
    .map((line) =>
      line
        .split(/[\s,{}[\]]+/)
        .filter(Boolean)
        .sort()
        .join(' '),
    )
    .sort()
    .join('\n')

/** What a measurement has in common with another one: how much was moved. */
export const withoutFigures = (text: string): string => text.replaceAll(/\d+(\.\d+)?/g, (n) => (n === '1000' ? n : 'N'))
