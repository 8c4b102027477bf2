/**
 * Applies `retention.ms` and `retention.bytes` to one partition: old segments go. A partition that was not used since
 * the start is opened only if something of it is to go.
 */
import type { Now } from '@tidemark/platform'
import type { Topic } from '../../metadata/topics.ts'
import type { TopicSettings } from '../../state/configs/topic-configs.ts'
import { kept, nextExpiryMs } from '../../state/log/retention.ts'
import type { Partition } from '../partition.ts'
import type { Partitions } from '../partitions.ts'

export async function deleteOld(partition: Partition, settings: TopicSettings, nowMs: number): Promise<void> {
  const left = kept(await partition.log.segments(), settings, nowMs)
  if (partition.deleted) return
  if (left.kind === 'from') return partition.trim(left.offset)
  await partition.log.seal()
  if (!partition.deleted) partition.trim(partition.log.sealedTo)
}

/** What was seen of a partition that is not open, and when it has to be looked at again. */
export interface Seen {
  readonly settings: TopicSettings
  readonly againMs: number
}

/** Undefined: the partition is open now. */
export async function deleteOldUnopened(
  partitions: Partitions,
  topic: Topic,
  index: number,
  settings: TopicSettings,
  nowMs: number,
): Promise<Seen | undefined> {
  const segments = await partitions.peek(topic, index)
  if (segments !== undefined) {
    const left = kept(segments, settings, nowMs)
    const isWhole = left.kind === 'from' && left.offset <= (segments[0]?.baseOffset ?? 0)
    if (isWhole) return { settings, againMs: nextExpiryMs(segments, settings) }
  }
  const partition = await (partitions.open(topic, index) as Now<Partition> | undefined)
  if (partition !== undefined) await deleteOld(partition, settings, nowMs)
  return undefined
}
