/** Committed offsets that the cluster is about to forget. */
import { counted } from '@tidemark/platform'
import { shellWord } from '@tidemark/platform/shell-word'
import { durationText } from '../plan/text.ts'
import type { Facts } from './facts.ts'
import type { Finding } from './finding.ts'

const DAY_MS = 86_400_000

/** Kafka forgets them `offsets.retention.minutes` after a group became empty (KIP-211). */
export function expiring({ nowMs, groups, offsetsRetentionMs }: Facts): Finding[] {
  return groups.flatMap(({ group, members, partitions, history }) => {
    const committed = partitions.filter((it) => it.committed !== null)
    if (members.length > 0 || history === undefined || committed.length === 0) return []
    // A group that only commits, and never had members, keeps each offset from its commit on.
    const sinceMs = Math.max(history.emptySinceMs ?? 0, Math.min(...history.committedAtMs.values()))
    const leftMs = sinceMs + offsetsRetentionMs - nowMs
    if (!Number.isFinite(sinceMs) || sinceMs === 0 || leftMs > DAY_MS) return []
    return [
      {
        rule: 'expiring',
        severity: 'warning',
        group,
        topic: null,
        partition: null,
        message: `the group has been empty for ${durationText(nowMs - sinceMs)}: its ${counted(committed.length, 'committed offset')} ${committed.length === 1 ? 'is' : 'are'} forgotten in ${durationText(Math.max(0, leftMs))}`,
        command: `tidemark offsets export ${shellWord(group)} > ${shellWord(`${group}.json`)}`,
      },
    ]
  })
}
