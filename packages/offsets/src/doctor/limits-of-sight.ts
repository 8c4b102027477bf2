/** What could not be looked at is said, and not taken for sound. */
import type { Facts } from './facts.ts'
import type { Finding } from './finding.ts'

export function unreadableGroup({ groups }: Facts): Finding[] {
  return groups.flatMap(({ group, error, partitions }) => {
    const finding = { rule: 'unreadable', severity: 'error', group, topic: null, partition: null, command: null } as const
    const own: Finding[] = error === null ? [] : [{ ...finding, message: error.message }]
    const unread = partitions.filter((it) => it.error !== null && it.error.code !== 'UNKNOWN_TOPIC')
    return [...own, ...unread.map(({ topic, partition, error: why }) => ({ ...finding, topic, partition, message: why!.message }))]
  })
}

export function historyNotRead({ historyMissing }: Facts): Finding[] {
  if (historyMissing === null) return []
  const message = `what expires and what is stalled was not judged: ${historyMissing}`
  return [{ rule: 'history-not-read', severity: 'notice', group: null, topic: null, partition: null, message, command: null }]
}
