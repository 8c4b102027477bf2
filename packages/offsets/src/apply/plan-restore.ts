/**
 * Undo of a move that another tool made: back to where the group stood at a time, as the cluster's own log of
 * commits still says.
 */
import type { Kafka, TopicPartition } from '@tidemark/client'
import { checkedLimits, keyOf } from '@tidemark/client/internal'
import { checkName, checkOptions, checkTime, TidemarkError } from '@tidemark/platform'
import { commitHistory } from '../history/commit-history.ts'
import { positionsAt } from '../history/positions-at.ts'
import type { Place } from '../moves/place.ts'
import { PLAN_OPTION_NAMES, type PlanOptions, planFor } from '../plan/plan-move.ts'
import type { FormerPlace, MovePlan, MoveWish } from '../plan/types.ts'
import { shrinking } from '../read/limits.ts'

export interface OutsideMove {
  /** When its first commit was made. */
  readonly at: Date
  readonly partitions: readonly OutsideMovedPartition[]
}

export interface OutsideMovedPartition extends TopicPartition {
  /** What it committed last; null: it deleted what was committed. */
  readonly place: Place | null
}

export interface RestoreOptions extends PlanOptions {
  /** Default: everything that was committed then; the partitions of the move, with `undoes`. */
  readonly scope?: MoveWish['scope']
  /**
   * The move that is taken back, of `lastOutsideMove`: partitions that were committed again after it are in the plan
   * with a warning.
   */
  readonly undoes?: OutsideMove
}

/** A tool that moves many partitions needs more than one commit. */
const ONE_MOVE_MS = 1_000

/**
 * Where the group stood at a time, as a plan. A partition of which compaction took out what was committed then is
 * `not-exact`: the plan has the first place that is still in the log, and needs that to be accepted; where nothing is
 * left, it is `nothing-committed`, and stays. Topic ids are not in the log of commits: a topic that was created again
 * is not noticed.
 *
 * Rejects with `TidemarkError` HISTORY_UNREADABLE (no right to read `__consumer_offsets`, or the cluster hides it),
 * NOTHING_TO_DO (nothing is known of the group), or as `planMove`.
 */
export async function planRestore(kafka: Kafka, group: string, at: Date, options: RestoreOptions = {}): Promise<MovePlan> {
  checkName('the name of the group', group)
  checkTime('the time', at)
  checkOptions<RestoreOptions>('planRestore()', options, { ...PLAN_OPTION_NAMES, scope: true, undoes: true })
  const { undoes, scope = scopeOf(undoes), ...rest } = options
  const limits = shrinking(kafka, checkedLimits(rest))
  const { positions } = await positionsAt(kafka, group, at, limits())
  if (positions.length === 0) throw new TidemarkError('NOTHING_TO_DO', `no commit of group '${group}' is in the log of commits`)
  const places = positions.map(({ topic, partition, offset, leaderEpoch, metadata, certainty }): FormerPlace => {
    const place = offset === null ? null : { offset, leaderEpoch: leaderEpoch ?? -1, metadata: metadata ?? '' }
    return { topic, topicId: null, partition, place, ...(certainty === 'bounded' && { certainty }) }
  })
  const target = { kind: 'places', places, atMs: at.getTime() } as const
  const expected = undoes && new Map(undoes.partitions.map((moved) => [keyOf(moved), moved.place]))
  return planFor(kafka, { group, scope, target }, { ...rest, ...limits() }, expected, 'planRestore()')
}

const scopeOf = (move: OutsideMove | undefined): MoveWish['scope'] =>
  move === undefined ? 'all' : move.partitions.map(({ topic, partition }) => ({ topic, partitions: [partition] }))

/**
 * The last commit for the group that no member made: by a tool, or by a consumer that assigns partitions to itself.
 * Undefined: the log of commits has none. Rejects with `TidemarkError` HISTORY_UNREADABLE, ABORTED, …
 */
export async function lastOutsideMove(kafka: Kafka, group: string, signal?: AbortSignal): Promise<OutsideMove | undefined> {
  checkName('the name of the group', group)
  let first = 0
  let last = Number.NEGATIVE_INFINITY
  let touched = new Map<string, OutsideMovedPartition>()
  for await (const event of commitHistory(kafka, { groups: [group], ...(signal !== undefined && { signal }) })) {
    if (event.kind !== 'outside' && event.kind !== 'deleted') continue
    if (event.atMs - last > ONE_MOVE_MS) {
      touched = new Map()
      first = event.atMs
    }
    last = event.atMs
    const { topic, partition, to, leaderEpoch, metadata } = event
    const place = to === null ? null : { offset: to, leaderEpoch: leaderEpoch ?? -1, metadata: metadata ?? '' }
    touched.set(keyOf(event), { topic, partition, place })
  }
  return touched.size === 0 ? undefined : { at: new Date(first), partitions: [...touched.values()] }
}
