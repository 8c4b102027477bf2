/**
 * What the members of a group did, line by line, and the three questions asked of it: is anything lost, did each key
 * keep its order, and is each record that came twice explained by a member that crashed, was stopped, or lost the
 * partition.
 */
import { readFileSync } from 'node:fs'

export type LineOf =
  | { readonly kind: 'done'; readonly partition: number; readonly offset: number; readonly key: string; readonly value: string }
  | { readonly kind: 'assigned'; readonly partition: number; readonly position: number }
  | { readonly kind: 'ended'; readonly partition: number; readonly reason: string }
  | { readonly kind: 'failed'; readonly text: string }
export type Line = { readonly atUs: number; readonly member: string } & LineOf
type Done = Extract<Line, { kind: 'done' }>

export interface Verdict {
  readonly delivered: number
  readonly lost: readonly string[]
  readonly outOfOrder: readonly string[]
  readonly twice: number
  readonly unexplained: readonly string[]
}

/** All lines of these files, in the order of time. */
export function readLines(files: readonly string[]): Line[] {
  const lines = files.flatMap((file) =>
    readFileSync(file, 'utf8')
      .split('\n')
      .slice(0, -1) // the last one is empty, or was being written when its member was killed
      .map((line) => JSON.parse(line) as Line),
  )
  return lines.sort((a, b) => a.atUs - b.atUs)
}

export const valuesDone = (lines: readonly Line[]): Set<string> =>
  new Set(lines.filter((line): line is Done => line.kind === 'done').map((line) => line.value))

/** `unclean`: members that were killed or stopped; `due`: values that a producer has on record as written. */
export function judgeLines(lines: readonly Line[], due: Iterable<string>, unclean: ReadonlySet<string>): Verdict {
  const done = valuesDone(lines)
  const first = new Map<string, Done>()
  const newest = new Map<string, number>()
  const unexplained: string[] = []
  const outOfOrder: string[] = []
  let twice = 0
  let delivered = 0
  for (const [i, line] of lines.entries()) {
    if (line.kind !== 'done') continue
    delivered++
    const before = first.get(line.value)
    if (before !== undefined) {
      twice++
      if (!isExplained(lines, i, before, unclean))
        unexplained.push(`${line.partition}:${line.offset} by ${before.member}, then ${line.member}`)
      continue
    }
    first.set(line.value, line)
    const lane = `${line.partition}/${line.key}/${line.value.split(':')[0]}`
    if (line.offset < (newest.get(lane) ?? -1)) outOfOrder.push(`${line.partition}:${line.offset} of key ${line.key}`)
    newest.set(lane, line.offset)
  }
  return { delivered, lost: [...due].filter((value) => !done.has(value)), outOfOrder, twice, unexplained }
}

/** The consumer that did it first was killed or stopped, or lost the partition before it could commit. */
function isExplained(lines: readonly Line[], again: number, first: Done, unclean: ReadonlySet<string>): boolean {
  if (unclean.has(first.member)) return true
  return lines.some(
    (line, i) =>
      i <= again + 1_000 && // a loss is noted after the fact: the new owner may be faster
      line.kind === 'ended' &&
      line.partition === first.partition &&
      line.member === first.member &&
      line.reason === 'lost' &&
      line.atUs >= first.atUs,
  )
}
