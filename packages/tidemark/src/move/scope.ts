/** Which partitions a move is about: `--topic orders:0,1,2`, with ranges as `kafka-get-offsets.sh` has them. */
import type { MoveWish, PartitionChoice, TopicScope } from '@tidemark/offsets'
import type { Command } from 'commander'
import { usage } from '../exit.ts'

export interface ScopeOptions {
  readonly topic?: readonly TopicScope[]
  readonly allTopics?: boolean
}

export const withScope = (command: Command): Command =>
  command
    .option(
      '--topic <TOPIC[:PARTITIONS]>',
      'orders, orders:0,1,2, orders:0-3 (0, 1 and 2, as kafka-get-offsets has it) or orders:5-; may be given more than once (default: all that is committed)',
      collectScope,
    )
    .option('--all-topics', 'all that the group has committed, which is the default')

export function scopeOf({ topic, allTopics }: ScopeOptions): MoveWish['scope'] {
  if (topic !== undefined && allTopics) throw usage('--topic and --all-topics exclude each other')
  return topic ?? 'all'
}

export function collectScope(text: string, before: readonly TopicScope[] = []): TopicScope[] {
  return [...before, ...parseScope(text)]
}

/** A range with both ends open at the top is one choice; everything else is a list. Throws `TidemarkError` USAGE. */
export function parseScope(text: string): TopicScope[] {
  const colon = text.indexOf(':')
  if (colon < 0) return [{ topic: named(text, text), partitions: 'all' }]
  const topic = named(text.slice(0, colon), text)
  const listed: number[] = []
  const choices: PartitionChoice[] = []
  for (const part of text.slice(colon + 1).split(',')) {
    const match = /^(\d{1,10})?(-)?(\d{1,10})?$/.exec(part.trim())
    const [, from, dash, to] = match ?? []
    if (match === null || (from === undefined && to === undefined)) {
      throw usage(`'${text}' is not a topic with partitions; write orders, orders:0,1,2, orders:0-3 or orders:5-`)
    }
    if (dash === undefined) listed.push(Number(from))
    else if (to === undefined) choices.push({ from: Number(from) })
    else listed.push(...rangeOf(Number(from ?? 0), Number(to), text))
  }
  if (listed.length > 0) choices.unshift([...new Set(listed)])
  return choices.map((partitions) => ({ topic, partitions }))
}

const PARTITIONS_MAX = 100_000

/** Without the last, as Kafka's. */
function rangeOf(from: number, to: number, text: string): number[] {
  if (to <= from || to - from > PARTITIONS_MAX)
    throw usage(`'${text}' has a range without partitions, or too many: ${from}-${to} ends before ${to}`)
  return Array.from({ length: to - from }, (_, i) => from + i)
}

function named(topic: string, text: string): string {
  if (topic === '') throw usage(`'${text}' has no topic`)
  return topic
}
