/** A plan as its reader sees it: the table is data, on stdout; what is said about it goes to stderr. */
import { durationText, type MovePlan, type PlannedChange } from '@tidemark/offsets'
import { type Output, printRows, say } from '../print/print.ts'
import { plain } from '../print/table.ts'
import { timeText } from '../records/time.ts'

const FIELDS = ['group', 'topic', 'partition', 'before', 'after', 'outcome', 'fallback', 'replayed', 'skipped', 'lost', 'start', 'end']

export async function printPlan(plan: MovePlan, output: Output): Promise<void> {
  const rows = plan.changes.map((change) => rowOf(plan, change))
  await printRows(rows, columnsOf(plan.changes), output, { data: plan, fields: FIELDS })
  if (output !== 'table') return
  for (const { topic, partition, notes, first, last } of plan.changes) {
    for (const note of notes) say(`${topic}-${partition}: ${note}`)
    if (first !== null) say(`${topic}-${partition}: first ${glanceText(first)}`)
    if (last !== null && last.offset !== first?.offset) say(`${topic}-${partition}: last  ${glanceText(last)}`)
  }
  for (const { message } of plan.warnings) say(`warning: ${message}`)
  say(plan.summary)
  if (plan.needs.length > 0) say(`to be accepted: --accept ${plan.needs.join(',')}`)
  say(`with Kafka's own tool: ${plan.command}`)
}

function columnsOf(changes: readonly PlannedChange[]): Record<string, string> {
  return {
    topic: 'TOPIC',
    partition: 'PARTITION',
    before: 'BEFORE',
    after: 'AFTER',
    replayed: 'AGAIN',
    skipped: 'SKIPPED',
    ...(changes.some((c) => c.lost > 0) && { lost: 'LOST' }),
    ...(changes.some((c) => c.spanMs !== null) && { span: 'SPAN' }),
    outcome: 'OUTCOME',
    ...(changes.some((c) => c.fallback !== null) && { fallback: 'FALLBACK' }),
  }
}

const rowOf = ({ group }: MovePlan, change: PlannedChange) => ({
  group,
  topic: change.topic,
  partition: change.partition,
  before: change.before?.offset,
  after: change.after?.offset,
  outcome: change.outcome,
  fallback: change.fallback,
  replayed: change.replayed,
  skipped: change.skipped,
  lost: change.lost,
  span: change.spanMs === null ? null : durationText(change.spanMs),
  start: change.start,
  end: change.end,
})

const glanceText = ({ offset, timestampMs, key, value }: NonNullable<PlannedChange['first']>): string =>
  `record ${offset} of ${timeText(new Date(timestampMs))}: ${key === null ? '' : `${plain(key)} = `}${value === null ? 'null' : plain(value)}`
