/**
 * From one cluster to another, as from an embedded broker that has been outgrown to an Apache Kafka: every topic with
 * its configuration and records, and every group's place, which is found by the records and not by the numbers.
 */
import { type CallLimits, createAdmin, type Kafka, type TopicPartition } from '@tidemark/client'
import { keyOf, readCompletionMap } from '@tidemark/client/internal'
import { checkFunction, checkOptions, checkSignal, counted, countOption, TidemarkError } from '@tidemark/platform'
import { applyPlan } from '../apply/apply-plan.ts'
import type { MoveRecord } from '../moves/move-record.ts'
import { MoveStore } from '../moves/move-store.ts'
import type { Place } from '../moves/place.ts'
import { planMove } from '../plan/plan-move.ts'
import { type ComparedTo, compareBeginning, comparedNothing, compareRest } from './compare.ts'
import { copyTopic } from './copy-topic.ts'
import { PlaceFinder } from './places.ts'
import type { GraduatingGroup, GraduatingTopic, Graduation } from './plan-graduation.ts'

export interface GraduateOptions {
  /** Of the topics there. Default: the default of that cluster. */
  readonly replicationFactor?: number
  /** Where the moves of groups are kept. Default: the folder of the user's state. */
  readonly store?: MoveStore
  /** Told of records that were copied or compared, as they are. */
  readonly onProgress?: (progress: GraduationProgress) => void
  /** Makes the call reject with ABORTED; what was copied stays there. */
  readonly signal?: AbortSignal
}

export interface GraduationProgress {
  readonly topic: string
  readonly step: 'copied' | 'verified'
  /** Since the last report. */
  readonly records: number
}

export interface Graduated {
  /** That are the same on both sides now. */
  readonly records: number
  /** Of them, by this call: the others were there before. */
  readonly copied: number
  /** One for each group that did not stand there before. */
  readonly moves: readonly MoveRecord[]
}

/**
 * Copies topic after topic, reads both sides again and compares every record, then puts the groups where they stood.
 * The source is not changed. Groups have to be idle, and nothing may be written meanwhile: it is checked before and
 * after.
 *
 * Called again after it was interrupted it goes on, with a new plan: topics that exist on the other cluster are
 * compared first, each record of them with its source, and what is missing is copied behind it; groups that stand where
 * they are to stand are left alone.
 *
 * Rejects with `TidemarkError` GROUP_ACTIVE, or TOPIC_EXISTS (a topic there is not the beginning of the one here),
 * nothing copied; PLAN_STALE (the source changed meanwhile: call it again); GRADUATION_FAILED (a record of the copy
 * differs, or groups have been moved there: the others are where they stood).
 */
export async function graduate(from: Kafka, to: Kafka, plan: Graduation, options: GraduateOptions = {}): Promise<Graduated> {
  checkOptions<GraduateOptions>('graduate()', options, { replicationFactor: true, store: true, onProgress: true, signal: true })
  const { replicationFactor, store = new MoveStore(), onProgress = () => {} } = options
  checkFunction('onProgress', onProgress)
  if (replicationFactor !== undefined) countOption('replicationFactor', replicationFactor, 1)
  const signal = checkSignal(options.signal)
  checkBeforehand(plan)
  const places = new Map(plan.topics.map((topic) => [topic.topic, new PlaceFinder(wantedOf(topic, plan.groups))]))
  const comparing = (topic: string, since: readonly ComparedTo[]) => ({
    from: since,
    places: places.get(topic)!,
    signal,
    onRecords: (count: number) => onProgress({ topic, step: 'verified', records: count }),
  })
  // All of them, before anything is copied.
  const begun = new Map<string, readonly ComparedTo[]>()
  for (const topic of plan.topics) {
    const none = await comparedNothing(from, topic, signal)
    begun.set(topic.topic, topic.exists ? await compareBeginning(from, to, topic, comparing(topic.topic, none)) : none)
  }
  let records = 0
  let copied = 0
  for (const topic of plan.topics) {
    const after = begun.get(topic.topic)!
    copied += await copyTopic(from, to, topic, {
      after,
      ...(replicationFactor !== undefined && { replicationFactor }),
      ...(signal !== undefined && { signal }),
      onRecords: (count) => onProgress({ topic: topic.topic, step: 'copied', records: count }),
    })
    const all = await compareRest(from, to, topic, comparing(topic.topic, after))
    await checkUnchanged(from, topic, { signal })
    records += all.reduce((sum, { copy }) => sum + copy, 0)
  }
  const moves = await placeGroups(from, to, plan.groups, places, store, { signal })
  return { records, copied, moves }
}

