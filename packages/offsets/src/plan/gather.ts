/**
 * Reads what a plan is made from: the group, what it has committed, the topics, and the bounds of their logs. Commits
 * are read before the ends of the logs, so that no commit seems to lie beyond one. A request a leader and kind,
 * whatever the number of partitions.
 */
import { type CallLimits, createAdmin, type Kafka, TidemarkError, type TopicPartition, type TopicView } from '@tidemark/client'
import { compareTopicPartitions, handleOf, keyOf, listOffsets, type OffsetSpec, refusedTopic } from '@tidemark/client/internal'
import { formatAddress } from '@tidemark/platform'
import { uuidToText, ZERO_UUID } from '@tidemark/protocol'
import type { Bookmark } from '../bookmarks/bookmark-store.ts'
import type { Place } from '../moves/place.ts'
import { shrinking } from '../read/limits.ts'
import type { GivenPlace, GroupFacts, LogFacts, PartitionFacts } from './facts.ts'
import type { MoveWish, TopicScope } from './types.ts'

export interface Gathered {
  readonly group: GroupFacts
  /** By topic and partition. */
  readonly partitions: readonly PartitionFacts[]
  /** Partitions of the same topics that have no commit and are left out, as text. */
  readonly leftOut: readonly string[]
}

export type BookmarkFinder = (clusterId: string, group: string, name: string) => Promise<Bookmark>

/** In Kafka's spelling. */
export const topicIdOf = ({ id }: TopicView): string => uuidToText(id)

const UNKNOWN_ID = uuidToText(ZERO_UUID)

export async function gather(kafka: Kafka, wish: MoveWish, whole: CallLimits, findBookmark: BookmarkFinder): Promise<Gathered> {
  const limits = shrinking(kafka, whole)
  const [group, committed] = await Promise.all([groupFacts(kafka, wish.group, limits()), committedBy(kafka, wish.group, limits())])
  const deletesGroup = wish.target.kind === 'delete' && wish.target.group === true
  if (deletesGroup && group.state === 'Dead' && committed.size === 0) {
    throw new TidemarkError('UNKNOWN_GROUP', `group '${wish.group}' does not exist`)
  }
  const given = await givenBy(kafka, wish, group.clusterId, limits(), findBookmark)
  const named = namedTopics(wish, committed, given)
  const views = await topicViews(kafka, named, limits())
  const partitions = partitionsOf(wish, committed, given, views)
  const readable = partitions.filter((where) => isReadable(views, where))
  const logs = await logsOf(kafka, readable, limits())
  const found = wish.target.kind === 'time' ? await foundAt(kafka, readable, new Date(wish.target.atMs), limits()) : undefined
  const facts = partitions.map((where): PartitionFacts => {
    const key = keyOf(where)
    const view = views.get(where.topic)!
    return {
      topic: where.topic,
      partition: where.partition,
      topicId: view.errorCode === 0 ? topicIdOf(view) : null,
      committed: placeOf(committed.get(key)),
      log: logs.get(key) ?? null,
      given: found?.get(key) ?? given?.get(key) ?? null,
    }
  })
  return { group, partitions: facts, leftOut: leftOutOf(wish, given, partitions, views) }
}

/** State `Dead` and no members: the group does not exist. Rejects with UNSUPPORTED_GROUP_TYPE for share groups. */
export async function groupFacts(kafka: Kafka, group: string, limits: CallLimits): Promise<GroupFacts> {
  const admin = createAdmin(kafka)
  const { brokers, tls, sasl } = handleOf(kafka).options
  const describing = admin.groups.describe(group, limits).catch((error: unknown) => {
    if (error instanceof TidemarkError && error.code === 'UNKNOWN_GROUP') return undefined
    throw error
  })
  const [{ clusterId }, described] = await Promise.all([admin.cluster.describe(limits), describing])
  return {
    clusterId,
    group,
    kind: described?.type ?? 'unknown',
    state: described?.state ?? 'Dead',
    protocolType: described?.protocolType ?? '',
    members: described?.members.length ?? 0,
    brokers: brokers.map(formatAddress),
    isSecured: tls !== undefined || sasl !== undefined,
  }
}

