/** All rules of the doctor. Each is a pure function of the facts, in a file of its own or beside its neighbours. */
import { expiring } from './expiry.ts'
import type { Facts } from './facts.ts'
import type { Finding } from './finding.ts'
import { historyNotRead, unreadableGroup } from './limits-of-sight.ts'
import { metadataNearLimit } from './metadata.ts'
import { belowStart, beyondEnd, mirroredLiteral, rewritten } from './places.ts'
import { onlyMarkers, runsOut, stalled } from './progress.ts'
import { deletedTopic, unsubscribed, withoutCommit } from './topics.ts'
import { stuckTransaction } from './transactions.ts'

export const RULES: readonly ((facts: Facts) => readonly Finding[])[] = [
  unreadableGroup,
  beyondEnd,
  mirroredLiteral,
  rewritten,
  belowStart,
  deletedTopic,
  runsOut,
  stalled,
  stuckTransaction,
  expiring,
  unsubscribed,
  withoutCommit,
  metadataNearLimit,
  onlyMarkers,
  historyNotRead,
]

const SEVERITIES = ['error', 'warning', 'notice']

/** The worst first, then by group, topic and partition. */
export function judged(facts: Facts): Finding[] {
  const place = (it: Finding): string =>
    JSON.stringify([SEVERITIES.indexOf(it.severity), it.group, it.topic, String(it.partition ?? -1).padStart(10, '0')])
  return RULES.flatMap((rule) => rule(facts))
    .map((finding) => [place(finding), finding] as const)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([, finding]) => finding)
}
