/**
 * A replay: a group of its own is put where another one is to begin again, consumers that are started with its name
 * handle the records once more, and its end is watched. The other group is not touched.
 */
import type { CallLimits, Kafka } from '@tidemark/client'
import { checkedLimits, keyOf, LIMIT_NAMES } from '@tidemark/client/internal'
import { checkName, checkOptions, type OptionNames, TidemarkError } from '@tidemark/platform'
import { committedBy, logsOf, topicViews } from '../plan/gather.ts'
import { planMove } from '../plan/plan-move.ts'
import type { Fallback, MovePlan, MoveTarget, MoveWish } from '../plan/types.ts'
import { shrinking } from '../read/limits.ts'

export interface ReplayWish {
  /** The group that is forked. */
  readonly group: string
  /** Default: every partition that it has committed. */
  readonly scope?: MoveWish['scope']
  readonly from: MoveTarget
  /** Exclusive. Default: where the group stands. */
  readonly to?: MoveTarget
  /** The name of the fork. Default: `GROUP.replay-1`, or the next number that is free. */
  readonly as?: string
}

export interface ReplayRange {
  readonly topic: string
  readonly partition: number
  readonly from: number
  /** Exclusive. */
  readonly to: number
}

export interface Replay {
  readonly group: string
  readonly fork: string
  readonly ranges: readonly ReplayRange[]
  /** Offsets in all ranges together. */
  readonly records: number
  /** Of the places where the ranges begin and end: each has to be accepted. */
  readonly needs: readonly Fallback[]
  /** Creates the fork: for `applyPlan`. */
  readonly plan: MovePlan
}

const WISH_NAMES: OptionNames<ReplayWish> = { group: true, scope: true, from: true, to: true, as: true }
const NAMES_MAX = 1_000

/**
 * Rejects with `TidemarkError` NOTHING_TO_DO (no partition has records between the two places), INVALID_ARGUMENT (the
 * fork exists already), or as `planMove`.
 */
export async function planReplay(kafka: Kafka, wish: ReplayWish, options: CallLimits = {}): Promise<Replay> {
  checkOptions<ReplayWish>('planReplay()', wish, WISH_NAMES)
  checkOptions<CallLimits>('planReplay()', options, LIMIT_NAMES)
  const limits = shrinking(kafka, checkedLimits(options))
  const { group, scope = 'all', from, to = { kind: 'current' } } = wish
  const fork = await forkOf(kafka, group, wish.as, limits)
  const starts = await planMove(kafka, { group, scope, target: from }, limits())
  const ends = await planMove(kafka, { group, scope, target: to }, limits())
  const endOf = new Map(ends.changes.map((change) => [keyOf(change), change.outcome === 'refused' ? undefined : change.after?.offset]))
  const ranges = starts.changes.flatMap((change): ReplayRange[] => {
    const begin = change.outcome === 'refused' ? undefined : change.after?.offset
    const end = endOf.get(keyOf(change))
    if (begin === undefined || end === undefined || begin >= end) return []
    return [{ topic: change.topic, partition: change.partition, from: begin, to: end }]
  })
  if (ranges.length === 0) throw new TidemarkError('NOTHING_TO_DO', `group '${group}' has no records to replay between the two places`)
  const offsets = await placesOf(kafka, ranges, limits())
  const plan = await planMove(kafka, { group: fork, scope: 'all', target: { kind: 'list', offsets } }, limits())
  const needs = [...new Set([...starts.needs, ...ends.needs])].sort()
  return { group, fork, ranges, records: ranges.reduce((sum, range) => sum + range.to - range.from, 0), needs, plan }
}

/**
 * Where the fork begins. Its consumers get every partition of the topics: one that is not replayed begins at the end of
 * its log, or they would handle all of it.
 */
async function placesOf(kafka: Kafka, ranges: readonly ReplayRange[], limits: CallLimits) {
  const topics = [...new Set(ranges.map(({ topic }) => topic))]
  const views = await topicViews(kafka, topics, limits)
  const all = topics.flatMap((topic) => views.get(topic)!.partitions.map(({ partition }) => ({ topic, partition })))
  const logs = await logsOf(kafka, all, limits)
  const begins = new Map(ranges.map((range) => [keyOf(range), range.from]))
  return all.map((where) => ({ ...where, offset: begins.get(keyOf(where)) ?? logs.get(keyOf(where))!.end }))
}

/** A group that has committed anything is in use. */
async function forkOf(kafka: Kafka, group: string, as: string | undefined, limits: () => CallLimits): Promise<string> {
  const isFree = async (name: string): Promise<boolean> => (await committedBy(kafka, name, limits())).size === 0
  if (as !== undefined) {
    checkName('the name of the fork', as)
    if (as !== group && (await isFree(as))) return as
    throw new TidemarkError('INVALID_ARGUMENT', `the name of the fork is '${as}', a group that exists; choose another, or delete it first`)
  }
  for (let n = 1; n <= NAMES_MAX; n++) {
    const name = `${group}.replay-${n}`
    if (await isFree(name)) return name
  }
  throw new TidemarkError('INVALID_ARGUMENT', `group '${group}' has ${NAMES_MAX} replays: delete some`)
}
