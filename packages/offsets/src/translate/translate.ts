/**
 * Where a group stands, on another cluster that has copies of its topics: proved by the records themselves. Any
 * replicator will do, as long as it keeps the order of records within a partition, and key, value, headers and time.
 */
import { type CallLimits, type Kafka, read, TidemarkError, type TopicPartition } from '@tidemark/client'
import { checkedLimits, handleOf, keyOf, LIMIT_NAMES, listOffsets } from '@tidemark/client/internal'
import { checkFunction, checkName, checkOptions } from '@tidemark/platform'
import { committedBy, logsOf, topicViews } from '../plan/gather.ts'
import { type PlanOptions, planMove } from '../plan/plan-move.ts'
import type { FormerPlace, MovePlan } from '../plan/types.ts'
import { inLanes, shrinking } from '../read/limits.ts'
import { findPlace, type LocatedRecord, type Neighbours } from './find-record.ts'
import { fingerprintOf } from './fingerprint.ts'

export interface TranslateOptions extends CallLimits {
  /**
   * What a topic is called on the other cluster. Default: the same. MirrorMaker 2 puts the name of the source before
   * it: `us-west.orders`.
   */
  readonly topicOf?: (topic: string) => string
  /** The group's name on the other cluster. Default: the same. */
  readonly as?: string
  /** Told after each partition. Default: none. */
  readonly onProgress?: (progress: TranslationProgress) => void
}

export interface TranslationProgress extends TopicPartition {
  /** Partitions whose records were compared, this one included. */
  readonly done: number
  /** Partitions that the group has committed. */
  readonly total: number
}

export interface Translation extends TopicPartition {
  /** Where the group stands on this cluster. */
  readonly offset: number
  /** What the topic is called on the other one. */
  readonly targetTopic: string
  /** Null: nothing of the neighbourhood was found there. */
  readonly targetOffset: number | null
  /**
   * `exact`: the records on both sides of the offset are those on both sides of the other one. `bounded`: several
   * places look the same, and this is the first; or only the time of the next record is known there.
   */
  readonly certainty: 'exact' | 'bounded' | 'unknown'
  /** Records that may be handled twice; null: not known. */
  readonly repeated: number | null
}

export interface Translated {
  readonly translations: readonly Translation[]
  /** Puts the group there, on the other cluster: for `applyPlan`. Places that are not exact have to be accepted. */
  readonly plan: MovePlan
}

/** How many records on each side of an offset are compared. */
const NEIGHBOURS = 8
/** How far around the time of the nearest record it is looked for. */
const SCAN_MAX = 5_000
const AT_ONCE = 8
const BUFFER_BYTES = 4 * 1024 * 1024

/**
 * Reads up to 5,000 records around each place. Rejects with `TidemarkError` NOTHING_TO_DO (the group has committed
 * nothing, or nothing of it was found on the other cluster), or as `planMove`.
 */
export async function translateGroup(from: Kafka, to: Kafka, group: string, options: TranslateOptions = {}): Promise<Translated> {
  checkName('the name of the group', group)
  checkOptions<TranslateOptions>('translateGroup()', options, { ...LIMIT_NAMES, topicOf: true, as: true, onProgress: true })
  const { topicOf = (topic) => topic, as = group, onProgress = () => {} } = options
  checkFunction('topicOf', topicOf)
  checkFunction('onProgress', onProgress)
  checkName('the name of the group on the other cluster', as)
  const limits = shrinking(from, checkedLimits(options))
  const committed = [...(await committedBy(from, group, limits())).values()]
  if (committed.length === 0) throw new TidemarkError('NOTHING_TO_DO', `group '${group}' has committed nothing`)
  const sources = await readableLogs(from, committed, limits())
  const targets = await readableLogs(
    to,
    committed.map((it) => ({ topic: topicOf(it.topic), partition: it.partition })),
    limits(),
  )
  let done = 0
  const translations = await inLanes(committed, AT_ONCE, async (it): Promise<Translation> => {
    const translation = await translationOf(it)
    onProgress({ topic: it.topic, partition: it.partition, done: ++done, total: committed.length })
    return translation
  })
  async function translationOf(it: (typeof committed)[number]): Promise<Translation> {
    const target = { topic: topicOf(it.topic), partition: it.partition }
    const place = { topic: it.topic, partition: it.partition, offset: it.offset as number, targetTopic: target.topic }
    const [source, other] = [sources.get(keyOf(it)), targets.get(keyOf(target))]
    if (source === undefined || other === undefined) return { ...place, targetOffset: null, certainty: 'unknown', repeated: null }
    return { ...place, ...(await translated(from, to, place, source, target, other, limits())) }
  }
  const places = translations.flatMap(({ targetTopic, partition, targetOffset, certainty }): FormerPlace[] =>
    targetOffset === null
      ? []
      : [
          {
            topic: targetTopic,
            topicId: null,
            partition,
            place: { offset: targetOffset, leaderEpoch: -1, metadata: '' },
            ...(certainty === 'bounded' && { certainty }),
          },
        ],
  )
  if (places.length === 0) throw new TidemarkError('NOTHING_TO_DO', `nothing that group '${group}' has read was found on the other cluster`)
  const planOptions: PlanOptions = limits()
  return { translations, plan: await planMove(to, { group: as, scope: 'all', target: { kind: 'places', places } }, planOptions) }
}

