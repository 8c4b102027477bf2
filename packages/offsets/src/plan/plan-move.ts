/** `planMove`: reads the cluster once, and says what a move would do. It changes nothing. */
import type { CallLimits, Kafka } from '@tidemark/client'
import { checkedLimits, handleOf, keyOf, LIMIT_NAMES } from '@tidemark/client/internal'
import { checkOptions, durationOption, type OptionNames } from '@tidemark/platform'
import { BookmarkStore } from '../bookmarks/bookmark-store.ts'
import { type Place, samePlace } from '../moves/place.ts'
import { shrinking } from '../read/limits.ts'
import { buildPlan, withGlance } from './build-plan.ts'
import { changeOf, rangeOf } from './change.ts'
import { checkWish } from './check-wish.ts'
import { gather } from './gather.ts'
import { glanceAt } from './glance.ts'
import type { MovePlan, MoveWish } from './types.ts'

export interface PlanOptions extends CallLimits {
  /** How long the plan may be applied, in milliseconds. Default: one hour. */
  readonly validForMs?: number
  /** Where bookmarks are kept. Default: the folder of the user's state. */
  readonly bookmarks?: BookmarkStore
}

export const PLAN_OPTION_NAMES: OptionNames<PlanOptions> = { ...LIMIT_NAMES, validForMs: true, bookmarks: true }
const VALID_FOR_MS = 3_600_000

/**
 * What moving a group's committed offsets would do, partition by partition: the places before and after, the records
 * that are handled again or skipped, and everything that cannot be done as asked for. `applyPlan` does it.
 *
 * Fallbacks differ from those of Kafka's `kafka-consumer-groups.sh`, which clamps and falls back with a log line at
 * most (ConsumerGroupCommand.scala): here each is in the plan, and `applyPlan` refuses it unless it is accepted.
 *
 * Rejects with `TidemarkError` NOTHING_TO_DO (no partition to move), UNKNOWN_BOOKMARK, UNSUPPORTED_GROUP_TYPE,
 * UNSTABLE_OFFSET_COMMIT (a transaction that commits offsets of the group is open), INVALID_ARGUMENT, INVALID_OPTION,
 * or what the limits bring. A group that does not exist can be planned for: applying the plan creates it.
 */
export function planMove(kafka: Kafka, wish: MoveWish, options: PlanOptions = {}): Promise<MovePlan> {
  return planFor(kafka, wish, options, undefined)
}

/**
 * `expected`, by key of the partition: where the group would stand if nobody had moved it since. `owner` is the
 * function that was called, for its errors.
 */
export async function planFor(
  kafka: Kafka,
  wish: MoveWish,
  options: PlanOptions,
  expected: ReadonlyMap<string, Place | null> | undefined,
  owner = 'planMove()',
): Promise<MovePlan> {
  checkOptions<PlanOptions>(owner, options, PLAN_OPTION_NAMES)
  checkWish(owner, wish)
  const validForMs = durationOption('validForMs', options.validForMs ?? VALID_FOR_MS)
  const limits = shrinking(kafka, checkedLimits(options))
  const find = (clusterId: string, group: string, name: string) => (options.bookmarks ?? new BookmarkStore()).find(clusterId, group, name)
  const { group, partitions, leftOut } = await gather(kafka, wish, limits(), find)
  const drafts = partitions.map((facts) => changeOf(wish, facts))
  const ranges = drafts.flatMap((change, index) => {
    const range = rangeOf(change)
    return range === undefined ? [] : [{ index, topic: change.topic, partition: change.partition, ...range }]
  })
  const { glances, notRead } = await glanceAt(kafka, ranges, limits())
  const changes = [...drafts]
  for (const [i, { index }] of ranges.entries()) changes[index] = withGlance(drafts[index]!, glances[i]!)
  const movedSince = changes
    .filter((change) => expected !== undefined && !samePlace(expected.get(keyOf(change)) ?? null, change.before))
    .map(({ topic, partition }) => `${topic}-${partition}`)
  const nowMs = handleOf(kafka).platform.clock.now()
  return buildPlan({ wish, group, changes, nowMs, validForMs, leftOut, notRead, movedSince })
}