/**
 * By key of the partition. A commit that a transaction is about to change counts as unstable (KIP-447): the call waits
 * for it as long as it may.
 */
export async function committedBy(kafka: Kafka, group: string, limits: CallLimits): Promise<Map<string, Place & TopicPartition>> {
  const committed = await createAdmin(kafka).groups.offsets(group, { ...limits, requireStable: true })
  return new Map(committed.map((it) => [keyOf(it), it]))
}

/** Of what may carry more than a place. */
export function placeOf(given: Place | undefined): Place | null {
  return given === undefined ? null : { offset: given.offset, leaderEpoch: given.leaderEpoch, metadata: given.metadata }
}

type Given = ReadonlyMap<string, GivenPlace & TopicPartition>

async function givenBy(
  kafka: Kafka,
  { group, target }: MoveWish,
  clusterId: string,
  limits: CallLimits,
  findBookmark: BookmarkFinder,
): Promise<Given | undefined> {
  const mapOf = (list: readonly (GivenPlace & TopicPartition)[]): Given => new Map(list.map((it) => [keyOf(it), it]))
  switch (target.kind) {
    case 'group': {
      const others = [...(await committedBy(kafka, target.group, limits)).values()]
      if (others.length === 0) throw new TidemarkError('NOTHING_TO_DO', `group '${target.group}' has committed nothing`)
      return mapOf(others.map((it) => ({ topic: it.topic, partition: it.partition, topicId: null, place: placeOf(it) })))
    }
    case 'bookmark': {
      const { positions } = await findBookmark(clusterId, group, target.name)
      return mapOf(positions.map(({ topic, topicId, partition, ...place }) => ({ topic, topicId: knownId(topicId), partition, place })))
    }
    case 'list': {
      const list = target.offsets.map(({ topic, partition, offset, leaderEpoch = -1, metadata = '' }) => ({
        topic,
        partition,
        topicId: null,
        place: { offset, leaderEpoch, metadata },
      }))
      if (new Set(list.map(keyOf)).size < list.length) {
        throw new TidemarkError('INVALID_ARGUMENT', 'the list of offsets names a partition twice')
      }
      return mapOf(list)
    }
    case 'places':
      return mapOf(
        target.places.map(({ topicId, certainty, ...rest }) => ({
          ...rest,
          topicId: knownId(topicId),
          isBounded: certainty === 'bounded',
        })),
      )
    default:
      return undefined
  }
}

/** A broker that is too old to have ids gives zeros, which say nothing. */
const knownId = (topicId: string | null): string | null => (topicId === null || topicId === UNKNOWN_ID ? null : topicId)

function namedTopics(
  { group, scope, target }: MoveWish,
  committed: ReadonlyMap<string, TopicPartition>,
  given: Given | undefined,
): string[] {
  const all = scope === 'all' ? [...(given ?? committed).values()] : scope
  if (all.length === 0 && !(target.kind === 'delete' && target.group === true)) {
    const hint = given === undefined && target.kind !== 'delete' ? ': name the topics to move' : ''
    throw new TidemarkError(
      'NOTHING_TO_DO',
      given === undefined ? `group '${group}' has committed nothing${hint}` : 'no partition is named',
    )
  }
  return [...new Set(all.map(({ topic }) => topic))]
}

/** Right after its creation not every broker knows a topic: one that is missing is looked for once more. */
const LOOK_UPS_MAX = 2

/** As they are now, not as they were when they were last looked up. */
export async function topicViews(kafka: Kafka, names: readonly string[], { signal }: CallLimits): Promise<ReadonlyMap<string, TopicView>> {
  const { cluster } = handleOf(kafka)
  const views = new Map<string, TopicView>()
  let open = names
  for (let looks = 1; ; looks++) {
    for (const name of open) cluster.invalidate(name)
    for (const [name, view] of await cluster.topics(open, { signal, timeoutMs: 0 })) views.set(name, view)
    open = open.filter((name) => views.get(name)!.errorCode !== 0)
    if (open.length === 0 || looks === LOOK_UPS_MAX) return views
    const error = refusedTopic(open[0]!, views.get(open[0]!)!.errorCode)
    await cluster.backOff({ what: `looking up topic '${open[0]}'`, failures: looks, error, signal })
  }
}

