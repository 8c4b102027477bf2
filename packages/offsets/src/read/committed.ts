/** What many groups have committed: many groups a request, to the coordinator of each. */
import type { CallLimits, CommittedOffset, Offset } from '@tidemark/client'
import { type Cluster, fetchCommitted, mayPass, retrying } from '@tidemark/client/internal'
import { counted, TidemarkError } from '@tidemark/platform'
import { apis, ErrorCode, errorOf, type OffsetFetchResponse } from '@tidemark/protocol'
import { inLanes, type PositionError, requestsByNode, rowError } from './limits.ts'

export interface LocatedGroup {
  readonly group: string
  readonly node: number
}

export type Committed = readonly CommittedOffset[] | PositionError

/** From this version on OffsetFetch takes a list of groups. */
const GROUPS_FROM = 8
/** From the next version on it has topic ids, which would have to be looked up first. */
const NAMES_UNTIL = 9
const GROUPS_A_REQUEST = 100
const REQUESTS_AT_ONCE = 8

/** By group. A group that cannot be read has its error, and the others are whole. */
export async function committedOf(
  cluster: Cluster,
  groups: readonly LocatedGroup[],
  limits: () => CallLimits,
): Promise<Map<string, Committed>> {
  const found = new Map<string, Committed>()
  const requests = requestsByNode(groups, ({ node }) => node, GROUPS_A_REQUEST)
  const alone: string[] = []
  await inLanes(requests, REQUESTS_AT_ONCE, async ({ node, part }) => {
    const names = part.map(({ group }) => group)
    const answers = names.length === 1 ? undefined : await fetchMany(cluster, node, names, limits())
    for (const name of names) {
      const committed = answers?.get(name)
      if (committed === undefined) alone.push(name)
      else found.set(name, committed)
    }
  })
  await inLanes(alone, REQUESTS_AT_ONCE, async (group) => void found.set(group, await fetchOne(cluster, group, limits())))
  return found
}

/** Undefined: the broker takes one group a request. A group without an answer that counts is left out. */
async function fetchMany(
  cluster: Cluster,
  node: number,
  groups: readonly string[],
  limits: CallLimits,
): Promise<Map<string, Committed> | undefined> {
  const what = `reading the committed offsets of ${counted(groups.length, 'group')}`
  const body = (version: number) => {
    if (version < GROUPS_FROM) throw new TidemarkError('UNSUPPORTED_VERSION', `${what}: the broker takes one group a request`)
    return { groups: groups.map((groupId) => ({ groupId, topics: null })), requireStable: false }
  }
  try {
    const { body: answer } = await retrying(cluster, { what, retries: mayPass, ...limits }, (signal) =>
      cluster.send(apis.OffsetFetch, body, { node, purpose: 'admin', signal, versionMax: NAMES_UNTIL }),
    )
    return new Map(answer.groups.flatMap((group) => taken(group)))
  } catch (error) {
    if (error instanceof TidemarkError && error.code === 'UNSUPPORTED_VERSION') return undefined
    throw error
  }
}

type GroupAnswer = OffsetFetchResponse['groups'][number]

function taken({ groupId, errorCode, topics }: GroupAnswer): [string, Committed][] {
  if (errorCode === ErrorCode.GROUP_ID_NOT_FOUND) return [[groupId, []]]
  const broken = errorCode || topics.flatMap(({ partitions }) => partitions).find((p) => p.errorCode !== 0)?.errorCode
  if (broken) {
    const { name, text, retriable } = errorOf(broken)
    if (retriable) return []
    const message = `reading the committed offsets of group '${groupId}' failed: ${name} (${text})`
    return [[groupId, { code: new TidemarkError(name, message).code, message }]]
  }
  const committed = topics.flatMap(({ name: topic, partitions }) =>
    partitions
      .filter((p) => p.committedOffset >= 0)
      .map((p) => ({
        topic,
        partition: p.partitionIndex,
        offset: p.committedOffset as Offset,
        leaderEpoch: p.committedLeaderEpoch,
        metadata: p.metadata ?? '',
      })),
  )
  return [[groupId, committed]]
}

/** From the group's own coordinator, wherever it is now. */
async function fetchOne(cluster: Cluster, group: string, limits: CallLimits): Promise<Committed> {
  const what = `reading the committed offsets of group '${group}'`
  try {
    return await retrying(cluster, { what, retries: mayPass, ...limits }, (signal) =>
      fetchCommitted(cluster, { group, requireStable: false, purpose: 'admin', signal }),
    )
  } catch (error) {
    return rowError(error)
  }
}
