/** Which groups have not read what is about to be deleted from a topic. */
import type { CallLimits, Kafka } from '@tidemark/client'
import { handleOf, limitsOf } from '@tidemark/client/internal'
import { checkName } from '@tidemark/platform'
import { committedOf } from '../read/committed.ts'
import { shrinking } from '../read/limits.ts'
import { listGroups } from '../read/list-groups.ts'

export interface GroupLoss {
  readonly group: string
  readonly partition: number
  readonly committed: number
  /** Offsets from the committed one to the new start of the log. */
  readonly lost: number
}

export interface GroupsLosing {
  /** By group and partition. */
  readonly losses: readonly GroupLoss[]
  /** Groups whose offsets could not be read. */
  readonly unreadable: number
}

/**
 * `starts`: where the log of each partition would begin. A group without a commit for a partition loses nothing that it
 * was sure to read, and is left out. Rejects with `TidemarkError` INVALID_ARGUMENT, INVALID_OPTION, or what the limits
 * bring.
 */
export async function groupsLosing(
  kafka: Kafka,
  topic: string,
  starts: ReadonlyMap<number, number>,
  options: CallLimits = {},
): Promise<GroupsLosing> {
  checkName('the name of the topic', topic)
  const limits = shrinking(kafka, limitsOf('groupsLosing()', options))
  const groups = await listGroups(kafka, limits())
  const located = groups.flatMap(({ group, coordinator, kind }) =>
    coordinator === null || kind === 'share' ? [] : [{ group, node: coordinator }],
  )
  const found = await committedOf(handleOf(kafka).cluster, located, limits)
  const losses: GroupLoss[] = []
  let unreadable = 0
  for (const { group } of located) {
    const committed = found.get(group) ?? []
    if ('code' in committed) {
      unreadable++
      continue
    }
    for (const { topic: of, partition, offset } of committed) {
      const start = of === topic ? starts.get(partition) : undefined
      if (start !== undefined && offset < start) losses.push({ group, partition, committed: offset, lost: start - offset })
    }
  }
  return { losses, unreadable }
}
