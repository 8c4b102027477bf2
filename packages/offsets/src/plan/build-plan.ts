/** A plan, put together from what was read. Pure: the same facts and the same wish make the same plan, to the byte. */
import { rangeOf } from './change.ts'
import type { GroupFacts } from './facts.ts'
import type { RangeGlance } from './glance.ts'
import { planId } from './hash.ts'
import { kafkaCommand } from './kafka-command.ts'
import { summaryOf } from './summary.ts'
import type { MovePlan, MoveWish, PlannedChange } from './types.ts'
import { warningsOf } from './warnings.ts'

export const PLAN_SCHEMA = 'https://github.com/tidemark/tidemark/blob/main/packages/offsets/schema/plan.v1.json'

export interface PlanFacts {
  readonly wish: MoveWish
  readonly group: GroupFacts
  readonly changes: readonly PlannedChange[]
  readonly nowMs: number
  readonly validForMs: number
  readonly leftOut: readonly string[]
  readonly notRead: { readonly partitions: number; readonly why: string } | null
  readonly movedSince: readonly string[]
}

export function buildPlan(facts: PlanFacts): MovePlan {
  const { wish, group, changes, nowMs, validForMs } = facts
  const plan = {
    $schema: PLAN_SCHEMA,
    version: 1,
    clusterId: group.clusterId,
    group: group.group,
    kind: group.kind,
    state: group.state,
    members: group.members,
    createdAtMs: nowMs,
    expiresAtMs: nowMs + validForMs,
    wish,
    changes,
    summary: summaryOf(group.group, changes),
    warnings: warningsOf(facts),
    // What stays as it is needs nobody's consent.
    needs: [
      ...new Set(changes.flatMap(({ fallback, outcome }) => (fallback === null || outcome === 'unchanged' ? [] : [fallback]))),
    ].sort(),
    command: kafkaCommand(wish, group, changes),
  } as const
  return { ...plan, id: planId(plan) }
}

/** With what was seen of the records that are replayed or skipped. */
export function withGlance(change: PlannedChange, glance: RangeGlance): PlannedChange {
  if (rangeOf(change) === undefined) return change
  const { first, last, records, bytes } = glance
  const spanMs = first === null || last === null ? null : Math.max(0, last.timestampMs - first.timestampMs)
  const counts =
    records === null
      ? {}
      : { counted: 'exact' as const, replayed: change.replayed > 0 ? records : 0, skipped: change.skipped > 0 ? records : 0 }
  return { ...change, ...counts, first, last, spanMs, bytes }
}
