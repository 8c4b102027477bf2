/**
 * Where share groups stand (KIP-932): from which offset on records may still be delivered, and how many are not yet
 * acknowledged (KIP-1226). A share group commits nothing of its own; DescribeShareGroupOffsets, many groups a request.
 */
import type { CommittedOffset, Offset } from '@tidemark/client'
import { type Cluster, keyOf, mayPass, retrying } from '@tidemark/client/internal'
import { TidemarkError } from '@tidemark/platform'
import { apis, type DescribeShareGroupOffsetsResponse, errorOf } from '@tidemark/protocol'
import type { LocatedGroup } from './committed.ts'
import { inLanes, type NextLimits, type PositionError, requestsByNode, rowError } from './limits.ts'

export interface ShareOffsets {
  readonly committed: readonly CommittedOffset[] | PositionError
  /** Records that are not yet acknowledged, by key of the partition; none of an older broker. */
  readonly open: ReadonlyMap<string, number>
}

const GROUPS_A_REQUEST = 50
const REQUESTS_AT_ONCE = 4

/** By group. A group that cannot be read has its error. */
export async function shareOffsetsOf(
  cluster: Cluster,
  groups: readonly LocatedGroup[],
  limits: NextLimits,
): Promise<Map<string, ShareOffsets>> {
  const found = new Map<string, ShareOffsets>()
  const requests = requestsByNode(groups, ({ node }) => node, GROUPS_A_REQUEST)
  const what = 'reading the offsets of share groups'
  await inLanes(requests, REQUESTS_AT_ONCE, async ({ node, part }) => {
    const body = { groups: part.map(({ group }) => ({ groupId: group, topics: null })) }
    try {
      const { body: answer } = await retrying(cluster, { what, retries: mayPass, ...limits() }, (signal) =>
        cluster.send(apis.DescribeShareGroupOffsets, body, { node, purpose: 'admin', signal }),
      )
      for (const group of answer.groups) found.set(group.groupId, taken(group))
    } catch (error) {
      const failure = rowError(error)
      for (const { group } of part) found.set(group, { committed: failure, open: new Map() })
    }
  })
  return found
}

function taken({ groupId, errorCode, errorMessage, topics }: DescribeShareGroupOffsetsResponse['groups'][number]): ShareOffsets {
  if (errorCode !== 0) {
    const { name, text } = errorOf(errorCode)
    const message = `reading the offsets of share group '${groupId}' failed: ${name} (${errorMessage || text})`
    return { committed: { code: new TidemarkError(name, message).code, message }, open: new Map() }
  }
  const committed: CommittedOffset[] = []
  const open = new Map<string, number>()
  for (const { topicName: topic, partitions } of topics) {
    for (const { partitionIndex: partition, startOffset, leaderEpoch, lag, errorCode: ofPartition } of partitions) {
      // A partition that was not read yet has no start: nothing is on record there.
      if (ofPartition !== 0 || startOffset < 0) continue
      committed.push({ topic, partition, offset: startOffset as Offset, leaderEpoch, metadata: '' })
      if (lag >= 0) open.set(keyOf({ topic, partition }), lag)
    }
  }
  return { committed, open }
}