const isReadable = (views: ReadonlyMap<string, TopicView>, { topic, partition }: TopicPartition): boolean => {
  const view = views.get(topic)
  return view !== undefined && view.errorCode === 0 && (view.partitions[partition]?.leader ?? -1) >= 0
}

function partitionsOf(
  { scope, target }: MoveWish,
  committed: ReadonlyMap<string, TopicPartition>,
  given: Given | undefined,
  views: ReadonlyMap<string, TopicView>,
): TopicPartition[] {
  if (scope === 'all')
    return [...(given ?? committed).values()].map(({ topic, partition }) => ({ topic, partition })).sort(compareTopicPartitions)
  const chosen = new Map<string, TopicPartition>()
  for (const it of scope) for (const where of chosenOf(it, views, committed)) chosen.set(keyOf(where), where)
  const all = [...chosen.values()].sort(compareTopicPartitions)
  // A list says which partitions; a scope beside it narrows it down.
  const isList = target.kind === 'list' || target.kind === 'places'
  return isList ? all.filter((where) => given!.has(keyOf(where))) : all
}

function chosenOf(
  { topic, partitions }: TopicScope,
  views: ReadonlyMap<string, TopicView>,
  committed: ReadonlyMap<string, TopicPartition>,
): TopicPartition[] {
  if (partitions !== 'all' && !('from' in partitions)) return partitions.map((partition) => ({ topic, partition }))
  const from = partitions === 'all' ? 0 : partitions.from
  const known = views.get(topic)!.partitions.map(({ partition }) => partition)
  // Of a topic that was deleted the commits alone are left.
  const all = known.length > 0 ? known : [...committed.values()].filter((it) => it.topic === topic).map(({ partition }) => partition)
  return all.filter((partition) => partition >= from).map((partition) => ({ topic, partition }))
}

export async function logsOf(kafka: Kafka, partitions: readonly TopicPartition[], limits: CallLimits): Promise<Map<string, LogFacts>> {
  const { cluster } = handleOf(kafka)
  const list = (at: OffsetSpec) =>
    listOffsets(
      cluster,
      partitions.map(({ topic, partition }) => ({ topic, partition, at })),
      { ...limits, purpose: 'admin' },
    )
  const [starts, ends] = await Promise.all([list('earliest'), list('latest')])
  return new Map(
    partitions.map((where, i) => {
      const [start, end] = [starts[i]!, ends[i]!]
      // Asked for at once: a record that arrives in between cannot make the start the larger one, but retention can.
      return [
        keyOf(where),
        { start: Math.min(start.offset!, end.offset!), startEpoch: start.leaderEpoch, end: end.offset!, endEpoch: end.leaderEpoch },
      ]
    }),
  )
}

async function foundAt(
  kafka: Kafka,
  partitions: readonly TopicPartition[],
  at: Date,
  limits: CallLimits,
): Promise<Map<string, GivenPlace>> {
  const { cluster } = handleOf(kafka)
  const queries = partitions.map(({ topic, partition }) => ({ topic, partition, at }))
  const found = await listOffsets(cluster, queries, { ...limits, purpose: 'admin' })
  return new Map(
    found.map(({ topic, partition, offset, leaderEpoch }) => [
      keyOf({ topic, partition }),
      { topicId: null, place: offset === undefined ? null : { offset, leaderEpoch, metadata: '' } },
    ]),
  )
}

/** With the scope `all` a plan has the partitions with a commit: a consumer reads the others of those topics too. */
function leftOutOf(
  { scope, target }: MoveWish,
  given: Given | undefined,
  chosen: readonly TopicPartition[],
  views: ReadonlyMap<string, TopicView>,
): string[] {
  if (scope !== 'all' || given !== undefined || target.kind === 'delete' || target.kind === 'current') return []
  const taken = new Set(chosen.map(keyOf))
  return [...views.values()]
    .flatMap(({ name: topic, partitions }) => partitions.map(({ partition }) => ({ topic, partition })))
    .filter((where) => !taken.has(keyOf(where)))
    .map(({ topic, partition }) => `${topic}-${partition}`)
}
