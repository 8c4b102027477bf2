/** Reads what the rules look at: groups and lags as `LagMeter` does, and what they alone need. */
import { type CallLimits, createAdmin, type Kafka, type TopicPartition } from '@tidemark/client'
import { handleOf, keyOf } from '@tidemark/client/internal'
import { counted, formatAddress, TidemarkError } from '@tidemark/platform'
import { newFolds } from '../history/commit-history.ts'
import type { GroupFold } from '../history/group-fold.ts'
import { groupOf, groupRecords, OFFSETS_TOPIC, partitionsOf } from '../history/offsets-topic.ts'
import { brokerSettings } from '../history/settings.ts'
import type { GroupLag } from '../lag/group-lag.ts'
import { SAMPLER_DEFAULTS, Sampler } from '../lag/sampler.ts'
import { epochEnds } from '../log/epoch-ends.ts'
import { type GroupReading, readListed, readNamed } from '../read/group-positions.ts'
import { inLanes, type NextLimits, rowError } from '../read/limits.ts'
import { listGroups } from '../read/list-groups.ts'
import { boundsOf } from '../read/log-bounds.ts'
import type { ExaminedGroup, Facts, GroupHistory, OpenTransaction } from './facts.ts'

/** A larger log of commits is not read for a look at everything: it may be gigabytes. */
const HISTORY_OFFSETS_MAX = 500_000
const PRODUCERS_LOOKED_UP_MAX = 200
const AT_ONCE = 8

export async function readFacts(kafka: Kafka, groups: readonly string[] | undefined, limits: NextLimits): Promise<Facts> {
  const { cluster, platform, options } = handleOf(kafka)
  const readings =
    groups === undefined ? await readListed(kafka, await listGroups(kafka, limits()), limits) : await readNamed(kafka, groups, limits)
  const positions = readings.flatMap((it) => it.positions)
  const withEpoch = positions.flatMap(({ topic, partition, leaderEpoch, end }) =>
    leaderEpoch === null || leaderEpoch < 0 || end === null ? [] : [{ topic, partition, leaderEpoch }],
  )
  const heldBack = positions.filter(({ stable, end }) => stable !== null && stable < end!)
  const [lags, topics, { offsetsRetentionMs, metadataMax }, history, ends, transactions] = await Promise.all([
    new Sampler(kafka, SAMPLER_DEFAULTS).measure(readings, limits),
    cluster.allTopics(limits().signal).then((all) => new Map(all.map((it) => [it.name, it]))),
    brokerSettings(kafka, limits()),
    historyOf(kafka, groups, limits),
    epochEnds(cluster, withEpoch, limits),
    transactionsOf(kafka, heldBack, limits),
  ])
  const uncommitted = await uncommittedOf(kafka, readings, (topic) => topics.get(topic)?.partitions.length ?? 0, limits)
  return {
    nowMs: platform.clock.now(),
    brokers: options.brokers.map(formatAddress).join(','),
    groups: readings.map((reading, i) => factsOf(reading, lags[i]!, uncommitted[i]!, history.of?.(reading.group))),
    epochEnds: ends,
    transactions,
    offsetsRetentionMs,
    metadataMax,
    isMirrored: [...topics.keys()].some((name) => name.endsWith('.checkpoints.internal') || name.startsWith('mm2-')),
    historyMissing: history.missing,
  }
}

const factsOf = (
  { group, kind, state, described, error }: GroupReading,
  { partitions }: GroupLag,
  uncommitted: ExaminedGroup['uncommitted'],
  history: GroupHistory | undefined,
): ExaminedGroup => ({ group, kind, state, members: described.members, partitions, uncommitted, history, error })

/** In the order of the groups. */
async function uncommittedOf(
  kafka: Kafka,
  readings: readonly GroupReading[],
  partitionsOfTopic: (topic: string) => number,
  limits: NextLimits,
): Promise<ExaminedGroup['uncommitted'][]> {
  const missing = readings.map(({ positions }) => {
    const committed = positions.filter((it) => it.committed !== null)
    const known = new Set(committed.map(keyOf))
    return [...new Set(committed.map(({ topic }) => topic))].flatMap((topic) =>
      Array.from({ length: partitionsOfTopic(topic) }, (_, partition): TopicPartition => ({ topic, partition })).filter(
        (it) => !known.has(keyOf(it)),
      ),
    )
  })
  const bounds = await boundsOf(handleOf(kafka).cluster, missing.flat(), limits())
  return missing.map((list) =>
    list.flatMap((where) => {
      const { start, end } = bounds.get(keyOf(where))!
      return start === null || end === null || end === start ? [] : [{ ...where, records: end - start }]
    }),
  )
}

interface History {
  readonly of: ((group: string) => GroupHistory) | undefined
  readonly missing: string | null
}

async function historyOf(kafka: Kafka, groups: readonly string[] | undefined, limits: NextLimits): Promise<History> {
  const { cluster } = handleOf(kafka)
  const { signal } = limits()
  try {
    const partitions = (await partitionsOf(cluster, groups, signal)).map((partition) => ({ topic: OFFSETS_TOPIC, partition }))
    const bounds = [...(await boundsOf(cluster, partitions, limits())).values()]
    const size = bounds.reduce((sum, { start, end }) => sum + (end ?? 0) - (start ?? 0), 0)
    if (size > HISTORY_OFFSETS_MAX)
      return { of: undefined, missing: `${OFFSETS_TOPIC} has ${counted(size, 'record')}; name the groups to have theirs read` }
    const foldOf = await newFolds(kafka, signal)
    for await (const { records } of groupRecords(cluster, { groups, follow: false, signal })) {
      for (const logged of records) foldOf(groupOf(logged.record)).apply(logged)
    }
    return { of: (group) => historyIn(foldOf(group)), missing: null }
  } catch (error) {
    if (!(error instanceof TidemarkError) || error.code !== 'HISTORY_UNREADABLE') throw error
    return { of: undefined, missing: error.message }
  }
}

const historyIn = ({ emptySinceMs, offsets }: GroupFold): GroupHistory => ({
  emptySinceMs,
  committedAtMs: new Map([...offsets].map(([key, { commitTimestamp }]) => [key, commitTimestamp])),
})

/** Producers with a transaction open, of partitions that hold readers of committed records back. */
async function transactionsOf(kafka: Kafka, partitions: readonly TopicPartition[], limits: NextLimits): Promise<OpenTransaction[]> {
  const unique = [...new Map(partitions.map((it) => [keyOf(it), it])).values()].slice(0, PRODUCERS_LOOKED_UP_MAX)
  const found = await inLanes(unique, AT_ONCE, (where) => openIn(kafka, where, limits()))
  return found.flat()
}

async function openIn(kafka: Kafka, { topic, partition }: TopicPartition, limits: CallLimits): Promise<OpenTransaction[]> {
  try {
    const producers = await createAdmin(kafka).cluster.producers(topic, partition, limits)
    return producers
      .filter(({ transactionStart }) => transactionStart >= 0)
      .map(({ producerId, transactionStart: startOffset, lastTimestampMs }) => ({
        topic,
        partition,
        producerId: String(producerId),
        startOffset,
        lastTimestampMs,
      }))
  } catch (error) {
    rowError(error) // no right to see producers, or a broker before Kafka 2.8: its transactions are not judged
    return []
  }
}
