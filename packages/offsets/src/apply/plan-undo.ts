/** Undo is a plan like any other: back to the places that a move replaced, as they are on record. */
import type { Kafka } from '@tidemark/client'
import { keyOf } from '@tidemark/client/internal'
import { TidemarkError } from '@tidemark/platform'
import type { MoveRecord } from '../moves/move-record.ts'
import { type PlanOptions, planFor } from '../plan/plan-move.ts'
import type { MovePlan } from '../plan/types.ts'

/**
 * Every place is exact: offset, leader epoch and metadata as they were read before the move; what was not committed is
 * deleted again. A partition that was committed again since is in the plan with a warning, and one whose topic was
 * created again is refused. Rejects with `TidemarkError` NOTHING_TO_DO (no change of the move was done), or as
 * `planMove`.
 */
export async function planUndo(kafka: Kafka, record: MoveRecord, options: PlanOptions = {}): Promise<MovePlan> {
  const changes = record.changes.filter(({ state }) => state !== 'refused')
  if (changes.length === 0) throw new TidemarkError('NOTHING_TO_DO', `move ${record.id} changed nothing`)
  const places = changes.map(({ topic, topicId, partition, before }) => ({ topic, topicId, partition, place: before }))
  const wish = { group: record.group, scope: 'all', target: { kind: 'places', places, undoes: record.id } } as const
  return planFor(kafka, wish, options, new Map(changes.map((change) => [keyOf(change), change.after])), 'planUndo()')
}
