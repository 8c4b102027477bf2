/**
 * Where a claim begins: at the group's committed offset, or, only where nothing is committed, where `startFrom` says.
 *
 * An error of OffsetFetch is never "nothing committed" (T10): it is asked again for as long as the claim lives.
 */
import { type Cluster, isLost } from '@tidemark/client/internal'
import { TidemarkError } from '@tidemark/platform'
import { allErrors, apis, ErrorCode, errorOf } from '@tidemark/protocol'
import type { StartFrom } from '../options.ts'
import { type Claim, keyOf } from '../state/claims.ts'

export interface Place {
  readonly offset: number
  readonly leaderEpoch: number
  /** Undefined: the group has nothing on record for this partition. */
  readonly committed: number | undefined
  /** What was committed with it. */
  readonly metadata: string
}

export type OffsetsAt = (claims: readonly Claim[], at: 'earliest' | 'latest' | Date) => Promise<ReadonlyMap<string, number>>

interface Committed {
  readonly offset: number
  readonly leaderEpoch: number
  readonly metadata: string
}

const RETRIABLE: ReadonlySet<string> = new Set(allErrors.filter((e) => e.retriable).map((e) => e.name))

/** Whether asking again may help. */
export const isPassing = (error: unknown): boolean => isLost(error) || (error instanceof TidemarkError && RETRIABLE.has(error.code))

/** Rejects with NO_COMMITTED_OFFSET if `startFrom` is 'fail', and with the `TidemarkError` that stands in the way (`isPassing`). */
export async function startPositions(
  cluster: Cluster,
  owner: object,
  group: string,
  claims: readonly Claim[],
  startFrom: StartFrom,
  offsetsAt: OffsetsAt,
): Promise<ReadonlyMap<Claim, Place>> {
  const committed = await committedOffsets(cluster, owner, group, claims)
  const out = new Map<Claim, Place>()
  const unknown: Claim[] = []
  for (const claim of claims) {
    const known = committed.get(keyOf(claim.topic, claim.partition))
    if (known === undefined) unknown.push(claim)
    else out.set(claim, { ...known, committed: known.offset })
  }
  if (unknown.length === 0) return out
  if (startFrom === 'fail') {
    const { topic, partition } = unknown[0]!
    throw new TidemarkError(
      'NO_COMMITTED_OFFSET',
      `group '${group}' has no committed offset for ${topic}-${partition}; commit one first, or set startFrom to earliest, latest or a Date`,
      { topic, partition },
    )
  }
  const offsets = await offsetsAt(unknown, startFrom)
  for (const claim of unknown) {
    out.set(claim, { offset: offsets.get(keyOf(claim.topic, claim.partition))!, leaderEpoch: -1, committed: undefined, metadata: '' })
  }
  return out
}

async function committedOffsets(
  cluster: Cluster,
  owner: object,
  group: string,
  claims: readonly Claim[],
): Promise<ReadonlyMap<string, Committed>> {
  const byTopic = new Map<string, number[]>()
  for (const { topic, partition } of claims) {
    const known = byTopic.get(topic)
    if (known === undefined) byTopic.set(topic, [partition])
    else known.push(partition)
  }
  const topics = [...byTopic].map(([name, partitionIndexes]) => ({ name, partitionIndexes }))
  const body = (version: number) =>
    version >= 8 ? { groups: [{ groupId: group, topics }], requireStable: true } : { groupId: group, topics, requireStable: true }
  // Topic names, not ids: version 10 would need the ids of all topics first.
  const to = { node: { coordinator: group }, purpose: 'coordinator', owner, versionMax: 9 } as const
  const answer = await cluster.send(apis.OffsetFetch, body, to)
  const of = answer.version >= 8 ? answer.body.groups[0]! : answer.body
  refuse(cluster, group, of.errorCode)
  const out = new Map<string, Committed>()
  for (const t of of.topics) {
    for (const p of t.partitions) {
      refuse(cluster, group, p.errorCode)
      if (p.committedOffset < 0) continue
      const { committedOffset: offset, committedLeaderEpoch: leaderEpoch, metadata } = p
      out.set(keyOf(t.name, p.partitionIndex), { offset, leaderEpoch, metadata: metadata ?? '' })
    }
  }
  return out
}

function refuse(cluster: Cluster, group: string, code: number): void {
  if (code === 0) return
  if (code === ErrorCode.NOT_COORDINATOR || code === ErrorCode.COORDINATOR_NOT_AVAILABLE) cluster.forgetCoordinator(group)
  const { name, text } = errorOf(code)
  throw new TidemarkError(name, `the committed offsets of group '${group}' cannot be read: ${name} (${text})`)
}
