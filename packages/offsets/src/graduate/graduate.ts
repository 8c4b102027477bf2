/**
 * From one cluster to another, as from an embedded broker that has been outgrown to an Apache Kafka: every topic with
 * its configuration and records, and every group's place, which is found by the records and not by the numbers.
 */
import { type CallLimits, createAdmin, type Kafka } from '@tidemark/client'
import { readCompletionMap } from '@tidemark/client/internal'
import { checkFunction, checkOptions, checkSignal, countOption, TidemarkError } from '@tidemark/platform'
import { applyPlan } from '../apply/apply-plan.ts'
import type { MoveRecord } from '../moves/move-record.ts'
import { MoveStore } from '../moves/move-store.ts'
import { planMove } from '../plan/plan-move.ts'
import { type CopiedTopic, copyTopic, verifyTopic } from './copy-topic.ts'
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
  readonly records: number
  /** One for each group. */
  readonly moves: readonly MoveRecord[]
}

/**
 * Copies topic after topic, reads both sides again and compares every record, then puts the groups where they stood.
 * The source is not changed. Groups have to be idle, and nothing may be written meanwhile: it is checked before and
 * after.
 *
 * Rejects with `TidemarkError` TOPIC_EXISTS and GROUP_ACTIVE, nothing copied; PLAN_STALE (the source changed
 * meanwhile) and GRADUATION_FAILED (a record differs): what was copied stays there, to be deleted before the next
 * attempt.
 */
export async function graduate(from: Kafka, to: Kafka, plan: Graduation, options: GraduateOptions = {}): Promise<Graduated> {
  checkOptions<GraduateOptions>('graduate()', options, { replicationFactor: true, store: true, onProgress: true, signal: true })
  const { replicationFactor, store = new MoveStore(), onProgress = () => {} } = options
  checkFunction('onProgress', onProgress)
  if (replicationFactor !== undefined) countOption('replicationFactor', replicationFactor, 1)
  const signal = checkSignal(options.signal)
  checkBeforehand(plan)
  const copies = new Map<string, CopiedTopic>()
  let records = 0
  for (const topic of plan.topics) {
    const copied = await copyTopic(from, to, topic, {
      wanted: wantedOf(topic, plan.groups),
      ...(replicationFactor !== undefined && { replicationFactor }),
      ...(signal !== undefined && { signal }),
      onRecords: (count) => onProgress({ topic: topic.topic, step: 'copied', records: count }),
    })
    const verified = await verifyTopic(from, to, topic, {
      signal,
      onRecords: (count) => onProgress({ topic: topic.topic, step: 'verified', records: count }),
    })
    await checkUnchanged(from, topic, { signal })
    copies.set(topic.topic, copied)
    records += verified
  }
  const moves: MoveRecord[] = []
  for (const group of plan.groups) moves.push(await placeGroup(from, to, group, copies, store, { signal }))
  return { records, moves }
}

function checkBeforehand({ topics, groups }: Graduation): void {
  const existing = topics.find(({ exists }) => exists)
  if (existing !== undefined) {
    throw new TidemarkError('TOPIC_EXISTS', `topic '${existing.topic}' exists on the other cluster: nothing was copied`, {
      topic: existing.topic,
    })
  }
  const active = groups.find(({ members }) => members > 0)
  if (active !== undefined)
    throw new TidemarkError('GROUP_ACTIVE', `group '${active.group}' has members: nothing was copied; stop them first`)
}

function wantedOf({ topic }: GraduatingTopic, groups: readonly GraduatingGroup[]): Map<number, number[]> {
  const wanted = new Map<number, Set<number>>()
  for (const place of groups.flatMap(({ places }) => places)) {
    if (place.topic !== topic) continue
    const offsets = wanted.get(place.partition) ?? new Set()
    wanted.set(place.partition, offsets.add(place.offset))
  }
  return new Map([...wanted].map(([partition, offsets]) => [partition, [...offsets]]))
}

async function checkUnchanged(from: Kafka, { topic, ends }: GraduatingTopic, limits: CallLimits): Promise<void> {
  const now = await createAdmin(from).topics.offsets(topic, 'latest', limits)
  const grown = now.find(({ partition, offset }) => offset !== ends[partition])
  if (grown === undefined) return
  throw new TidemarkError(
    'PLAN_STALE',
    `${topic}-${grown.partition} was written to while it was copied: stop its producers, and begin again`,
  )
}

async function placeGroup(
  from: Kafka,
  to: Kafka,
  { group, places }: GraduatingGroup,
  copies: ReadonlyMap<string, CopiedTopic>,
  store: MoveStore,
  limits: CallLimits,
): Promise<MoveRecord> {
  const now = await createAdmin(from).groups.offsets(group, limits)
  const moved = places.find(
    (place) => !now.some((it) => it.topic === place.topic && it.partition === place.partition && it.offset === place.offset),
  )
  if (moved !== undefined)
    throw new TidemarkError('PLAN_STALE', `group '${group}' moved while its topics were copied: stop it, and begin again`)
  const offsets = places.map(({ topic, partition, offset, metadata }) => ({
    topic,
    partition,
    offset: copies.get(topic)!.places.get(partition)!.get(offset)!,
    // A completion map belongs to the topic that it was written for.
    metadata: readCompletionMap(metadata) === undefined ? metadata : '',
  }))
  const plan = await planMove(to, { group, scope: 'all', target: { kind: 'list', offsets } }, limits)
  return applyPlan(to, plan, { ...limits, store, ghostCheckMs: 0, reason: 'graduate' })
}
