/**
 * Where groups stand: for every partition that a group has to do with, what is committed, where the log begins and
 * ends, and who owns it. Committed offsets are read before the ends of the logs: what is appended meanwhile makes a lag
 * a little larger, and never negative.
 */
import type { CallLimits, CommittedOffset, Kafka, TopicPartition } from '@tidemark/client'
import { type Cluster, compareTopicPartitions, handleOf, keyOf, limitsOf } from '@tidemark/client/internal'
import { checkName, TidemarkError } from '@tidemark/platform'
import { committedOf } from './committed.ts'
import { type DescribedGroup, describeGroups, type ListedGroup, located } from './describe-groups.ts'
import type { GroupKind, GroupSummary } from './kinds.ts'
import { type NextLimits, type PositionError, shrinking } from './limits.ts'
import { listOf } from './list-groups.ts'
import { boundsOf, type LogBounds } from './log-bounds.ts'
import { type GroupPosition, type Owner, positionOf } from './position.ts'
import { shareOffsetsOf } from './share-offsets.ts'

/** Plain data, so that it is whole in JSON. */
export interface GroupPositions {
  readonly group: string
  readonly kind: GroupKind
  /** Kafka's name of the state. */
  readonly state: string
  /** The assignor that its members agreed on; null: it has none, or its kind does not say. */
  readonly protocol: string | null
  readonly members: readonly (Owner & { readonly instanceId: string | null })[]
  /** By topic and partition. */
  readonly positions: readonly GroupPosition[]
}

/** One of many groups: what could not be read of it does not take the others away. */
export interface GroupReading extends GroupPositions {
  readonly described: DescribedGroup
  readonly error: PositionError | null
}

/**
 * Of a group of any kind. Rejects with `TidemarkError` UNKNOWN_GROUP, GROUP_AUTHORIZATION_FAILED, INVALID_OPTION,
 * INVALID_ARGUMENT, or what the limits bring. A topic or partition whose log cannot be read fails its own rows alone.
 */
export async function groupPositions(kafka: Kafka, group: string, options: CallLimits = {}): Promise<GroupPositions> {
  checkName('the name of the group', group)
  const limits = shrinking(kafka, limitsOf('groupPositions()', options))
  const [{ described, error, ...positions }] = await readNamed(kafka, [group], limits)
  if (error !== null) throw new TidemarkError(error.code, error.message)
  return positions
}

/** In their order. Rejects with UNKNOWN_GROUP for a group that does not exist. */
export async function readNamed(kafka: Kafka, groups: readonly string[], limits: NextLimits): Promise<[GroupReading, ...GroupReading[]]> {
  const { cluster } = handleOf(kafka)
  const wanted = groups.map((group) => ({ group, kind: 'unknown' as const, state: '', protocolType: '' }))
  const listed = await located(cluster, wanted, limits)
  const described = await describeGroups(cluster, listed, limits)
  await resolveUnknown(cluster, listed, described, limits)
  return (await readDescribed(cluster, listed, described, limits)) as [GroupReading, ...GroupReading[]]
}

/** In the order of the list. */
export async function readListed(kafka: Kafka, groups: readonly GroupSummary[], limits: NextLimits): Promise<GroupReading[]> {
  const { cluster } = handleOf(kafka)
  const listed = groups.filter((it): it is ListedGroup => it.coordinator !== null)
  return readDescribed(cluster, listed, await describeGroups(cluster, listed, limits), limits)
}

/** A group that no request describes is of another kind, if its coordinator lists it; else it does not exist. */
async function resolveUnknown(
  cluster: Cluster,
  listed: readonly ListedGroup[],
  described: Map<string, DescribedGroup>,
  limits: NextLimits,
): Promise<void> {
  const unknown = listed.filter(({ group }) => described.get(group)!.kind === 'unknown')
  for (const [node, groups] of Map.groupBy(unknown, ({ coordinator }) => coordinator)) {
    const known = new Map((await listOf(cluster, node, limits())).map((it) => [it.group, it]))
    const others: ListedGroup[] = []
    for (const { group } of groups) {
      const summary = known.get(group)
      if (summary === undefined) {
        throw new TidemarkError('UNKNOWN_GROUP', `group '${group}' does not exist: it has no members and no committed offsets`)
      }
      others.push({ ...summary, coordinator: node })
    }
    for (const [group, it] of await describeGroups(cluster, others, limits)) described.set(group, it)
  }
}

async function readDescribed(
  cluster: Cluster,
  listed: readonly ListedGroup[],
  described: ReadonlyMap<string, DescribedGroup>,
  limits: NextLimits,
): Promise<GroupReading[]> {
  const places = listed.map(({ group, coordinator }) => ({ group, node: coordinator }))
  const isShare = ({ group }: { group: string }): boolean => described.get(group)!.kind === 'share'
  const shares = await shareOffsetsOf(cluster, places.filter(isShare), limits)
  const committed = await committedOf(
    cluster,
    places.filter((place) => !isShare(place)),
    limits,
  )
  const readings = listed.map(({ group }) => {
    const share = shares.get(group)
    return new Rows(described.get(group)!, share?.committed ?? committed.get(group) ?? [], share?.open)
  })
  const partitions = readings.flatMap((it) => [...it.rows.values()])
  const bounds = await boundsOf(cluster, partitions, limits())
  return readings.map((it) => it.reading(bounds))
}

/** The partitions that one group has to do with: those that it has committed, and those that its members own. */
class Rows {
  readonly rows = new Map<string, TopicPartition>()
  readonly #described: DescribedGroup
  readonly #error: PositionError | null
  readonly #offsets = new Map<string, CommittedOffset>()
  readonly #owners = new Map<string, Owner>()
  readonly #open: ReadonlyMap<string, number> | undefined

  /** `open`: what is not yet done, where the cluster itself counts it. */
  constructor(
    described: DescribedGroup,
    committed: readonly CommittedOffset[] | PositionError,
    open: ReadonlyMap<string, number> | undefined,
  ) {
    this.#open = open
    this.#described = described
    const isRead = Array.isArray(committed)
    this.#error = described.error ?? (isRead ? null : (committed as PositionError))
    for (const it of isRead ? (committed as readonly CommittedOffset[]) : []) {
      this.rows.set(keyOf(it), it)
      this.#offsets.set(keyOf(it), it)
    }
    for (const { memberId, clientId, host, assignment } of described.members) {
      for (const it of assignment) {
        if (!this.rows.has(keyOf(it))) this.rows.set(keyOf(it), it)
        this.#owners.set(keyOf(it), { memberId, clientId, host })
      }
    }
  }

  reading(bounds: ReadonlyMap<string, LogBounds>): GroupReading {
    const { group, kind, state, protocol, members } = this.#described
    const positions = [...this.rows].map(([key, where]) =>
      positionOf(where, this.#offsets.get(key), bounds.get(key)!, this.#owners.get(key) ?? null, this.#open?.get(key)),
    )
    return {
      group,
      kind,
      state,
      protocol,
      members: members.map(({ memberId, clientId, host, instanceId }) => ({ memberId, clientId, host, instanceId })),
      positions: positions.sort(compareTopicPartitions),
      described: this.#described,
      error: this.#error,
    }
  }
}