interface Log {
  readonly start: number
  readonly end: number
}

async function readableLogs(kafka: Kafka, partitions: readonly TopicPartition[], limits: CallLimits): Promise<Map<string, Log>> {
  const views = await topicViews(kafka, [...new Set(partitions.map(({ topic }) => topic))], limits)
  const readable = partitions.filter(({ topic, partition }) => (views.get(topic)!.partitions[partition]?.leader ?? -1) >= 0)
  return logsOf(kafka, readable, limits)
}

async function translated(
  from: Kafka,
  to: Kafka,
  { topic, partition, offset }: TopicPartition & { readonly offset: number },
  source: Log,
  target: TopicPartition,
  other: Log,
  limits: CallLimits,
): Promise<Pick<Translation, 'targetOffset' | 'certainty' | 'repeated'>> {
  const at = Math.min(Math.max(offset, source.start), source.end)
  const around = await records(
    from,
    { topic, partition },
    Math.max(source.start, at - 4 * NEIGHBOURS),
    Math.min(source.end, at + 4 * NEIGHBOURS),
    limits,
  )
  const neighbours: Neighbours = {
    before: around.filter((it) => it.offset < at).slice(-NEIGHBOURS),
    after: around.filter((it) => it.offset >= at).slice(0, NEIGHBOURS),
  }
  const anchor = neighbours.before.at(0) ?? neighbours.after[0]
  // An empty log: there is one place to be.
  if (anchor === undefined) return other.start === other.end ? { targetOffset: other.end, certainty: 'exact', repeated: 0 } : UNKNOWN
  const cluster = handleOf(to).cluster
  const time = new Date((anchor as TimedRecord).timestampMs)
  const [listed] = await listOffsets(cluster, [{ ...target, at: time }], { ...limits, purpose: 'admin' })
  const begin = Math.max(other.start, (listed!.offset ?? other.end) - NEIGHBOURS)
  const log = await records(to, target, begin, Math.min(other.end, begin + SCAN_MAX), limits)
  const found = findPlace(log, neighbours)
  if (found.kind === 'exact') return { targetOffset: found.offset, certainty: 'exact', repeated: 0 }
  if (found.kind === 'several') return { targetOffset: found.first, certainty: 'bounded', repeated: found.last - found.first }
  // The copy may not have come so far yet, or what was read was deleted there.
  return listed!.offset === undefined
    ? UNKNOWN
    : { targetOffset: Math.max(other.start, listed!.offset), certainty: 'bounded', repeated: null }
}

const UNKNOWN = { targetOffset: null, certainty: 'unknown', repeated: null } as const

interface TimedRecord extends LocatedRecord {
  readonly timestampMs: number
}

async function records(
  kafka: Kafka,
  { topic, partition }: TopicPartition,
  from: number,
  to: number,
  { signal }: CallLimits,
): Promise<TimedRecord[]> {
  if (from >= to) return []
  const found: TimedRecord[] = []
  const range = {
    from: { [partition]: from },
    to: { [partition]: to },
    bufferBytesMax: BUFFER_BYTES,
    ...(signal !== undefined && { signal }),
  }
  for await (const message of read(kafka, topic, range)) {
    found.push({ offset: message.offset, timestampMs: message.timestampMs, fingerprint: fingerprintOf(message) })
  }
  return found
}
