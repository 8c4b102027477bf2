/** Compare and set: whether the cluster still is as the plan found it. */
import type { Kafka, TopicPartition } from '@tidemark/client'
import { keyOf } from '@tidemark/client/internal'
import { numberText, TidemarkError } from '@tidemark/platform'
import { type Place, samePlace } from '../moves/place.ts'
import { logsOf, placeOf, topicIdOf, topicViews } from '../plan/gather.ts'
import type { MovePlan, PlannedChange } from '../plan/types.ts'
import type { NextLimits } from '../read/limits.ts'

/** By key of the partition. */
export type Committed = ReadonlyMap<string, Place & TopicPartition>

export const touched = ({ changes }: MovePlan): PlannedChange[] =>
  changes.filter(({ outcome }) => outcome === 'moves' || outcome === 'deletes')

const text = (place: Place | null): string => (place === null ? 'nothing' : String(place.offset))

function stale(what: readonly string[]): TidemarkError {
  const shown = what.slice(0, 5).join('; ')
  const more = what.length > 5 ? `; and ${numberText(what.length - 5)} more` : ''
  return new TidemarkError('PLAN_STALE', `${shown}${more}: nothing was changed; plan again`)
}

/** Throws PLAN_STALE. With `mayProgress` a place may have moved forward. */
export function checkPlaces(plan: MovePlan, committed: Committed, mayProgress: boolean): void {
  const wrong = touched(plan).flatMap((change) => {
    const now = placeOf(committed.get(keyOf(change)))
    if (samePlace(change.before, now)) return []
    if (mayProgress && now !== null && now.offset >= (change.before?.offset ?? 0)) return []
    const isMap = change.before?.offset === now?.offset
    return [
      `${change.topic}-${change.partition} had ${text(change.before)} committed when the plan was made and has ${text(now)} now${isMap ? ' with other metadata' : ''}`,
    ]
  })
  // Deleting the group deletes what it has committed since, too.
  const planned = new Set(plan.changes.map(keyOf))
  const isWhole = plan.wish.target.kind === 'delete' && plan.wish.target.group === true
  const unseen = isWhole ? [...committed.values()].filter((it) => !planned.has(keyOf(it))) : []
  wrong.push(...unseen.map(({ topic, partition }) => `${topic}-${partition} was not committed when the plan was made, and is now`))
  if (wrong.length > 0) throw stale(wrong)
}

/**
 * Rejects with PLAN_STALE where a topic was deleted or created again, or where records on the new place's side were
 * deleted.
 */
export async function checkLogs(kafka: Kafka, plan: MovePlan, limits: NextLimits): Promise<void> {
  const moving = touched(plan).filter(({ outcome, topicId }) => outcome === 'moves' && topicId !== null)
  if (moving.length === 0) return
  const views = await topicViews(kafka, [...new Set(moving.map(({ topic }) => topic))], limits())
  const replaced = [...new Map(moving.map((change) => [change.topic, change])).values()].flatMap(({ topic, topicId }) => {
    const view = views.get(topic)!
    if (view.errorCode !== 0) return [`topic '${topic}' was deleted since the plan was made`]
    return topicIdOf(view) === topicId ? [] : [`topic '${topic}' was deleted and created again since the plan was made`]
  })
  if (replaced.length > 0) throw stale(replaced)
  const logs = await logsOf(kafka, moving, limits())
  const gone = moving.flatMap(({ topic, partition, after, start, end }) => {
    const log = logs.get(keyOf({ topic, partition }))!
    const wasInside = start !== null && after!.offset >= start && after!.offset <= end!
    if (!wasInside || (after!.offset >= log.start && after!.offset <= log.end)) return []
    return [`the log of ${topic}-${partition} has records from ${log.start} to ${log.end} now, and the plan moves to ${after!.offset}`]
  })
  if (gone.length > 0) throw stale(gone)
}