function checkBeforehand({ topics, groups }: Graduation): void {
  const other = topics.find(({ problem }) => problem !== null)
  if (other !== undefined) {
    throw new TidemarkError(
      'TOPIC_EXISTS',
      `topic '${other.topic}' exists on the other cluster, and is not a copy of the one here: ${other.problem}; nothing was copied`,
      { topic: other.topic },
    )
  }
  const active = groups.find(({ members }) => members > 0)
  if (active !== undefined)
    throw new TidemarkError('GROUP_ACTIVE', `group '${active.group}' has members: nothing was copied; stop them first`)
}

function wantedOf({ topic }: GraduatingTopic, groups: readonly GraduatingGroup[]): Map<number, Set<number>> {
  const wanted = new Map<number, Set<number>>()
  for (const place of groups.flatMap(({ places }) => places)) {
    if (place.topic !== topic) continue
    const offsets = wanted.get(place.partition) ?? new Set()
    wanted.set(place.partition, offsets.add(place.offset))
  }
  return wanted
}

async function checkUnchanged(from: Kafka, { topic, ends }: GraduatingTopic, limits: CallLimits): Promise<void> {
  const now = await createAdmin(from).topics.offsets(topic, 'latest', limits)
  const grown = now.find(({ partition, offset }) => offset !== ends[partition])
  if (grown === undefined) return
  throw new TidemarkError(
    'PLAN_STALE',
    `${topic}-${grown.partition} was written to while it was copied: stop its producers, and graduate again`,
  )
}

type Places = ReadonlyMap<string, PlaceFinder>

async function placeGroups(
  from: Kafka,
  to: Kafka,
  groups: readonly GraduatingGroup[],
  places: Places,
  store: MoveStore,
  limits: CallLimits,
): Promise<MoveRecord[]> {
  const moves: MoveRecord[] = []
  const elsewhere: string[] = []
  for (const group of groups) {
    await checkUnmoved(from, group, limits)
    const wanted = copiedPlaces(group, places)
    const now = new Map((await createAdmin(to).groups.offsets(group.group, limits)).map((place) => [keyOf(place), place]))
    const other = wanted.find((place) => !standsAt(now.get(keyOf(place)) ?? place, place))
    if (other !== undefined) {
      const { offset } = now.get(keyOf(other))!
      elsewhere.push(`'${group.group}' (${other.topic}-${other.partition} at ${offset} there, where ${other.offset} is its place)`)
    } else if (wanted.some((place) => !now.has(keyOf(place)))) {
      const plan = await planMove(to, { group: group.group, scope: 'all', target: { kind: 'list', offsets: wanted } }, limits)
      moves.push(await applyPlan(to, plan, { ...limits, store, ghostCheckMs: 0, reason: 'graduate' }))
    }
  }
  if (elsewhere.length === 0) return moves
  const text = `the other cluster has other offsets of ${counted(elsewhere.length, 'group')}: ${elsewhere.join(', ')}`
  throw new TidemarkError('GRADUATION_FAILED', `${text}; everything else was copied: delete them there and graduate again, or keep them`)
}

const standsAt = (a: Copied, b: Copied): boolean => a.offset === b.offset && a.metadata === b.metadata

type Copied = TopicPartition & Pick<Place, 'offset' | 'metadata'>

function copiedPlaces({ places }: GraduatingGroup, finders: Places): Copied[] {
  return places.map(({ topic, partition, offset, metadata }) => ({
    topic,
    partition,
    offset: finders.get(topic)!.placeOf(partition, offset),
    // A completion map belongs to the topic that it was written for.
    metadata: readCompletionMap(metadata) === undefined ? metadata : '',
  }))
}

async function checkUnmoved(from: Kafka, { group, places }: GraduatingGroup, limits: CallLimits): Promise<void> {
  const now = await createAdmin(from).groups.offsets(group, limits)
  const moved = places.find(
    (place) => !now.some((it) => it.topic === place.topic && it.partition === place.partition && it.offset === place.offset),
  )
  if (moved !== undefined)
    throw new TidemarkError('PLAN_STALE', `group '${group}' moved while its topics were copied: stop it, and graduate again`)
}
